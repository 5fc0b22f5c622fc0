"""HistogramMonitor: how activations and gradients are distributed, at stages of training."""

import numbers

import numpy as np
import tensorflow as tf

from .core.activation_recorder import layers_with_activation, recorded_activations
from .core.base import Monitor
from .core.graphs import map_members, on_each, over_batches, template_of
from .core.layers import NothingToMeasure, weights_by_layer
from .core.loss import predict
from .core.probe import Probe
from .core.weights import by_member
from .gradients import add_up_gradients


class HistogramMonitor(Monitor):
    """Counts, layer by layer, the values of the activations and of the loss's gradient on a fixed probe, in inference mode.

    Use it to see distributions drift, widen or collapse, as Glorot & Bengio 2010 did. It says nothing to `logs`; `arrays()` has all.
    Layers with activations are those of `ActivationMonitor`; where the model has none, gradients are counted alone.

    Args:
        x, y, sample_weight: the probe, as for `GradientMonitor`.
        every: measure before training (if the model is built) and after every so many epochs; or the epochs after which to measure, a
            collection of ints, 0 for before training.
        bins: how many bins.
        layers: names or patterns of the layers to measure; all by default.
    """

    def __init__(self, x, y=None, every=1, bins=60, sample_weight=None, layers=None):
        super().__init__(Probe(x, y, sample_weight), every, layers)
        self.bins = bins
        self.measures_before_training = isinstance(every, numbers.Integral)
        self._stages = []

    def on_train_begin(self, logs=None):
        self._stages = []
        super().on_train_begin(logs)

    def prepare(self):
        batches, settings = self.probe.batches, {"seldom": True, "layers": self.layers}
        self._gradients, self._activations, problems = dict, [], []
        try:
            weights_by_layer(self.template, self.layers)
            self._gradients = over_batches(self.model, batches, add_up_gradients, _gradients, **settings)
        except NothingToMeasure as problem:
            problems.append(problem)
        try:
            layers_with_activation(self.template, self.layers)
            self._activations = on_each(self.model, batches, _activations, **settings)
        except NothingToMeasure as problem:
            problems.append(problem)
        if len(problems) == 2:
            raise problems[0]

    def record(self, epoch, logs):
        values = {name: tensor.numpy() for name, tensor in self._gradients().items()}
        parts = [measure() for measure in self._activations]
        for name in parts[0] if parts else ():
            values[name] = np.concatenate([part[name].numpy() for part in parts], axis=1)
        self._stages.append((epoch, {name: _histogram(of_layer, self.bins) for name, of_layer in values.items()}))

    def arrays(self):
        """All histograms, ready for `np.savez`: `epochs` `(stages,)`, and for each kind and layer `<kind>/<layer>/counts`, int64
        `(stages, members, bins)`, and `<kind>/<layer>/edges`, float64 `(stages, bins + 1)`; kinds are `activation` and `gradient`. The
        edges span the finite values of all members; values that are not finite are not counted."""
        arrays = {"epochs": np.array([epoch for epoch, _ in self._stages], dtype=np.int64)}
        for name in self._stages[0][1] if self._stages else []:
            arrays[f"{name}/counts"] = np.stack([histograms[name][0] for _, histograms in self._stages])
            arrays[f"{name}/edges"] = np.stack([histograms[name][1] for _, histograms in self._stages])
        return arrays

    def get_state(self):
        """As for the other monitors, see `QuantityMonitor`."""
        return self.arrays()

    def set_state(self, state):
        """Take over what `get_state` gave."""
        names = [name.removesuffix("/counts") for name in state if name.endswith("/counts")]
        self._stages = [
            (epoch, {name: (state[f"{name}/counts"][i], state[f"{name}/edges"][i]) for name in names})
            for i, epoch in enumerate(state["epochs"].tolist())
        ]


def _gradients(model, totals, layers):
    """The gradients of all members: `{"gradient/<layer>": (members, weights)}`."""
    paths = weights_by_layer(template_of(model), layers)
    summed, samples = totals
    return {f"gradient/{path}": by_member(of_layer) / samples for path, of_layer in zip(paths, summed, strict=True)}


def _activations(model, batch, layers):
    """The activations of all members: `{"activation/<layer>": (members, values)}`."""
    found = layers_with_activation(template_of(model), layers)

    def of_member(member):
        with recorded_activations(found) as record:
            predict(member, batch)
        return {
            f"activation/{path}": tf.concat([tf.reshape(tf.cast(recorded.outputs, tf.float32), [-1]) for recorded in calls], 0)
            for path, calls in record.items()
        }

    return map_members(model, of_member)


def _histogram(values, bins):
    """Counts `(members, bins)` of values `(members, ...)`, and the edges `(bins + 1,)` common to all members."""
    members = [of_member[np.isfinite(of_member)].astype(np.float64) for of_member in values]
    edges = np.histogram_bin_edges(np.concatenate(members), bins)
    return np.stack([np.histogram(of_member, edges)[0] for of_member in members]), edges
