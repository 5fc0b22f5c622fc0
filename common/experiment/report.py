"""What a report adds to an experiment's results: the plug through which `common.course_report` is reached, and nothing else."""

from typing import NamedTuple


class Section(NamedTuple):
    """A section of the page.

    Attributes:
        name: its anchor on the page.
        short: how the page's navigation calls it.
        heading: its heading.
        html: what follows the heading, as markup.
        first: whether it stands before the results rather than behind the figures.
    """

    name: str
    short: str
    heading: str
    html: str
    first: bool = False


class Report:
    """A report on an experiment; this one adds nothing. A subclass overrides what it has something for.

    Example:

    ```python
    class Fastest(Report):
        def lines(self, tables):
            best = tables["summary"]["epochs_to_target"].min()
            return [[f"The fastest run took {best:g} epochs."]]
    ```
    """

    def tables(self, experiment, cells, tables):
        """Further tables of the experiment, written as `<name>.csv`.

        Args:
            experiment: the `Experiment`.
            cells: the cells that were asked for, list of `Cell`.
            tables: `{name: DataFrame}`, what there is: history, layers, summary, table, and the experiment's own.

        Returns:
            `{name: DataFrame}`.
        """
        return {}

    def figures(self, results):
        """Further figures of a dataset: a list of what `results.figure` returns; `results` is a `common.figures.draw.DatasetResults`, whose
        tables hold this report's own."""
        return []

    def sections(self, tables):
        """Further `Section`s of the page, in order; `tables` are all tables, this report's own too."""
        return []

    def lines(self, tables):
        """What is printed behind the result tables: a list of blocks, each a list of lines at most 79 letters wide."""
        return []


NO_REPORT = Report()
