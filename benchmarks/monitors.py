"""Rows about monitors: an epoch with them against one without."""

import gc
import time

import keras
import numpy as np

from benchmarks.cases import DIGITS, FASHION, MOONS, PlainKeras, Stacked, Training, cross_entropy
from benchmarks.table import Row
from benchmarks.timing import alternate, median_ratio
from common.data import HELD, load, probe
from kerascope import monitors as package
from kerascope.seed_stack import SeedStack

GOALS = {MOONS.name: 1.6, DIGITS[0].name: 1.3, DIGITS[2].name: 1.3, FASHION[0].name: 1.05}
CNN_GOAL = 1.05
SEEDS = 5


def both(cases, rounds):
    """The two monitors of all scripts, on against off, in trainings that take turns."""
    for case in cases:
        with_monitors, without = Stacked(case, SEEDS, default_monitors), Stacked(case, SEEDS)
        seconds = alternate({"with": with_monitors.train_block, "without": without.train_block}, rounds)
        epochs = " : ".join(f"{1e3 * np.median(seconds[name]) / case.block:.0f} ms" for name in ("with", "without"))
        yield Row(case.name, SEEDS, median_ratio(seconds["with"], seconds["without"]), "x", GOALS[case.name], f"an epoch {epochs}")


def default_monitors(x, y):
    x_probe, y_probe = probe(x, y, HELD)
    return [package.GradientMonitor(x_probe, y_probe), package.ActivationMonitor(x_probe)]


def each(size, with_fashion):
    """Every monitor, with `keras.Model.fit` and with a SeedStack: an epoch with it against what that epoch takes without.

    All measure in one training; as callbacks run one after the other, the time that one takes at an epoch's end is what the epoch takes
    longer for it.
    """
    names, cases = ("A, Digits", "B, moons", "C, Digits, SGD"), size.cases([DIGITS[3], MOONS, DIGITS[0]])
    for make in (PlainKeras, lambda case: Stacked(case, SEEDS)):
        for name, case in zip(names, cases, strict=False):
            yield from _rows(name, make(case), case.block, goals={})
            gc.collect()
    if with_fashion:
        yield from _rows("CNN, Fashion-MNIST", CnnKeras(None), 5, goals={"both": CNN_GOAL})
        yield from _rows("CNN, Fashion-MNIST", CnnStacked(None), 5, goals={"both": CNN_GOAL})


def _rows(name, training, epochs, goals):
    x, y = training.data[0]
    callbacks = {type(callback).__name__: callback for callback in [*default_monitors(x, y), *_others(*probe(x, y, HELD))]}
    clock = Clock(callbacks)
    training.fit(epochs + 1, clock.callbacks)
    in_callback = {name: np.array(seconds[1:]) for name, seconds in clock.seconds.items()}  # the first epoch traces
    without = np.array(clock.epochs[1:]) - sum(in_callback.values())
    pairs = {"both": in_callback["GradientMonitor"] + in_callback["ActivationMonitor"], **in_callback}
    for monitor, seconds in pairs.items():
        what = f"{name}, {training.how}: {'GradientMonitor and ActivationMonitor' if monitor == 'both' else monitor}"
        details = f"{1e3 * np.median(seconds):.1f} ms; an epoch without any {1e3 * np.median(without):.0f} ms"
        yield Row(what, training.num_seeds, float(np.median(1 + seconds / without)), "x", goals.get(monitor), details)


def _others(x, y):
    return [
        package.UpdateMonitor(),
        package.HistogramMonitor(x, y),
        package.LogitMonitor(x, y),
        package.SharpnessMonitor(x, y),
        package.HessianTraceMonitor(x, y),
        package.NoiseMonitor(x, y),
    ]


class Clock:
    """The time of each of several callbacks at the end of each epoch, and of the epochs.

    Attributes:
        callbacks: list for `fit`.
        seconds: `{name: [seconds, one per epoch]}`.
        epochs: seconds of each epoch, with all callbacks.
    """

    def __init__(self, callbacks):
        self.seconds, self.epochs, self._last = {name: [] for name in callbacks}, [], None

        def begin(epoch, logs):
            self._began = self._last = time.perf_counter()

        def ended(name):
            def note(epoch, logs):
                now = time.perf_counter()
                if name:
                    self.seconds[name].append(now - self._last)
                self._last = now

            return note

        def end(epoch, logs):
            self.epochs.append(time.perf_counter() - self._began)

        marks = [keras.callbacks.LambdaCallback(on_epoch_begin=begin, on_epoch_end=ended(None))]
        for name, callback in callbacks.items():
            marks += [callback, keras.callbacks.LambdaCallback(on_epoch_end=ended(name))]
        self.callbacks = [*marks, keras.callbacks.LambdaCallback(on_epoch_end=end)]


def build_cnn():
    """Two convolutions and a dense layer."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, strides=2, activation="relu", name="conv_1"),
            layers.Conv2D(32, 3, strides=2, activation="relu", name="conv_2"),
            layers.Flatten(),
            layers.Dense(10, name="logits"),
        ]
    )


class CnnKeras(Training):
    """A small CNN on Fashion-MNIST in `keras.Model.fit`."""

    how, num_seeds, batch_size = "fit", 1, 128

    def __init__(self, case):
        (x, y), (x_test, y_test) = load("fashion_mnist")
        self.data = (x.reshape(-1, 28, 28, 1), y), (x_test.reshape(-1, 28, 28, 1), y_test)
        self.prepare()

    def prepare(self):
        self.model = build_cnn()
        self.model.compile(keras.optimizers.Adam(), cross_entropy(), metrics=["accuracy"])

    def fit(self, epochs, callbacks):
        train, test = self.data
        self.model.fit(*train, batch_size=self.batch_size, epochs=epochs, validation_data=test, verbose=0, callbacks=callbacks)


class CnnStacked(CnnKeras):
    """The same for many seeds in a SeedStack."""

    how, num_seeds = "SeedStack", SEEDS

    def prepare(self):
        self.model = SeedStack(build_cnn, range(SEEDS))
        self.model.compile(keras.optimizers.Adam(), cross_entropy())
