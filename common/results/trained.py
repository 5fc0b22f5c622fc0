"""The cells that a call has trained, or found trained."""

from dataclasses import dataclass
from pathlib import Path

from common.experiment import Experiment
from common.seeds import ALL
from common.store.stacks import Stacks


@dataclass(frozen=True)
class Trained:
    """The cells of a call, all done.

    Attributes:
        experiment: the `Experiment`.
        stacks: the `Stacks` of the cells.
        root: the output folder.
        data: `{dataset: Data}`, whose samples are loaded when they are first used.
        looks: the number of looks at the results that the call may take; each is the stricter for it. Defaults to 1.
        source: the source of randomness whose results are shown. Defaults to `"all"`.
        controls: names of the cells that only controls need, a frozenset. Defaults to none.
    """

    experiment: Experiment
    stacks: Stacks
    root: Path
    data: dict
    looks: int = 1
    source: str = ALL
    controls: frozenset = frozenset()

    @property
    def folder(self):
        """The experiment's folder."""
        return Path(self.root) / self.experiment.name

    @property
    def cells(self):
        """The cells whose results are shown, list of `Cell`."""
        return [cell for cell in self.stacks.cells if cell.vary == self.source and cell.name not in self.controls]

    @property
    def control_cells(self):
        """The cells that only controls need, list of `Cell`."""
        return [cell for cell in self.stacks.cells if cell.name in self.controls]
