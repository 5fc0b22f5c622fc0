"""The callbacks of a cell: the monitors that every experiment has, and those of its own. A monitor for all is one more entry here."""

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
        `{name: Keras callback}`, in the order in which they are called. A monitor's `frame()`, if it has one, becomes `<name>.csv`, and its
        `arrays()` become `<name>.npz`; but `records_of` joins the frames of the first two.
    """
    x_probe, y_probe = probe(*data[0])
    return {
        "gradients": GradientMonitor(x_probe, y_probe),
        "activations": ActivationMonitor(x_probe, units=experiment.keep_units),
        "histograms": HistogramMonitor(x_probe, y_probe, cell.epochs_at(HISTOGRAM_STAGES)),
        **experiment.build_monitors(cell, data),
    }


def records_of(monitors):
    """The tables and arrays that the monitors recorded.

    Args:
        monitors: from `build_monitors`, after training.

    Returns:
        `({name: DataFrame}, {name: {array's name: array}})`. Gradients and activations are one table, `layers`; the activity of every unit,
        where it was kept, is `units`.
    """
    sources = dict(monitors)
    gradients, activations = sources.pop("gradients"), sources.pop("activations")
    if activations.units is not None:
        sources["units"] = activations.units
    layers = gradients.frame().merge(activations.frame(), on=["seed", "epoch", "layer"], how="outer", sort=False)
    tables = {name: source.frame() for name, source in sources.items() if hasattr(source, "frame")}
    return {"layers": layers, **tables}, {name: source.arrays() for name, source in sources.items() if hasattr(source, "arrays")}
