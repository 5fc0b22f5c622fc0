"""The way from an experiment's tables to its figures on disk."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np

from common.experiment import Experiment
from common.experiment.names import display, display_arm
from common.figures.saved import is_saved_figure, save
from common.results.text import describe_settings
from common.signals import without_sigint
from common.store import cells as cells_on_disk

FIGURES_PER_PROCESS = 4  # drawn in the time that a process takes to start


class PlannedFigure(NamedTuple):
    """A figure that is to be drawn, in any process.

    Attributes:
        draw: function without arguments that returns a `Drawing`.
        title: heading of the figure.
        note: its footer.
        path: path of the PNG.
    """

    draw: Callable
    title: str
    note: str
    path: Path


@dataclass(frozen=True)
class DatasetResults:
    """The results on one dataset, from which an experiment's `draw` makes its figures.

    Attributes:
        experiment: the `Experiment`.
        dataset: name of the dataset.
        tables: `{name: DataFrame}`, the dataset's rows of each table on disk.
        cells: the dataset's `Cell`s.
        note: one line on how they were trained.
        root: the output folder.
    """

    experiment: Experiment
    dataset: str
    tables: dict
    cells: list
    note: str
    root: Path

    @property
    def arm_columns(self):
        """Names of the columns that tell arms apart, a tuple."""
        return self.experiment.arm_columns

    def figure(self, function, kind, *content, title, ending="", **options):
        """Describe a figure of the dataset, which is drawn later.

        Args:
            function: a drawing function, such as `common.figures.curves_figure`.
            kind: first word of the file name, `<kind>_<dataset><ending>.png`.
            *content: arguments of the function.
            title: words that follow the dataset's name in the heading.
            ending: last part of the file name. Defaults to none.
            **options: keyword arguments of the function.

        Returns:
            A `PlannedFigure`.

        Example:

        ```python
        results.figure(figures.curves_figure, "curves", results.tables["history"], styles, panels, title=": the losses")
        ```
        """
        path = Path(self.root) / self.experiment.name / f"{kind}_{self.dataset}{ending}.png"
        return PlannedFigure(partial(function, *content, **options), f"{display(self.dataset)}{title}", self.note, path)

    def label(self, cell, *settings):
        """Name of a cell's arm in figures, made of these settings. Defaults to all arm columns."""
        names = settings or self.arm_columns
        return display_arm(names, map(cell.setting, names))

    def arrays(self, name, cell):
        """The arrays of a cell's `<name>.npz`, as `{name: array}`."""
        return cells_on_disk.read_arrays(cell, self.root, name)

    def rows(self, name, cell, **wanted):
        """The rows of a table that belong to a cell; `column=values` keeps those with one of the values in that column."""
        table = self.tables[name]
        chosen = [table[column] == cell.setting(column) for column in self.arm_columns]
        chosen += [table[column].isin(values) for column, values in wanted.items()]
        return table[np.logical_and.reduce(chosen)]

    def cells_by(self, settings):
        """Yield `(settings in words, ending for file names, cells)` for each group of cells that share these settings."""
        groups = {}
        for cell in self.cells:
            groups.setdefault(tuple(map(cell.setting, settings)), []).append(cell)
        for values, cells in groups.items():
            words = "".join(f", {_words(name, value)}" for name, value in zip(settings, values, strict=True))
            yield words, "".join(f"_{_ending(name, value)}" for name, value in zip(settings, values, strict=True)), cells


def draw(experiment, tables, cells, root):
    """Draw all figures of an experiment in parallel, and remove those of earlier calls that no longer belong to the tables.

    Args:
        experiment: the `Experiment`.
        tables: `{name: DataFrame}`, the tables on disk.
        cells: the `Cell`s that they are of.
        root: the output folder.

    Returns:
        `{dataset: list of SavedFigures}`.
    """
    planned = [
        (dataset, figure)
        for dataset in dict.fromkeys(cell.dataset for cell in cells)
        for figure in _plan(experiment, dataset, tables, cells, root)
    ]
    processes = min(joblib.cpu_count(), -(-len(planned) // FIGURES_PER_PROCESS))
    with without_sigint():
        drawing = joblib.Parallel(processes, batch_size=1, return_as="generator")(joblib.delayed(_draw)(figure) for _, figure in planned)
    figures = {}
    with closing(drawing):
        for (dataset, _), figure in zip(planned, drawing, strict=True):
            figures.setdefault(dataset, []).append(figure)
    drawn = {figure.path.name for _, figure in planned}
    for old in (Path(root) / experiment.name).glob("*.png"):
        if old.name not in drawn and is_saved_figure(old):
            old.unlink()
    return figures


def _plan(experiment, dataset, tables, cells, root):
    """The `PlannedFigure`s of one dataset: the experiment's, then its report's."""
    tables = {name: table[table["dataset"] == dataset] for name, table in tables.items()}
    cells = [cell for cell in cells if cell.dataset == dataset]
    results = DatasetResults(experiment, dataset, tables, cells, describe_settings(experiment, cells[0]), root)
    return [*experiment.draw(results), *experiment.report.figures(results)]


def _draw(figure):
    return save(figure.draw(), figure.title, figure.note, figure.path)


def _ending(setting, value):
    return _words(setting, value).replace(" ", "-") if setting in ("batch_norm", "dropout") else value


def _words(setting, value):
    words = display(value, setting)
    return words if setting in words.replace(" ", "_") else f"{display(setting)} {words}"
