"""The stacks of seeds that make up a cell: those that are on disk, and those that are still to be trained."""

import json
from dataclasses import replace

from common.errors import BadInput
from common.seeds import HASHED, VARIED, name_of_seeds, seeds_in_name
from common.store.layout import checkpoint_path


class Stacks:
    """The stacks of several cells.

    Args:
        cells: list of `Cell`.
        of: `{id of a cell: its stacks}`.

    Attributes:
        cells: as given.
        all: list of the stacks, `Cell`s that differ from theirs in their seeds alone.

    Example:

    ```python
    stacks = Stacks.to_train(cells, "plots")
    sweep.run(stacks.all, EXPERIMENT, data, "plots")
    ```
    """

    def __init__(self, cells, of):
        self.cells, self._of = cells, of

    @classmethod
    def to_train(cls, cells, root, fresh=False, since=0):
        """Those that have all seeds of the cells; arguments as of `stacks_of`, also by default."""
        return cls(cells, {cell.id: stacks_of(cell, root, fresh, since) for cell in cells})

    @property
    def all(self):
        return [stack for cell in self.cells for stack in self._of[cell.id]]

    def of(self, cell):
        """The stacks of a cell, list. A seed in several of them is that of the first."""
        return self._of[cell.id]

    def seeds_of(self, cell):
        """The stacks of a cell with the seeds that are taken from each, list of `(Cell, list of seeds)`."""
        taken, left = [], list(cell.seeds)
        for stack in self.of(cell):
            here = [seed for seed in stack.seeds if seed in left]
            left = [seed for seed in left if seed not in here]
            taken.append((stack, here))
        return taken

    def without(self, undone):
        """The `Stacks` of the cells that need none of the stacks `undone`, a list of `Cell`."""
        ids = {stack.id for stack in undone}
        return Stacks([cell for cell in self.cells if ids.isdisjoint(stack.id for stack in self.of(cell))], self._of)


def stacks_of(cell, root, fresh=False, since=0):
    """The stacks that together have all seeds of a cell. No seed that is done is trained again: a stack on disk may have further seeds, and
    the rest are one new stack, but for those whose training has begun, which goes on.

    Args:
        cell: the Cell.
        root: the output folder.
        fresh: whether to train all again, whatever is on disk. Defaults to False.
        since: the time, in nanoseconds, since which stacks on disk must have been written to count. Defaults to 0.

    Returns:
        List of `Cell`, which differ from the cell in their seeds alone. A seed in several of them is that of the first.

    Raises:
        BadInput: if a stack on disk does not say which seeds it has.
    """
    missing, stacks = list(cell.seeds), []
    on_disk, begun = ([], []) if fresh else (_on_disk(cell, root, since), _begun(cell, root))
    for seeds in [*on_disk, *begun]:
        here = set(seeds).intersection(missing)
        if here and (len(here) == len(seeds) or seeds in on_disk):
            stacks.append(replace(cell, seeds=seeds))
            missing = [seed for seed in missing if seed not in here]
    return [*stacks, *([replace(cell, seeds=tuple(missing))] if missing else [])]


def _on_disk(cell, root, since):
    """The seeds of each stack on disk, the one that was written last first. A copy under another name is none."""
    found = []
    for path in sorted(cell.folder(root).parent.glob("seeds-*/cell.json")):
        try:
            record = json.loads(path.read_bytes())
            seeds, written = tuple(map(int, record["seeds"])), int(record["written"])
        except FileNotFoundError:  # it is being replaced
            continue
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            seeds, written = seeds_in_name(path.parent.name), since  # what is wrong with it tells whoever needs it
        is_its_name = seeds is not None and name_of_seeds(seeds) == path.parent.name
        if not is_its_name and path.parent.name.endswith(HASHED):
            raise BadInput(f"{path.parent}: cell.json was altered; delete this folder or use --fresh to train it again")
        if is_its_name and written >= since:
            found.append((-written, path, seeds))
    return [seeds for *_, seeds in sorted(found)]


def _begun(cell, root):
    """The seeds of each training whose state is on disk."""
    states = sorted(checkpoint_path(cell, root).parent.glob("seeds-*.npz"))
    return [seeds for path in states if (seeds := seeds_in_name(path.stem))]


def other_sources(cells, root):
    """The number of cells on disk that differ from these in what varies from seed to seed, and are not among them."""
    wanted = {cell.name for cell in cells}
    others = {replace(cell, vary=source).folder(root).parent for cell in cells for source in VARIED}
    return sum(folder.name not in wanted and folder.is_dir() for folder in others)
