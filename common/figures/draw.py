"""From the experiment's tables to its figures."""

from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import joblib
import numpy as np

from common.experiment import Experiment
from common.experiment.names import display, display_arm
from common.figures.sheet import is_sheet
from common.results.text import describe_settings
from common.signals import without_sigint
from common.store import cells as cells_on_disk

FIGURES_PER_PROCESS = 4  # drawn in the time that a process takes to start


@dataclass(frozen=True)
class DatasetResults:
    """What the figures of one dataset are drawn from.

    Attributes:
        experiment: the Experiment.
        dataset: its name.
        tables: `{name: DataFrame}`, of each table on disk the dataset's rows.
        cells: the dataset's cells.
        note: one line on how they were trained.
        root: the output folder.
    """

    experiment: Experiment
    dataset: str
    tables: dict
    cells: list
    note: str
    root: Path

    def sheet(self, function, kind, *content, title, ending="", **options):
        """A figure to draw by one of the functions of `common.figures`, called `<kind>_<dataset><ending>.png`: a function without
        arguments, which returns what that returns."""
        path = Path(self.root) / self.experiment.name / f"{kind}_{self.dataset}{ending}.png"
        return partial(function, *content, f"{display(self.dataset)}{title}", self.note, path, **options)

    @property
    def others(self):
        """The arm columns but the first."""
        return self.experiment.arm_columns[1:]

    def label(self, cell, *settings):
        """How a cell's arm is named in figures: by these settings, or by all columns of the arm."""
        names = settings or self.experiment.arm_columns
        return display_arm(names, map(cell.setting, names))

    def arrays(self, name, cell):
        """The arrays of a cell's `<name>.npz`, as `{name: array}`."""
        return cells_on_disk.read_arrays(cell, self.root, name)

    def rows(self, name, cell, **wanted):
        """The rows of a table that belong to a cell, and in which the columns named have one of the values wanted."""
        table = self.tables[name]
        chosen = [table[column] == cell.setting(column) for column in self.experiment.arm_columns]
        chosen += [table[column].isin(values) for column, values in wanted.items()]
        return table[np.logical_and.reduce(chosen)]

    def cells_by(self, settings):
        """The cells in groups that share these settings: `(the settings in words, an ending for file names, cells)`."""
        groups = {}
        for cell in self.cells:
            groups.setdefault(tuple(map(cell.setting, settings)), []).append(cell)
        for values, cells in groups.items():
            words = "".join(f", {_words(name, value)}" for name, value in zip(settings, values, strict=True))
            yield words, "".join(f"_{_ending(name, value)}" for name, value in zip(settings, values, strict=True)), cells


def draw(experiment, tables, cells, root):
    """Draw the figures; those of earlier calls, which no longer belong to the tables, are removed.

    Returns:
        `{dataset: list of Sheets}`.
    """
    folder = Path(root) / experiment.name
    jobs = []
    for dataset in dict.fromkeys(cell.dataset for cell in cells):
        jobs += [(dataset, job) for job in _sheets(experiment, dataset, tables, cells, root)]
    processes = min(joblib.cpu_count(), -(-len(jobs) // FIGURES_PER_PROCESS))
    with without_sigint():
        drawing = joblib.Parallel(processes, batch_size=1, return_as="generator")(joblib.delayed(job)() for _, job in jobs)
    figures = {}
    with closing(drawing):
        for (dataset, _), sheet in zip(jobs, drawing, strict=True):
            figures.setdefault(dataset, []).append(sheet)
    drawn = {sheet.name for sheets in figures.values() for sheet in sheets}
    for old in folder.glob("*.png"):
        if old.name not in drawn and is_sheet(old):
            old.unlink()
    return figures


def _sheets(experiment, dataset, tables, cells, root):
    """The figures of one dataset to draw: functions without arguments."""
    of_dataset = {name: table[table["dataset"] == dataset] for name, table in tables.items()}
    cells = [cell for cell in cells if cell.dataset == dataset]
    results = DatasetResults(experiment, dataset, of_dataset, cells, describe_settings(experiment, cells[0]), root)
    return [*experiment.draw(results), *experiment.report.figures(results)]


def _ending(setting, value):
    return _words(setting, value).replace(" ", "-") if setting in ("batch_norm", "dropout") else value


def _words(setting, value):
    words = display(value, setting)
    return words if setting in words.replace(" ", "_") else f"{display(setting)} {words}"
