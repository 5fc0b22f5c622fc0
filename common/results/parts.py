"""A cell's tables and arrays, put together from its stacks of seeds."""

import numpy as np
import pandas as pd

from common.lazy import LazyModule
from common.store import cells as cells_on_disk

kerascope = LazyModule("kerascope")


def tables(cell, stacks, root):
    """The tables of a cell.

    Args:
        cell: the `Cell`.
        stacks: list of `(stack, seeds that are taken from it)`, see `common.store.stacks.Stacks`.
        root: the output folder.

    Returns:
        `(tables, records)`: `{name: DataFrame}` of all its seeds, in their order; and the `cell.json` of each stack.
    """
    found, records = [], []
    for stack, seeds in stacks:
        records.append(cells_on_disk.read_record(stack, root))
        of_stack = cells_on_disk.read_tables(stack, root, records[-1])
        found.append({name: table[table["seed"].isin(seeds)] for name, table in of_stack.items()})
    if len(found) == 1 and list(stacks[0][0].seeds) == list(cell.seeds):
        return found[0], records
    order = {seed: place for place, seed in enumerate(cell.seeds)}
    joined = {name: pd.concat([part[name] for part in found]) for name in found[0]}
    return {name: table.sort_values("seed", key=lambda seeds: seeds.map(order), kind="stable") for name, table in joined.items()}, records


def correct(cell, stacks, root):
    """The test samples that each final network of a cell classifies rightly, bool `(seeds, samples)`, in the order of its seeds; None where
    runs have test samples of their own; arguments as those of `tables`."""
    rows = {}
    for stack, seeds in stacks:
        if not (stack.folder(root) / "correct.npz").exists():
            return None
        bits = cells_on_disk.read_arrays(stack, root, "correct")
        right = np.unpackbits(bits["correct"], axis=1, count=int(bits["samples"])).astype(bool)
        rows.update((seed, right[stack.seeds.index(seed)]) for seed in seeds)
    return np.stack([rows[seed] for seed in cell.seeds])


def arrays(name, cell, stacks, root):
    """The arrays of a monitor in a cell's `<name>.npz`, of all its seeds in their order; arguments as those of `tables`."""
    found = [cells_on_disk.read_arrays(stack, root, name) for stack, _ in stacks]
    if len(found) == 1 and stacks[0][0].seeds == cell.seeds:
        return found[0]
    seeds = [seed for stack, _ in stacks for seed in stack.seeds]
    # A seed in several stacks is that of the first.
    return kerascope.select_members(kerascope.join_arrays(found), [seeds.index(seed) for seed in cell.seeds])
