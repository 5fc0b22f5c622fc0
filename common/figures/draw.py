"""The way from an experiment's tables to its figures on disk."""

from collections.abc import Callable
from contextlib import closing
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np

from common.data import label
from common.experiment import formatting
from common.figures.panels import Panel, as_is
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


class DatasetResults:
    """The results on one dataset, from which an experiment's `draw` makes its figures.

    Args:
        results: the `Results` of all datasets.
        dataset: name of the dataset.

    Attributes:
        experiment, measures, cells, tables: as those of `Results`, for this dataset.
        data: its arrays, `(x_train, y_train), (x_test, y_test)`, loaded when they are first used.
        note: one line on how the cells were trained.
        arm_columns: names of the columns that tell arms apart.
    """

    def __init__(self, results, dataset):
        self.dataset = dataset
        self._results = results = results.of(dataset)
        self.experiment, self.measures, self.cells, self.tables = results.experiment, results.measures, results.cells, results.tables
        self.arm_columns = results.experiment.arm_columns
        self.note = describe_settings(results.experiment, results.cells[0])

    @cached_property
    def data(self):
        """The dataset's arrays, loaded where a figure shows them."""
        return self._results.data[self.dataset].arrays

    def panel(self, name, label=None, prepare=as_is):
        """The `Panel` of a measure.

        Args:
            name: of the measure.
            label: of the y axis. Defaults to None, the measure's own.
            prepare: see `Panel`. Defaults to `as_is`.
        """
        return Panel(name, label or self.measures[name].label, self.measures[name].scale, prepare)

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
        path = self._results.folder / f"{kind}_{self.dataset}{ending}.png"
        return PlannedFigure(partial(function, *content, **options), f"{label(self.dataset)}{title}", self.note, path)

    def label(self, cell, *settings):
        """Name of a cell's arm in figures, made of these settings. Defaults to all arm columns."""
        names = settings or self.arm_columns
        return formatting.arm(names, map(cell.__getitem__, names))

    def arrays(self, name, cell):
        """The arrays of a cell's `<name>.npz`, as `{name: array}`."""
        return cells_on_disk.read_arrays(cell, self._results.root, name)

    def rows(self, name, cell, **wanted):
        """The rows of a table that belong to a cell; `column=values` keeps those with one of the values in that column."""
        table = self.tables[name]
        chosen = [table[column] == cell[column] for column in self.arm_columns]
        chosen += [table[column].isin(values) for column, values in wanted.items()]
        return table[np.logical_and.reduce(chosen)]

    def cells_by(self, settings):
        """Yield `(settings in words, ending for file names, cells)` for each group of cells that share these settings."""
        groups = {}
        for cell in self.cells:
            groups.setdefault(tuple(map(cell.__getitem__, settings)), []).append(cell)
        for values, cells in groups.items():
            words = [formatting.setting(name, value) for name, value in zip(settings, values, strict=True)]
            yield "".join(f", {word}" for word in words), "".join(f"_{word.replace(' ', '-').lower()}" for word in words), cells


def draw(results):
    """Draw all figures of an experiment in parallel, and remove those of earlier calls that no longer belong to the tables.

    Args:
        results: the `Results`.

    Returns:
        `{dataset: list of SavedFigures}`.
    """
    planned = [(dataset, figure) for dataset in results.datasets for figure in _plan(DatasetResults(results, dataset))]
    processes = min(joblib.cpu_count(), -(-len(planned) // FIGURES_PER_PROCESS))
    with without_sigint():
        drawing = joblib.Parallel(processes, batch_size=1, return_as="generator")(joblib.delayed(_draw)(figure) for _, figure in planned)
    figures = {}
    with closing(drawing):
        for (dataset, _), figure in zip(planned, drawing, strict=True):
            figures.setdefault(dataset, []).append(figure)
    drawn = {figure.path.name for _, figure in planned}
    for old in results.folder.glob("*.png"):
        if old.name not in drawn and is_saved_figure(old):
            old.unlink()
    return figures


def _plan(results):
    """The `PlannedFigure`s of one dataset: the experiment's, then its report's."""
    return [*results.experiment.draw(results), *results.experiment.report.figures(results)]


def _draw(figure):
    return save(figure.draw(), figure.title, figure.note, figure.path)
