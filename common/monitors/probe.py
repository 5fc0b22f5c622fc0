"""What all monitors share: when they measure, how the numbers reach `logs`, and the table they keep."""

import functools

import keras
import numpy as np
import pandas as pd
import tensorflow as tf


class ProbeMonitor(keras.callbacks.Callback):
    """Base of the monitors: measures every `every`-th epoch, at its end.

    A subclass names its `quantities` and gives `build_measure()`, and, if it measures layer by layer, `layer_names()`.

    The values enter `logs` under `<quantity>/<layer>`, or `<quantity>` (means over the members, where there are several), so that every
    callback later in the list, `History` included, records them.

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
        self.template = template_of(model)

    def layer_names(self):
        """Names of the layers that are measured, in order; None for quantities of the whole model."""
        return None

    def build_measure(self):
        """A function of the number of epochs done that returns a float array `(members, layers, quantities)`, or, for quantities of the
        whole model, `(members, quantities)`."""
        raise NotImplementedError

    def on_train_begin(self, logs=None):
        self._records = []
        self.measure = self.build_measure()

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            self.record(epoch + 1, logs)

    def record(self, epoch, logs=None):
        """Measure, keep the values, and tell `logs`; `epoch` is the number of epochs done."""
        values = np.asarray(self.measure(epoch))
        self._records.append((epoch, values))
        if logs is None:
            return
        names = self.layer_names()
        endings = [""] if names is None else [f"/{name}" for name in names]
        for ending, row in zip(endings, np.atleast_2d(values.mean(axis=0)).tolist(), strict=True):
            logs.update({f"{quantity}{ending}": value for quantity, value in zip(self.quantities, row, strict=True)})

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
        seeds = self.seeds if self.seeds is not None else [0]
        rows = [
            (seed, epoch, layer, *row)
            for member, seed in enumerate(seeds)
            for epoch, values in self._records
            for layer, row in zip([None] if names is None else names, np.atleast_2d(values[member]), strict=True)
        ]
        table = pd.DataFrame(rows, columns=["seed", "epoch", "layer", *self.quantities])
        return table.drop(columns=[*(["seed"] if self.seeds is None else []), *(["layer"] if names is None else [])])


def template_of(model):
    """The ordinary model whose layers are measured: the model itself, or the one that stands for all its members."""
    return getattr(model, "template", model)


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


def graph(model, function, *args, seldom=False, **settings):
    """`function(model, *args, **settings)` as a graph: a function of tensors like `args`.

    Args:
        model: the model; one that keeps graphs, as a SeedStack does, hands out again what it has.
        function: a function of a module, so that it is known again.
        *args: structures of tensors, for their shapes and types.
        seldom: whether it is called so seldom that compilation does not pay.
        **settings: hashable, fixed in the graph.
    """
    if hasattr(model, "graph"):
        return model.graph(function, *args, jit_compile=not seldom, **settings)
    specs = tf.nest.map_structure(lambda t: tf.TensorSpec(t.shape, t.dtype), args)
    # Traced here and once, so that TensorFlow does not take each new monitor for needless retracing.
    return tf.function(functools.partial(function, model, **settings), autograph=False).get_concrete_function(*specs)
