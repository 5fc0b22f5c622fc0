"""A report on an experiment's results: the plug through which `common.course_report` is reached, and nothing else."""

from typing import NamedTuple


class Section(NamedTuple):
    """A section of the page.

    Attributes:
        name: its anchor on the page.
        short: its name in the page's navigation.
        heading: its heading.
        html: the markup below the heading.
        first: whether it stands before the results rather than behind the figures. Defaults to False.
    """

    name: str
    short: str
    heading: str
    html: str
    first: bool = False


class Report:
    """A report on an experiment; this one adds nothing. A subclass overrides the methods for which it has something to add.

    Example:

    ```python
    class Fastest(Report):
        def lines(self, results):
            best = results.tables["summary"]["epochs_to_target"].min()
            return [[f"The fastest run took {best:g} epochs."]]
    ```
    """

    def tables(self, results):
        """Further tables of the experiment, written as `<name>.csv`: `{name: DataFrame}`.

        Args:
            results: the `common.results.results.Results`, with the tables history, layers, summary, table, and the experiment's own.
        """
        return {}

    def figures(self, results):
        """Further figures of a dataset: a list of what `results.figure` returns; `results` is a `common.figures.draw.DatasetResults`, whose
        tables hold this report's own."""
        return []

    def files(self, results):
        """Further files, written beside the tables once the figures lie there: `{name: text}`; `results` have this report's tables."""
        return {}

    def sections(self, results):
        """Further `Section`s of the page, in order; the tables of `results` hold this report's own."""
        return []

    def lines(self, results):
        """Text printed behind the result tables: a list of blocks, each a list of lines at most 79 letters wide."""
        return []

    def control_questions(self):
        """Ids of the questions that have controls, list of str; --controls takes them."""
        return []

    def control_arms(self, dataset, questions):
        """The arms that controls on a dataset need, list of `{setting: value}`.

        Args:
            dataset: its name.
            questions: ids of the questions whose controls are meant; none stands for all.
        """
        return []

    def undecided(self, results):
        """Whether more seeds could decide what is not decided yet; `results` have this report's tables. False here: there are no claims."""
        return False

    def index_lines(self, folder):
        """Lines for the index of all pages, list of str, from the tables in the experiment's folder."""
        return []


NO_REPORT = Report()
