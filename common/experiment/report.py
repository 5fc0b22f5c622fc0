"""A report on an experiment's results: the plug through which `common.course_report` is reached, and nothing else."""

from typing import NamedTuple


class Section(NamedTuple):
    """A section of the page.

    Attributes:
        name: its anchor on the page.
        short: its name in the page's navigation.
        heading: its heading.
        html: the markup below the heading.
        first: whether it stands before the curves rather than behind the figures. Defaults to False.
    """

    name: str
    short: str
    heading: str
    html: str
    first: bool = False


class Finding(NamedTuple):
    """A part of the answer at the head of the page.

    Attributes:
        asks: the question that it answers, with yes or no; or none.
        word: the answer's word.
        sentence: what was seen, with its numbers.
        source: what it rests on, in words.
        anchor: of what it rests on, on the page.
    """

    asks: str
    word: str
    sentence: str
    source: str
    anchor: str


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

    key_figures = ()  # names without their end, in which {dataset} stands for the dataset: the first that was drawn is at the page's head

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

    def figure_groups(self, results):
        """The figures that belong together on the page, `{dataset: list of (heading, list of file names)}`; the tables of `results` hold
        this report's own. A figure stands in the first group that names it, and what is in none stands behind all."""
        return {}

    def findings(self, results):
        """The answer at the head of the page, at most three `Finding`s, list; the tables of `results` hold this report's own."""
        return []

    def sections(self, results, figures):
        """Further `Section`s of the page, in order.

        Args:
            results: the `Results`, whose tables hold this report's own.
            figures: the figures of the page, `{file name: Picture}`.
        """
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

    def index_highlights(self, folder):
        """Sentences for the head of the index of all pages, list of dicts, from the tables in the experiment's folder: each has `sentence`,
        `datasets`, pairs of a name and numbers in words, and `figure`, the path of a PNG, or None."""
        return []

    def index_lines(self, folder):
        """Lines for the index of all pages, list of str, from the tables in the experiment's folder."""
        return []


NO_REPORT = Report()
