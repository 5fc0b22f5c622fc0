"""The callbacks of a cell: the monitors that every experiment has, and those of its own. The one place where they stand."""

from common.data import probe
from kerascope.monitors import ActivationMonitor, GradientMonitor, HistogramMonitor

HISTOGRAM_STAGES = (0, 0.05, 0.2, 0.5, 1)  # shares of the epochs


def build_monitors(experiment, cell, data):
    """The monitors of a cell's training.

    Args:
        experiment: the `Experiment`.
        cell: the `Cell`.
        data: `(x_train, y_train), (x_test, y_test)`.

    Returns:
        `{name: Keras callback}`, in the order in which they are called. Of one that has `frame()`, the table is `<name>.csv`, and of one
        that has `arrays()`, these are `<name>.npz`; but `tables_of` joins the first two.
    """
    x_probe, y_probe = probe(*data[0])
    return {
        "gradients": GradientMonitor(x_probe, y_probe),
        "activations": ActivationMonitor(x_probe, units=experiment.keep_units),
        "histograms": HistogramMonitor(x_probe, y_probe, cell.epochs_at(HISTOGRAM_STAGES)),
        **experiment.build_monitors(cell, data),
    }


def tables_of(monitors):
    """What the monitors measured, as `{name: DataFrame}`: gradients and activations in one table, `layers`."""
    gradients, activations = monitors["gradients"].frame(), monitors["activations"].frame()
    tables = {"layers": gradients.merge(activations, on=["seed", "epoch", "layer"], how="outer", sort=False)}
    further = {name: monitor for name, monitor in monitors.items() if name not in ("gradients", "activations")}
    return tables | {name: source.frame() for name, source in _with_units(further, monitors).items() if hasattr(source, "frame")}


def arrays_of(monitors):
    """What the monitors kept as arrays, as `{name: {array's name: array}}`."""
    return {name: source.arrays() for name, source in _with_units(monitors, monitors).items() if hasattr(source, "arrays")}


def _with_units(sources, monitors):
    """The sources, and the activity of every unit where it was kept."""
    units = monitors["activations"].units
    return {**sources, **({} if units is None else {"units": units})}
