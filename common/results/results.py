"""The results of a call: tables and the cells that they are of."""

from dataclasses import dataclass, replace
from pathlib import Path

from common.experiment import Experiment


@dataclass(frozen=True)
class Results:
    """The results of a call.

    Attributes:
        experiment: the Experiment.
        cells: the cells that are done, list of `Cell`.
        tables: `{name: DataFrame}`, as on disk.
        measures: `{column: Measure}`, of the tables' columns.
        root: the output folder.
        data: `{dataset: Data}`, whose arrays are loaded when they are first used.
    """

    experiment: Experiment
    cells: list
    tables: dict
    measures: dict
    root: Path
    data: dict

    @property
    def folder(self):
        """The experiment's folder."""
        return Path(self.root) / self.experiment.name

    @property
    def datasets(self):
        """Names of the datasets, in order."""
        return list(dict.fromkeys(cell.dataset for cell in self.cells))

    def of(self, dataset):
        """The results on one dataset: its cells, and of each table its rows."""
        tables = {name: table[table["dataset"] == dataset] for name, table in self.tables.items()}
        return replace(self, tables=tables, cells=[cell for cell in self.cells if cell.dataset == dataset])
