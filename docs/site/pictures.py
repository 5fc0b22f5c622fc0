"""The pictures of the monitors' pages: one small network trained on scikit-learn's Digits, watched by all of them."""

import inspect
import warnings

import keras
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from kerascope import SeedStack, monitors

matplotlib.use("agg")  # here, and not in the environment: the notebook's kernel draws into its cells
EPOCHS = 20
# What differs from the defaults.
ARGUMENTS = {"ActivationMonitor": {"units": True}, "HistogramMonitor": {"every": [0, 5, EPOCHS]}, "RewindMonitor": {"every": range(11)}}


def build():
    """Three hidden layers: enough for the layers to differ, little enough for a build of the documentation."""
    hidden = [keras.layers.Dense(32, "relu", name=f"dense_{i}") for i in (1, 2, 3)]
    return keras.Sequential([keras.Input((64,)), *hidden, keras.layers.Dense(10, name="logits")])


def compiled(model):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss=loss, metrics=["accuracy"])
    return model


def make_monitors(x, y):
    """`{name: monitor}` of every public monitor that measures; the samples are given to those that take some."""
    made = {}
    for name in monitors.__all__:
        cls = getattr(monitors, name)
        if issubclass(cls, keras.callbacks.Callback) and hasattr(cls, "quantities"):
            takes = inspect.signature(cls).parameters
            samples = {key: value for key, value in {"x": x, "y": y}.items() if key in takes}
            made[name] = cls(**samples, **ARGUMENTS.get(name, {}))
    return made


def draw_predictions(predictions, y):
    """The labels against the predictions, as PredictionMonitor keeps them."""
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (y, predictions.arrays()["outputs"][0].argmax(axis=-1)), 1)
    figure, ax = plt.subplots(figsize=(4.2, 4.2), layout="constrained")
    ax.imshow(counts, cmap="viridis")
    ax.set(xlabel="predicted digit", ylabel="digit", title="predictions at the end", xticks=range(10), yticks=range(10))
    return figure


def draw_units(units):
    """The share of samples that switch each unit of a layer on, as UnitActivity keeps it."""
    shares = units.arrays()
    layer = next(name for name in shares if name != "epochs")
    figure, ax = plt.subplots(figsize=(5.4, 4.2), layout="constrained")
    image = ax.imshow(shares[layer][0].T, aspect="auto", vmin=0, vmax=1, cmap="viridis")
    ax.set(xlabel="epoch", ylabel=f"unit of {layer}", title="share of samples that switch a unit on")
    ax.xaxis.get_major_locator().set_params(integer=True)
    figure.colorbar(image)
    return figure


def draw_stack(table):
    """The test accuracy of every seed."""
    figure, ax = plt.subplots(figsize=(5.4, 3.4), layout="constrained")
    for _, of_seed in table.groupby("seed"):
        ax.plot(of_seed["epoch"], of_seed["test_accuracy"], color="C0", alpha=0.6)
    ax.set(xlabel="epoch", ylabel="test accuracy", title="ten seeds, one training", xticks=range(0, 21, 5), ylim=(0.8, 1))
    return figure


def draw_all(folder):
    """Train, and save a picture `<name>.png` of each thing that has one. Returns their names."""
    digits = load_digits()
    x, y = (digits.data / 16).astype("float32"), digits.target
    order = np.random.default_rng(0).permutation(len(x))
    (x, x_test), (y, y_test) = np.split(x[order], [1400]), np.split(y[order], [1400])
    keras.utils.set_random_seed(0)
    watching = make_monitors(x[:256], y[:256])
    with warnings.catch_warnings():
        warnings.simplefilter("error", monitors.MonitorWarning)  # a page with an empty picture is none
        compiled(build()).fit(x, y, batch_size=64, epochs=EPOCHS, verbose=0, callbacks=list(watching.values()))
    stack = compiled(SeedStack(build, range(10)))
    stack.fit(x, y, batch_size=64, epochs=EPOCHS, verbose=0, validation_data=(x_test, y_test))
    figures = {name: monitor.plot() for name, monitor in watching.items() if hasattr(monitor, "plot")}
    figures.setdefault("PredictionMonitor", draw_predictions(watching["PredictionMonitor"], y[:256]))
    figures |= {"UnitActivity": draw_units(watching["ActivationMonitor"].units), "SeedStack": draw_stack(stack.frame())}
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png", dpi=110)
        plt.close(figure)
    return set(figures)
