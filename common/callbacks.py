"""The callbacks of a cell: the monitors of every experiment, and those of its own. A monitor is added here, and nowhere else."""

import functools
from typing import NamedTuple

from common.experiment.knobs import SPARSE
from kerascope.monitors import ActivationMonitor, GradientMonitor, HistogramMonitor

HISTOGRAM_STAGES = (0, 0.05, 0.2, 0.5, 1)  # shares of the epochs
SPARSE_FIRST = 10  # epochs, all of them, after which the layers of a sparse cell are measured; and shares of the epochs:
SPARSE_STAGES = (0.05, 0.2, 1 / 3, 0.5, 1)
PER_LAYER = ["seed", "epoch", "layer"]


def build_monitors(experiment, cell, samples):
    """The monitors of a cell's training.

    Args:
        experiment: the `Experiment`.
        cell: the `Cell`.
        samples: its `CellSamples`.

    Returns:
        `{name: Keras callback}`, in the order in which they are called. Tables with a row per seed, epoch and layer are joined into
        layers.csv; another monitor's `frame()` is `<name>.csv`, and its `arrays()` are `<name>.npz`; of histograms there are
        arrays alone. The layers of a sparse cell are measured after few epochs, and there are no histograms.
    """
    x_probe, y_probe = samples.probe()
    sparse = cell.get(SPARSE)
    every = sorted({*range(1, SPARSE_FIRST + 1), *cell.epochs_at(SPARSE_STAGES)}) if sparse else 1
    found = {
        "gradients": GradientMonitor(x_probe, y_probe, every=every),
        "activations": ActivationMonitor(x_probe, every=every, units=experiment.keep_units, linear=True),
    }
    if not sparse:
        found["histograms"] = HistogramMonitor(x_probe, y_probe, cell.epochs_at(HISTOGRAM_STAGES))
    return {**found, **experiment.build_monitors(cell, samples)}


class Records(NamedTuple):
    """The records of a cell's monitors.

    Attributes:
        tables: `{name: DataFrame}`.
        arrays: `{name: {array's name: array}}`.
        quantities: the `Quantity`s of the tables' columns, list.
    """

    tables: dict
    arrays: dict
    quantities: list


def records_of(monitors):
    """The `Records` of monitors after training; `monitors` is `{name: Keras callback}`, from `build_monitors`."""
    sources = dict(monitors)
    for monitor in monitors.values():
        if (units := getattr(monitor, "units", None)) is not None:  # the activity of every unit
            sources["units"] = units
    tables, of_layers = {}, []
    for name, source in sources.items():
        as_table = hasattr(source, "frame") and not isinstance(source, HistogramMonitor)  # Histograms are kept as arrays.
        table = source.frame() if as_table else None
        if table is not None and set(PER_LAYER) <= set(table):
            known = {column for table in of_layers for column in table} - set(PER_LAYER)
            of_layers.append(table.drop(columns=known.intersection(table)))
        elif table is not None:
            tables[name] = table
    layers = functools.reduce(lambda left, right: left.merge(right, on=PER_LAYER, how="outer", sort=False), of_layers)
    arrays = {name: source.arrays() for name, source in sources.items() if hasattr(source, "arrays")}
    quantities = [quantity for source in sources.values() for quantity in getattr(source, "quantities", ())]
    return Records({"layers": layers, **tables}, arrays, quantities)
