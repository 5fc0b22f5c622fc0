"""The base classes of the monitors: when they measure, how errors end, and how numbers reach `logs`, tables and charts."""

import numbers
import warnings
from collections.abc import Collection

import keras
import numpy as np
import pandas as pd

from .graphs import template_of
from .layers import is_built, matches
from .probe import Probe


class MonitorWarning(UserWarning):
    """A monitor cannot measure what it was asked to; the training goes on without it.

    Example:

    ```python
    import warnings

    warnings.simplefilter("error", MonitorWarning)  # stop the training instead
    ```
    """


class Monitor(keras.callbacks.Callback):
    """Base of the monitors: measures at the end of epochs, and never stops the training.

    A subclass implements `prepare()` and `record(epoch, logs)`. An error in them becomes one `MonitorWarning`, after which the monitor does
    nothing until the next training begins.

    Args:
        probe: the samples to measure on, a `Probe` or None. Defaults to `None`.
        every: measure after every `every` epochs, or a collection of the epochs after which to measure; 0 is before training. Defaults to
            `1`.
        layers: names or patterns (`"conv*"`) of the layers to measure, one or several. The name of a layer within a model or layer is its
            path, `"encoder/dense"`; patterns apply to the path and to its last part. Defaults to `None`: all layers.
    """

    quantities = ()  # a `Quantity` for each measured column of `frame()`
    measures_before_training = False  # whatever `every` says, if the model is built
    requires_built_model = False

    def __init__(self, probe=None, every=1, layers=None):
        super().__init__()
        periodic = isinstance(every, numbers.Integral)
        epochs = [every] if periodic else list(every) if isinstance(every, Collection) and not isinstance(every, str) else []
        minimum = 1 if periodic else 0
        if not epochs or not all(isinstance(e, numbers.Integral) and not isinstance(e, bool) and e >= minimum for e in epochs):
            raise ValueError(f"every must be an integer of at least 1, or a collection of epochs, got {every!r}")
        if probe is not None and not isinstance(probe, Probe):
            raise TypeError(f"probe must be a Probe, got {type(probe).__name__}")
        self.probe = probe
        self.every = every if periodic else frozenset(every)
        self.layers = None if layers is None else (layers,) if isinstance(layers, str) else tuple(layers)

    def set_model(self, model):
        super().set_model(model)
        self.seeds = getattr(model, "seeds", None)
        self.template = template_of(model)

    def prepare(self):
        """Get ready to measure. Called when training begins or, for a model that its first batch builds, at the end of an epoch."""
        raise NotImplementedError

    def record(self, epoch, logs):
        """Measure; `epoch` is the number of completed epochs."""
        raise NotImplementedError

    def is_due(self, epoch):
        """Whether to measure after `epoch` completed epochs."""
        if epoch == 0 and self.measures_before_training:
            return True
        return epoch in self.every if isinstance(self.every, frozenset) else epoch > 0 and epoch % self.every == 0

    def on_train_begin(self, logs=None):
        self._ready, self._failed = False, False
        self.built_at_start = is_built(self.template)
        if self.built_at_start:
            self._try(self._measure_if_due, 0, None)
        elif self.requires_built_model:
            self._try(self._raise_not_built)

    def on_epoch_end(self, epoch, logs=None):
        self._try(self._measure_if_due, epoch + 1, {} if logs is None else logs)

    def _measure_if_due(self, epoch, logs):
        if not self._ready:
            self.prepare()
            self._ready = True
        if self.is_due(epoch):
            self.record(epoch, logs)

    def _raise_not_built(self):
        raise ValueError("the model has no weights before its first batch; call it on a sample before fit()")

    def _try(self, function, *args):
        if self._failed:
            return
        try:
            function(*args)
        except Exception as error:  # of any kind: a measurement must not stop a training
            self._failed = True
            reason = " ".join(str(error).split())[:500]
            self.warn(f"measures nothing from here on: {type(error).__name__}: {reason}")

    def warn(self, problem):
        """Issue a `MonitorWarning` that says what is not measured."""
        warnings.warn(f"{type(self).__name__} {problem}", MonitorWarning, stacklevel=2)


class QuantityMonitor(Monitor):
    """Base of the monitors whose measurements are numbers with names.

    A subclass sets `quantities` and implements `build_measure()` and, if it measures layer by layer, `layer_names()`. What a measurement
    hands on to the next one it keeps in `state`, `{name: object with arrays() and set_arrays(arrays)}`.

    The values enter `logs` under `<quantity>/<layer>`, or `<quantity>` for those of the whole model, so every callback later in the list,
    `History` included, records them. They are means over the members, if there are several, and NaN after epochs without a measurement.

    Args:
        probe: see `Monitor`. Defaults to `None`.
        every: see `Monitor`. Defaults to `1`.
        layers: see `Monitor`. Defaults to `None`.
        logs: whether the values enter `logs`, or patterns of the keys that do, such as `"grad_norm/*"`. Defaults to `True`.
    """

    def __init__(self, probe=None, every=1, layers=None, logs=True):
        super().__init__(probe, every, layers)
        logs = "*" if logs is True else logs or ()
        self._log_patterns = (logs,) if isinstance(logs, str) else tuple(logs)
        self._records, self.state = [], {}

    def layer_names(self):
        """Names of the measured layers, in order; None for quantities of the whole model."""
        return None

    def build_measure(self):
        """A function of the number of completed epochs that returns a float array `(members, layers, quantities)`, or, for quantities of
        the whole model, `(members, quantities)`."""
        raise NotImplementedError

    def on_train_begin(self, logs=None):
        self._records = []
        super().on_train_begin(logs)

    def prepare(self):
        self.measure = self.build_measure()

    def record(self, epoch, logs):
        values = np.asarray(self.measure(epoch))
        self._records.append((epoch, values))
        self._write_logs(logs, values.mean(axis=0))

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        if logs is not None and self._ready and not self._failed and not self.is_due(epoch + 1):
            # CSVLogger takes its columns from the first epoch, and a series in History has a value for every epoch.
            self._write_logs(logs, np.full((len(self.layer_names() or [None]), len(self.quantities)), np.nan))

    def _write_logs(self, logs, values):
        if logs is None:
            return
        names = self.layer_names()
        suffixes = [""] if names is None else [f"/{name}" for name in names]
        for suffix, row in zip(suffixes, np.atleast_2d(values).tolist(), strict=True):
            keys = (f"{quantity.name}{suffix}" for quantity in self.quantities)
            logs.update({key: value for key, value in zip(keys, row, strict=True) if matches(key, self._log_patterns)})

    def get_state(self):
        """The measurements so far, and the values that the next one builds on, as `{name: array}`.

        For `set_state` of a monitor with the same arguments, called after its training has begun: a resumed training then keeps all its
        measurements.
        """
        epochs = np.array([epoch for epoch, _ in self._records], dtype=np.int64)
        parts = {f"{name}/{key}": array for name, part in self.state.items() for key, array in part.arrays().items()}
        return {"epochs": epochs, "values": np.array([values for _, values in self._records]), **parts}

    def set_state(self, state):
        """Take over the result of another monitor's `get_state`."""
        self._records = list(zip(state["epochs"].tolist(), state["values"], strict=True))
        for name, part in self.state.items():
            part.set_arrays({key.removeprefix(f"{name}/"): array for key, array in state.items() if key.startswith(f"{name}/")})

    def frame(self):
        """All measurements as a tidy DataFrame: a row per seed, epoch and layer, sorted so.

        Columns: `seed`, only if the model has seeds; `epoch`, the number of completed epochs, 1 after the first; `layer`, only if layers
        are measured; and one of each quantity.
        """
        names = self.layer_names() if self._records else []
        seeds = self.seeds if self._records and self.seeds is not None else [0]
        rows = [
            (seed, epoch, layer, *row)
            for member, seed in enumerate(seeds)
            for epoch, values in self._records
            for layer, row in zip([None] if names is None else names, np.atleast_2d(values[member]), strict=True)
        ]
        table = pd.DataFrame(rows, columns=["seed", "epoch", "layer", *(quantity.name for quantity in self.quantities)])
        without_seed = self._records and self.seeds is None
        return table.drop(columns=[*(["seed"] if without_seed else []), *(["layer"] if names is None else [])])

    def plot(self):
        """Draw all measurements: a panel per quantity over the epochs, a line per layer; with seeds, their mean and range.

        Returns:
            A matplotlib `Figure`, made by pyplot. A notebook shows it; elsewhere use `plt.show()` or `figure.savefig(path)`.
        """
        from .chart import chart

        return chart(self.frame(), self.quantities)
