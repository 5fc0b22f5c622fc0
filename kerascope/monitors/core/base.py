"""What all monitors share: when they measure, that they never stop a training, and how their numbers reach `logs`, tables and charts."""

import numbers
import warnings
from collections.abc import Collection

import keras
import numpy as np
import pandas as pd

from .graphs import is_built, template_of
from .layers import matches
from .probe import Probe


class MonitorWarning(UserWarning):
    """A monitor cannot measure what it was asked to; training goes on without it."""


class Monitor(keras.callbacks.Callback):
    """Base of the monitors: measures at the end of epochs, and never gets in the way of the training.

    A subclass gives `prepare()` and `record(epoch, logs)`. Whatever goes wrong in them ends in one `MonitorWarning`, after which the
    monitor keeps still until the next training begins.

    Args:
        probe: the samples to measure on, a `Probe` or None.
        every: measure after every so many epochs; or the epochs after which to measure, a collection of ints, 0 for before training.
        layers: names or patterns (`"conv*"`) of the layers to measure, one or several; all by default. The name of a layer within a model
            or layer is its path, `"encoder/dense"`; patterns apply to that and to its last part.
    """

    measures_before_training = False  # whatever `every` says; where it can, that is, if the model is built
    needs_the_start = False  # whether it cannot do without that

    def __init__(self, probe=None, every=1, layers=None):
        super().__init__()
        one = isinstance(every, numbers.Integral)
        epochs = [every] if one else list(every) if isinstance(every, Collection) and not isinstance(every, str) else []
        least = 1 if one else 0
        if not epochs or not all(isinstance(e, numbers.Integral) and not isinstance(e, bool) and e >= least for e in epochs):
            raise ValueError(f"every must be an integer of at least 1, or a collection of epochs, got {every!r}")
        if probe is not None and not isinstance(probe, Probe):
            raise TypeError(f"probe must be a Probe, got {type(probe).__name__}")
        self.probe = probe
        self.every = every if one else frozenset(every)
        self.layers = None if layers is None else (layers,) if isinstance(layers, str) else tuple(layers)

    def set_model(self, model):
        super().set_model(model)
        self.seeds = getattr(model, "seeds", None)
        self.template = template_of(model)

    def prepare(self):
        """Get ready to measure; called when training begins or, for a model that its first batch builds, at the end of an epoch."""
        raise NotImplementedError

    def record(self, epoch, logs):
        """Measure; `epoch` is the number of epochs done."""
        raise NotImplementedError

    def is_due(self, epoch):
        """Whether to measure when so many epochs are done."""
        if epoch == 0 and self.measures_before_training:
            return True
        return epoch in self.every if isinstance(self.every, frozenset) else epoch > 0 and epoch % self.every == 0

    def on_train_begin(self, logs=None):
        self._ready, self._given_up = False, False
        self.knows_the_start = is_built(self.template)
        if self.knows_the_start:
            self._attempt(self._at_epoch, 0, None)
        elif self.needs_the_start:
            self._attempt(self._refuse_unbuilt)

    def on_epoch_end(self, epoch, logs=None):
        self._attempt(self._at_epoch, epoch + 1, {} if logs is None else logs)

    def _at_epoch(self, epoch, logs):
        if not self._ready:
            self.prepare()
            self._ready = True
        if self.is_due(epoch):
            self.record(epoch, logs)

    def _refuse_unbuilt(self):
        raise ValueError("the model has no weights before its first batch; call it on a sample before fit()")

    def _attempt(self, function, *args):
        if self._given_up:
            return
        try:
            function(*args)
        except Exception as error:  # whatever it is: the training is worth more than its measurement
            self._given_up = True
            reason = " ".join(str(error).split())[:500]
            self.warn(f"measures nothing from here on: {type(error).__name__}: {reason}")

    def warn(self, problem):
        """Tell, as a `MonitorWarning`, what is not measured."""
        warnings.warn(f"{type(self).__name__} {problem}", MonitorWarning, stacklevel=2)


class QuantityMonitor(Monitor):
    """Base of the monitors whose measurements are numbers with names.

    A subclass names its `quantities` and gives `build_measure()`, and, if it measures layer by layer, `layer_names()`.

    The values enter `logs` under `<quantity>/<layer>`, or `<quantity>` for those of the whole model (means over the members, where there
    are several), so that every callback later in the list, `History` included, records them; NaN after epochs at which it did not measure.

    Args:
        probe, every, layers: see `Monitor`.
        logs: whether the values enter `logs`; or, for fewer of them, patterns of their keys, such as `"grad_norm/*"`.
    """

    quantities = ()

    def __init__(self, probe=None, every=1, layers=None, logs=True):
        super().__init__(probe, every, layers)
        self._log_patterns = (
            {True: ("*",), False: ()}[logs] if isinstance(logs, bool) else (logs,) if isinstance(logs, str) else tuple(logs)
        )
        self._records = []

    def layer_names(self):
        """Names of the layers that are measured, in order; None for quantities of the whole model."""
        return None

    def build_measure(self):
        """A function of the number of epochs done that returns a float array `(members, layers, quantities)`, or, for quantities of the
        whole model, `(members, quantities)`."""
        raise NotImplementedError

    def on_train_begin(self, logs=None):
        self._records = []
        super().on_train_begin(logs)

    def prepare(self):
        self.measure = self.build_measure()

    def record(self, epoch, logs):
        values = np.asarray(self.measure(epoch))
        self._records.append((epoch, values))
        self._tell(logs, values.mean(axis=0))

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        if logs is not None and self._ready and not self._given_up and not self.is_due(epoch + 1):
            # CSVLogger takes its columns from the first epoch, and a series in History has a value for every epoch.
            self._tell(logs, np.full((len(self.layer_names() or [None]), len(self.quantities)), np.nan))

    def _tell(self, logs, values):
        if logs is None:
            return
        names = self.layer_names()
        endings = [""] if names is None else [f"/{name}" for name in names]
        for ending, row in zip(endings, np.atleast_2d(values).tolist(), strict=True):
            keys = (f"{quantity}{ending}" for quantity in self.quantities)
            logs.update({key: value for key, value in zip(keys, row, strict=True) if matches(key, self._log_patterns)})

    def get_state(self):
        """What was measured so far, and what the next measurement builds on, as `{name: array}`; for `set_state` of a monitor with the same
        arguments, once its training has begun, so that a training that was broken off goes on with all its records."""
        epochs = np.array([epoch for epoch, _ in self._records], dtype=np.int64)
        return {"epochs": epochs, "values": np.array([values for _, values in self._records])}

    def set_state(self, state):
        """Take over what `get_state` gave."""
        self._records = list(zip(state["epochs"].tolist(), state["values"], strict=True))

    def frame(self):
        """All that was measured, tidy: a DataFrame with columns `seed` (only where the model has seeds), `epoch` (the epochs done: 1 after
        the first), `layer` (only if layers are measured), and one of each quantity; a row per seed, epoch and layer, sorted so."""
        names = self.layer_names() if self._records else []
        seeds = self.seeds if self._records and self.seeds is not None else [0]
        rows = [
            (seed, epoch, layer, *row)
            for member, seed in enumerate(seeds)
            for epoch, values in self._records
            for layer, row in zip([None] if names is None else names, np.atleast_2d(values[member]), strict=True)
        ]
        table = pd.DataFrame(rows, columns=["seed", "epoch", "layer", *self.quantities])
        without_seed = self._records and self.seeds is None
        return table.drop(columns=[*(["seed"] if without_seed else []), *(["layer"] if names is None else [])])

    def plot(self):
        """Draw all that was measured: a panel per quantity over the epochs, a line per layer; with seeds, their mean and range.

        Returns:
            A matplotlib `Figure`, made by pyplot: a notebook shows it, elsewhere `plt.show()` or `figure.savefig(path)`.
        """
        from .chart import chart

        return chart(self.frame(), self.quantities)
