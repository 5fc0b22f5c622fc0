"""HistogramMonitor: how activations and gradients are distributed, at a few stages of training."""

import keras
import numpy as np
import tensorflow as tf

from common.monitors.activations import layers_with_activation, recorded_activations
from common.monitors.gradients import layers_with_weights, probe_gradients
from common.monitors.probe import graph, map_members, template_of


class HistogramMonitor(keras.callbacks.Callback):
    """Counts, layer by layer, the values of the activations and of the loss's gradient on a fixed probe, in inference mode.

    Use it to see distributions drift, widen or collapse. It says nothing to `logs`; `arrays()` has all.

    Args:
        x, y: the probe: arrays of samples and targets, as given to `fit`.
        epochs: the epochs after which it measures; 0 is before training.
        bins: how many bins.
    """

    def __init__(self, x, y, epochs, bins=60):
        super().__init__()
        self.x, self.y = tf.convert_to_tensor(x), tf.convert_to_tensor(y)
        self.epochs = sorted(set(epochs))
        self.bins = bins
        self._stages = []

    def on_train_begin(self, logs=None):
        self._measure = graph(self.model, _measure, self.x, self.y, seldom=True)
        self._stages = []
        self._count(0)

    def on_epoch_end(self, epoch, logs=None):
        self._count(epoch + 1)

    def _count(self, epoch):
        if epoch in self.epochs:
            values = {name: tensor.numpy() for name, tensor in self._measure(self.x, self.y).items()}
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
        """As for the other monitors, see `ProbeMonitor`."""
        return self.arrays()

    def set_state(self, state):
        """Take over what `get_state` gave."""
        names = [name.removesuffix("/counts") for name in state if name.endswith("/counts")]
        self._stages = [
            (epoch, {name: (state[f"{name}/counts"][i], state[f"{name}/edges"][i]) for name in names})
            for i, epoch in enumerate(state["epochs"].tolist())
        ]


def _measure(model, x, y):
    """The activations and gradients of all members, by kind and layer."""
    template = template_of(model)
    activated, weighted = layers_with_activation(template), layers_with_weights(template)

    def of_member(member):
        with recorded_activations(activated) as record:
            member(x, training=False)
        gradients = probe_gradients(model, member, weighted.values(), x, y)
        values = {f"activation/{name}": tf.cast(record[name].outputs, tf.float32) for name in activated}
        for name, of_layer in zip(weighted, gradients, strict=True):
            values[f"gradient/{name}"] = tf.concat([tf.reshape(tf.cast(g, tf.float32), [-1]) for g in of_layer], 0)
        return values

    return map_members(model, of_member)


def _histogram(values, bins):
    """Counts `(members, bins)` of values `(members, ...)`, and the edges `(bins + 1,)` common to all members."""
    members = [of_member[np.isfinite(of_member)].astype(np.float64) for of_member in values]
    edges = np.histogram_bin_edges(np.concatenate(members), bins)
    return np.stack([np.histogram(of_member, edges)[0] for of_member in members]), edges
