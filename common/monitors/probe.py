"""What all monitors share: when they measure, how the numbers reach `logs`, and the table they keep."""

import keras
import numpy as np
import pandas as pd
import tensorflow as tf


class ProbeMonitor(keras.callbacks.Callback):
    """Base of the monitors: measures every `every`-th epoch, at its end.

    A subclass names its `quantities` and gives `layer_names()` and `build_measure()`.

    The values enter `logs` under `<quantity>/<layer>` (means over the members, where there are several), so that every callback later in
    the list, `History` included, records them.

    Args:
        every: measure after every so many epochs.
    """

    quantities = ()

    def __init__(self, every=1):
        super().__init__()
        if not isinstance(every, int) or every < 1:
            raise ValueError(f"every must be an integer of at least 1, got {every!r}")
        self.every = every
        self._records = []

    def set_model(self, model):
        super().set_model(model)
        self.seeds = getattr(model, "seeds", None)
        # The ordinary model whose layers are measured: the model itself, or the one that stands for all its members.
        self.template = getattr(model, "template", model)

    def layer_names(self):
        """Names of the layers that are measured, in order."""
        raise NotImplementedError

    def build_measure(self):
        """A function without arguments that returns a float array `(members, layers, quantities)`."""
        raise NotImplementedError

    def on_train_begin(self, logs=None):
        self._records = []
        self._measure = self.build_measure()

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every:
            return
        values = np.asarray(self._measure())
        self._records.append((epoch + 1, values))
        if logs is None:
            return
        for layer, of_layer in zip(self.layer_names(), values.mean(axis=0), strict=True):
            logs.update({f"{quantity}/{layer}": float(v) for quantity, v in zip(self.quantities, of_layer, strict=True)})

    def frame(self):
        """All that was measured, tidy: a DataFrame with columns `seed` (only where the model has seeds), `epoch` (from 1), `layer`, and
        one of each quantity; a row per seed, epoch and layer, sorted so."""
        names = self.layer_names() if self._records else []
        seeds = self.seeds if self.seeds is not None else [0]
        rows = [
            (seed, epoch, layer, *values[member, position])
            for member, seed in enumerate(seeds)
            for epoch, values in self._records
            for position, layer in enumerate(names)
        ]
        table = pd.DataFrame(rows, columns=["seed", "epoch", "layer", *self.quantities])
        return table if self.seeds is not None else table.drop(columns="seed")


def map_members(model, fn, *args):
    """`fn(member, *args_i)` for all members of the model; results get a leading member axis, of length 1 for an ordinary model."""
    if hasattr(model, "map_members"):
        return model.map_members(fn, *args)
    results = fn(model, *tf.nest.map_structure(lambda t: t[0], args))
    return tf.nest.map_structure(lambda t: t[tf.newaxis], results)


def measured_layers(model, wanted, prefix=""):
    """The layers of a model for which `wanted(layer)` holds, as `{name: layer}`; those of nested models as `outer/inner`."""
    found = {}
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            found.update(measured_layers(layer, wanted, f"{prefix}{layer.name}/"))
        elif wanted(layer):
            found[f"{prefix}{layer.name}"] = layer
    return found


def graph(function, *signature):
    """A concrete graph of a function, so that TensorFlow does not take each new monitor for needless retracing."""
    return tf.function(function, autograph=False).get_concrete_function(*signature)
