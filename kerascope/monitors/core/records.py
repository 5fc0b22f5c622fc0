"""The records of a monitor: each measurement with the names of what was measured, so that it means the same whatever becomes of the
model."""

import json
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

NAMES = {"model": [], "layer": ["layer"], "weight": ["layer", "weight"]}  # the columns that name a row, by scope


class Record(NamedTuple):
    """One measurement.

    Attributes:
        fit: number of the training, from 1.
        epoch: number of completed epochs; with steps, the epoch under way, from 1.
        step: number of completed steps of this training, or None if measurements are at the end of epochs.
        seeds: seeds of the members, or None for an ordinary model.
        names: `{scope: tuples of names, one a row}`, as in `NAMES`.
        values: `{scope: float array (members, rows, quantities)}`.
    """

    fit: int
    epoch: int
    step: Any
    seeds: Any
    names: dict
    values: dict


def table(records, scope, quantities):
    """Records as a tidy DataFrame, sorted by seed, measurement and row; see `QuantityMonitor.frame`.

    Args:
        records: list of `Record`.
        scope: a key of `NAMES`.
        quantities: names of the measured columns.
    """
    seeds = list(dict.fromkeys(seed for record in records for seed in record.seeds or [None]))
    parts = [(seed, record) for seed in seeds for record in records if seed in (record.seeds or [None])]
    keys, values = [], [np.empty((0, len(quantities)), "float32")]
    for seed, record in parts:
        names = record.names[scope]
        keys += [(seed, record.fit, record.epoch, record.step, *name) for name in names]
        values.append(record.values[scope][0 if seed is None else record.seeds.index(seed)])
    index = pd.DataFrame(keys, columns=["seed", "fit", "epoch", "step", *NAMES[scope]])
    unused = {
        "seed": bool(records) and seeds == [None],
        "fit": len({record.fit for record in records}) < 2,
        "step": all(record.step is None for record in records),
    }
    measured = pd.DataFrame(np.concatenate(values), columns=list(quantities))
    return pd.concat([index.drop(columns=[name for name, drop in unused.items() if drop]), measured], axis=1)


def to_arrays(records):
    """Records as `{name: array}` that NumPy can save: one flat array of all values, and all else as JSON."""
    layouts = []  # the names of all scopes; mostly the same for all records
    index = []
    for record in records:
        if record.names not in layouts:
            layouts.append(record.names)
        index.append([record.fit, record.epoch, record.step, record.seeds, layouts.index(record.names)])
    values = [record.values[scope].ravel() for record in records for scope in record.names]
    return {
        "records": np.array(json.dumps({"index": index, "layouts": layouts})),
        "values": np.concatenate([np.empty(0, "float32"), *values]),
    }


def from_arrays(arrays, quantities):
    """The records that became `arrays` by `to_arrays`; `quantities` is their number."""
    described, values = json.loads(str(arrays["records"])), arrays["values"]
    layouts = [{scope: [tuple(name) for name in rows] for scope, rows in layout.items()} for layout in described["layouts"]]
    records, position = [], 0
    for fit, epoch, step, seeds, layout in described["index"]:
        by_scope = {}
        for scope, rows in layouts[layout].items():
            shape = len(seeds or [None]), len(rows), quantities
            by_scope[scope] = values[position : position + np.prod(shape)].reshape(shape)
            position += np.prod(shape)
        records.append(Record(fit, epoch, step, seeds, layouts[layout], by_scope))
    return records
