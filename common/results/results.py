"""The results of a call: tables and the cells that they are of."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from common.data import DATASETS
from common.experiment import Experiment
from common.results import parts
from common.store.stacks import Stacks


@dataclass(frozen=True)
class Results:
    """The results of a call.

    Attributes:
        experiment: the Experiment.
        cells: the cells that are done, list of `Cell`.
        tables: `{name: DataFrame}`, as on disk.
        measures: `{column: Measure}`, of the tables' columns.
        root: the output folder.
        data: `{dataset: Data}`, whose samples are loaded when they are first used.
        stacks: the `Stacks` of the cells. Defaults to None: each is one stack.
        looks: the number of looks at the results that the call may take. Defaults to 1.
        control_cells: the cells that only controls need, list of `Cell`. Defaults to none.
    """

    experiment: Experiment
    cells: list
    tables: dict
    measures: dict
    root: Path
    data: dict
    stacks: Stacks | None = None
    looks: int = 1
    control_cells: list = field(default_factory=list)

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
        of_dataset = ([cell for cell in some if cell.dataset == dataset] for some in (self.cells, self.control_cells))
        return replace(self, tables=tables, **dict(zip(("cells", "control_cells"), of_dataset, strict=True)))

    @property
    def all_stacks(self):
        """The stacks of all cells, of all sources of randomness, list of `Cell`."""
        return self.cells if self.stacks is None else self.stacks.all

    def correction(self, dataset):
        """The correction of a dataset's intervals for the samples that its runs share, see `common.stats`: n_test / n_train where each
        seed draws its own split."""
        return correction(next(cell for cell in self.cells if cell.dataset == dataset))

    def measures_on(self, dataset):
        """`{column: Measure}`, with what a dataset's intervals need."""
        chance = 1 / DATASETS[dataset].num_classes
        return {name: measure.on(self.correction(dataset), chance) for name, measure in self.measures.items()}

    def arrays(self, name, cell):
        """The arrays of a monitor in a cell's `<name>.npz`, as `{name: array}`, of all its seeds in order."""
        return parts.arrays(name, cell, self._stacks(cell), self.root)

    def correct(self, dataset):
        """A function of `(settings, seeds)` that returns which of the test samples each final network of an arm classified rightly, bool
        `(seeds, samples)`; None where its seeds have test samples of their own.

        Args:
            dataset: its name.
        """
        cells = [cell for cell in self.cells if cell.dataset == dataset]

        def of_arm(settings, seeds):
            chosen = [cell for cell in cells if all(cell[name] == value for name, value in settings.items())]
            if len(chosen) != 1:
                return None
            right = parts.correct(chosen[0], self._stacks(chosen[0]), self.root)
            return None if right is None else right[[chosen[0].seeds.index(seed) for seed in seeds]]

        return of_arm

    def _stacks(self, cell):
        return [(cell, list(cell.seeds))] if self.stacks is None else self.stacks.seeds_of(cell)


def correction(cell):
    """See `Results.correction`; of a cell."""
    return DATASETS[cell.dataset].correction if cell.vary in ("all", "data") else 0.0
