"""The way from an experiment's tables to its figures on disk."""

import contextlib
import gc
import hashlib
import importlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
import pandas as pd

from common import figures
from common.data import label
from common.errors import first_line
from common.experiment import formatting
from common.figures import processes
from common.figures.drawing import STYLE
from common.figures.panels import Panel, as_is
from common.figures.saved import SavedFigure, is_saved_figure, png_of, save, saved, svg_of, svg_path
from common.lazy import LazyModule
from common.results.text import describe_settings
from common.signals import signals_put_off
from common.stats import test_sample_variance

matplotlib = LazyModule("matplotlib")

FIGURES_PER_PROCESS = 4  # drawn in the time that a process takes to start


class PlannedFigure(NamedTuple):
    """A figure that is to be drawn, in any process.

    Attributes:
        draw: function without arguments that returns a `Drawing`.
        title: heading of the figure.
        note: its footer.
        path: path of the PNG; the SVG lies beside it.
        origin: a digest of all that it is made of. Defaults to None, not known.
    """

    draw: Callable
    title: str
    note: str
    path: Path
    origin: str | None = None


class MissingFigure(NamedTuple):
    """A figure, or several, that cannot be drawn.

    Attributes:
        name: the file name of the PNG, or words for those that could not even be planned.
        why: the error, in a line.
    """

    name: str
    why: str


class DatasetResults:
    """The results on one dataset, from which an experiment's `draw` makes its figures.

    Args:
        results: the `Results` of all datasets.
        dataset: name of the dataset.

    Attributes:
        experiment, measures, cells, tables: as those of `Results`, for this dataset.
        note: one line on how the cells were trained.
        arm_columns: names of the columns that tell arms apart.
    """

    def __init__(self, results, dataset):
        self.dataset = dataset
        self._results = results = results.of(dataset)
        self.experiment, self.cells, self.tables = results.experiment, results.cells, results.tables
        self.measures = results.measures_on(dataset)
        self.arm_columns = results.experiment.arm_columns
        self.note = describe_settings(results.experiment, results.cells[0])

    def on_control_seeds(self):
        """These results on the seeds of the arms that controls need, which may be fewer; a figure of both has the same seeds of all. Its
        note names the settings that all arms share."""
        of_controls = [cell for cell in self._results.control_cells if cell.dataset == self.dataset]
        if not of_controls:
            return self
        seeds, settings = of_controls[0].seeds, self.cells[0].settings
        shared = {name: value for name, value in settings.items() if all(cell.get(name) == value for cell in of_controls)}
        tables = {name: table[table["seed"].isin(seeds)] if "seed" in table else table for name, table in self.tables.items()}
        results = DatasetResults(replace(self._results, tables=tables), self.dataset)
        results.note = describe_settings(self.experiment, replace(self.cells[0], seeds=seeds, settings=shared))
        return results

    def test_samples(self, cell):
        """The test samples of a cell's first run, `(x, y)`, loaded where a figure shows them."""
        return self._results.data[self.dataset].samples.of(cell.seeds_of("data")[0])[1]

    def panel(self, name, label=None, prepare=as_is):
        """The `Panel` of a measure.

        Args:
            name: of the measure.
            label: of the y axis. Defaults to None, the measure's own.
            prepare: see `Panel`. Defaults to `as_is`.
        """
        return Panel.of(self.measures[name], label, prepare)

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
        return self._results.arrays(name, cell)

    def rows(self, name, cell, **wanted):
        """The rows of a table that belong to a cell; `column=values` keeps those with one of the values in that column."""
        table = self.tables[name]
        chosen = [table[column] == cell[column] for column in self.arm_columns]
        chosen += [table[column].isin(values) for column, values in wanted.items()]
        return table[np.logical_and.reduce(chosen)]

    def test_variances(self, column, values):
        """The variance of differences of the final test accuracy, between two values of a column, that comes from the test samples which
        all seeds share: `{values of the other arm columns: float}`, without arms of which it is not known."""
        correct, found = self._results.correct(self.dataset), {}
        for cell in self.cells:
            arm = {name: cell[name] for name in self.arm_columns}
            right = [correct({**arm, column: value}, list(cell.seeds)) for value in values] if correct else [None]
            if all(of_arm is not None for of_arm in right):
                found[tuple(value for name, value in arm.items() if name != column)] = test_sample_variance(*right)
        return found

    def activations(self, arms, layers, title=""):
        """Describe the figures of the outputs of layers, `activations_<dataset>_<layer>.png`.

        Args:
            arms: list of `(label, cell)`.
            layers: names of the layers.
            title: words that follow the dataset's name in the heading. Defaults to none.

        Returns:
            List of `PlannedFigure`.
        """
        arrays = [(label, self.arrays("histograms", cell)) for label, cell in arms]
        planned = []
        for layer in layers:
            of_layer = ("epochs", *(f"activation/{layer}/{kind}" for kind in ("counts", "edges")))
            content = [(label, {name: of_arm[name] for name in of_layer}) for label, of_arm in arrays]
            heading = f"{title}: outputs of layer {layer}"
            planned.append(self.figure(figures.activations_figure, "activations", content, layer, title=heading, ending=f"_{layer}"))
        return planned

    def cells_by(self, settings):
        """Yield `(settings in words, ending for file names, cells)` for each group of cells that share these settings."""
        groups = {}
        for cell in self.cells:
            groups.setdefault(tuple(map(cell.__getitem__, settings)), []).append(cell)
        for values, cells in groups.items():
            words = [formatting.setting(name, value) for name, value in zip(settings, values, strict=True)]
            yield "".join(f", {word}" for word in words), "".join(f"_{word.replace(' ', '-').lower()}" for word in words), cells


def draw(results, making=None, log=print):
    """Draw all figures of an experiment in parallel, but those that lie there as they would be drawn, and remove those of earlier calls
    that no longer belong to the tables. One that cannot be drawn costs no other.

    Args:
        results: the `Results`.
        making: the origin of all that is made, see `common.results.origin`. Defaults to None, not known: all are drawn.
        log: function that takes one line for the user, on each figure that is missing. Defaults to `print`.

    Returns:
        `{dataset: list of SavedFigure and MissingFigure}`.

    Raises:
        OSError: if a figure cannot be written.
    """
    with signals_put_off(), contextlib.suppress(Exception):  # where it cannot be imported, each figure says so
        importlib.import_module("matplotlib.figure")
    planned = [(dataset, figure) for dataset in results.datasets for figure in _plan(DatasetResults(results, dataset), making)]
    waiting = [figure for _, figure in planned if isinstance(figure, PlannedFigure)]
    done = {figure.path: kept for figure in waiting if (kept := saved(figure.path, figure.origin))}
    done |= _drawn([figure for figure in waiting if figure.path not in done])
    there = {}
    for dataset, figure in planned:
        there.setdefault(dataset, []).append(done[figure.path] if isinstance(figure, PlannedFigure) else figure)
    missing = [figure for of_dataset in there.values() for figure in of_dataset if isinstance(figure, MissingFigure)]
    for figure in missing:
        log(f"{figure.name} cannot be drawn ({figure.why}); the same command tries it again")
    paths = [path for path, figure in done.items() if isinstance(figure, SavedFigure)]
    names = {each.name for path in paths for each in (path, svg_path(path))}
    for old in (*results.folder.glob("*.png"), *results.folder.glob("*.svg")):
        with contextlib.suppress(OSError):  # whatever else bears such a name is not ours
            if old.name not in names and is_saved_figure(old):
                old.unlink()
    return there


def _plan(results, making):
    """The `PlannedFigure`s of one dataset: the experiment's, that of all experiments, then its report's; a `MissingFigure` in place of
    those of one that fail."""
    planned = []
    plans = (("experiment", results.experiment.draw), ("spread", _spread), ("report", results.experiment.report.figures))
    for whose, plan in plans:
        try:
            planned += [figure._replace(origin=_origin(figure, making)) for figure in plan(results)]
        except (Exception, SystemExit) as error:  # whatever it is, tables and page are worth more
            planned.append(MissingFigure(f"each figure of the {whose} on {label(results.dataset)}", _in_words(error)))
    return planned


def _spread(results):
    spread = results.tables["spread"]
    if spread["source"].nunique() < 2:
        return []
    title = ": the spread of the accuracy, by what varies"
    return [results.figure(figures.spread_figure, "spread", spread, results.arm_columns, title=title)]


def _origin(figure, making):
    """A digest of all that a figure is made of; None if that is not known."""
    if making is None:
        return None
    try:
        content = joblib.hash(_with_hashed_tables(figure[:3]))  # data and words; not the folder, which may have another name elsewhere
    except Exception:  # data that cannot be pickled
        return None
    return hashlib.sha256(f"{making} {content}".encode()).hexdigest()


def _with_hashed_tables(value):
    """The value with a hash of each row in place of every table in it: joblib would pickle columns of text one by one."""
    if isinstance(value, pd.DataFrame):
        return [*value.columns], [str(kind) for kind in value.dtypes], pd.util.hash_pandas_object(value, index=False).to_numpy()
    if isinstance(value, partial):
        return value.func, _with_hashed_tables(value.args), _with_hashed_tables(value.keywords)
    if isinstance(value, dict):
        return {name: _with_hashed_tables(one) for name, one in value.items()}
    return [_with_hashed_tables(one) for one in value] if isinstance(value, list | tuple) else value


def _drawn(figures):
    """`{path: SavedFigure or MissingFigure}` of the `PlannedFigure`s."""
    number = min(joblib.cpu_count(), -(-len(figures) // FIGURES_PER_PROCESS))
    results = processes.results(_draw, figures, number)
    return {
        figure.path: MissingFigure(figure.path.name, _in_words(result)) if isinstance(result, Exception) else result
        for figure, result in zip(figures, results, strict=True)
    }


def _draw(figure):
    """The `SavedFigure` of a `PlannedFigure`, or the `MissingFigure`; in any process."""
    gc.disable()  # a figure is many thousand objects, all in use until it is drawn: looking for garbage takes a tenth of the time
    try:
        with matplotlib.rc_context():
            matplotlib.rc_file_defaults()  # which other processes have too, whatever a notebook has set in this one
            matplotlib.rcParams.update(STYLE)
            drawing = figure.draw()
            png, svg = png_of(drawing, figure.title, figure.note), svg_of(drawing.figure)
    except (Exception, SystemExit) as error:
        return MissingFigure(figure.path.name, _in_words(error))
    finally:
        gc.enable()
    drawn = SavedFigure(figure.path.name, figure.title, drawing.shows, drawing.finding)
    save(png, svg, drawn, figure.path, figure.origin)
    return drawn


def _in_words(error):
    return f"{type(error).__name__}: {first_line(error)}"
