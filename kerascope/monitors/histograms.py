"""HistogramMonitor: the distributions of activations and gradients at stages of training."""

import contextlib
import numbers

import numpy as np
import tensorflow as tf

from .core.activation_recorder import layers_with_activation, record_activations
from .core.base import Monitor
from .core.graphs import graph_per_batch, map_members, sum_over_batches, template_of
from .core.layers import NothingToMeasure, weights_by_layer
from .core.loss import predict
from .core.probe import Probe
from .core.weights import flatten_members
from .gradients import sum_gradients


class HistogramMonitor(Monitor):
    """Counts, layer by layer, the values of the activations and of the loss's gradient on a fixed probe, in inference mode.

    Use it to see distributions drift, widen or collapse (Glorot & Bengio 2010). It writes nothing to `logs`. Layers with activations are
    those of `ActivationMonitor`; if the model has none, only gradients are counted.

    Example:

    ```python
    histograms = HistogramMonitor(x_train[:256], y_train[:256], every=[0, 10, 20])
    model.fit(x_train, y_train, epochs=20, callbacks=[histograms])
    np.savez("histograms.npz", **histograms.arrays())
    ```

    Args:
        x: samples of the probe, as for `GradientMonitor`.
        y: their targets. Defaults to `None`.
        every: measure before training (if the model is built) and after every `every` epochs; or a collection of the epochs after which to
            measure, 0 is before training. Defaults to `1`.
        bins: number of bins. Defaults to `60`.
        sample_weight: weights of the probe's samples, as given to `fit`. Defaults to `None`.
        layers: names or patterns of the layers to measure. Defaults to `None`: all.
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
        batches, settings = self.probe.batches, {"jit_compile": False, "layers": self.layers}
        self._gradients, self._activations = dict, []
        with contextlib.suppress(NothingToMeasure):
            weights_by_layer(self.template, self.layers)
            self._gradients = sum_over_batches(self.model, batches, sum_gradients, _gradients, **settings)
        with contextlib.suppress(NothingToMeasure):
            layers_with_activation(self.template, self.layers)
            self._activations = graph_per_batch(self.model, batches, _activations, **settings)
        if self._gradients is dict and not self._activations:
            weights_by_layer(self.template, self.layers)  # raises NothingToMeasure

    def record(self, epoch, logs):
        values = {name: tensor.numpy() for name, tensor in self._gradients().items()}
        parts = [measure() for measure in self._activations]
        for name in parts[0] if parts else ():
            values[name] = np.concatenate([part[name].numpy() for part in parts], axis=1)
        self._stages.append((epoch, {name: _histogram(members, self.bins) for name, members in values.items()}))

    def arrays(self):
        """All histograms as `{name: array}`, ready for `np.savez`.

        `epochs`, int64 `(stages,)`; and for each kind (`activation`, `gradient`) and layer `<kind>/<layer>/counts`, int64 `(stages,
        members, bins)`, and `<kind>/<layer>/edges`, float64 `(stages, bins + 1)`. The edges span the finite values of all members; other
        values are not counted.
        """
        arrays = {"epochs": np.array([epoch for epoch, _ in self._stages], dtype=np.int64)}
        for name in self._stages[0][1] if self._stages else []:
            arrays[f"{name}/counts"] = np.stack([histograms[name][0] for _, histograms in self._stages])
            arrays[f"{name}/edges"] = np.stack([histograms[name][1] for _, histograms in self._stages])
        return arrays

    def get_state(self):
        """The measurements so far, see `QuantityMonitor.get_state`."""
        return self.arrays()

    def set_state(self, state):
        """Take over the result of another monitor's `get_state`."""
        names = [name.removesuffix("/counts") for name in state if name.endswith("/counts")]
        self._stages = [
            (epoch, {name: (state[f"{name}/counts"][i], state[f"{name}/edges"][i]) for name in names})
            for i, epoch in enumerate(state["epochs"].tolist())
        ]


def _gradients(model, totals, layers):
    """The gradients of all members: `{"gradient/<layer>": (members, weights)}`."""
    gradient_sums, samples = totals
    paths = weights_by_layer(template_of(model), layers)
    return {f"gradient/{path}": flatten_members(sums) / samples for path, sums in zip(paths, gradient_sums, strict=True)}


def _activations(model, batch, layers):
    """The activations of all members: `{"activation/<layer>": (members, values)}`."""
    found = layers_with_activation(template_of(model), layers)

    def read_member(member):
        with record_activations(found) as calls_by_path:
            predict(member, batch)
        return {
            f"activation/{path}": tf.concat([tf.reshape(tf.cast(call.outputs, tf.float32), [-1]) for call in calls], 0)
            for path, calls in calls_by_path.items()
        }

    return map_members(model, read_member)


def _histogram(values, bins):
    """Counts `(members, bins)` of values `(members, ...)`, and the edges `(bins + 1,)` common to all members."""
    members = [member[np.isfinite(member)].astype(np.float64) for member in values]
    edges = np.histogram_bin_edges(np.concatenate(members), bins)
    return np.stack([np.histogram(member, edges)[0] for member in members]), edges
