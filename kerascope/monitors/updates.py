"""UpdateMonitor: how far training moves the weights, at each stretch and in all."""

import tensorflow as tf

from .core.base import QuantityMonitor
from .core.graphs import graph
from .core.layers import weights_by_layer
from .core.weights import WeightsThen, by_member, read_weights


class UpdateMonitor(QuantityMonitor):
    """Measures how far each layer's weights move: since the last measurement, and since training began. It needs no probe.

    Use it to see layers that stand still, or a rate at which weights are thrown about; and whether training stays near its start, as it
    does in wide networks (Nagarajan & Kolter 2019, arXiv:1901.01672).

    Quantities, of a layer's trainable weights taken together, float32:

    - `update_ratio`: L2 norm of the weights' change since the last measurement, or since training began, divided by their norm then.
    - `distance`: L2 norm of the weights' change since training began (weight units).
    - `relative_distance`: `distance` divided by the norm of the weights when training began.
    - `update_alignment`: cosine of the angle between the change since the last measurement and the change from the measurement before to
      the last, -1 to 1: near 1 the weights drift, near -1 they swing to and fro. NaN at the first measurement.

    NaN where the divisor is 0; and, for a model whose first batch builds it, at the first measurement, whose weights then pass for those
    that training began with.

    Args:
        every: measure after every so many epochs; or the epochs after which to measure, a collection of ints, 0 for before training.
        layers: names or patterns of the layers to measure; all by default.
        logs: whether the values enter `logs`, or patterns of the keys that do.
    """

    quantities = ("update_ratio", "distance", "relative_distance", "update_alignment")

    def __init__(self, every=1, layers=None, logs=True):
        super().__init__(None, every, layers, logs)

    def layer_names(self):
        return list(weights_by_layer(self.template, self.layers))

    def build_measure(self):
        self._start, self._before, self._last_change = (
            WeightsThen(self.model, self.layers, known) for known in (True, self.knows_the_start, False)
        )
        measure = graph(self.model, _measure, self._start.values, self._before.values, self._last_change.values, layers=self.layers)

        def measure_and_remember(epoch):
            then = self._start.values, self._before.values, self._last_change.values
            quantities, self._before.values, self._last_change.values = measure(*then)
            return quantities

        return measure_and_remember

    def get_state(self):
        return {
            **super().get_state(),
            **self._start.arrays("start"),
            **self._before.arrays("before"),
            **self._last_change.arrays("last_change"),
        }

    def set_state(self, state):
        super().set_state(state)
        self._start.set_arrays("start", state)
        self._before.set_arrays("before", state)
        self._last_change.set_arrays("last_change", state)


def _measure(model, start, before, last_change, layers):
    """The quantities `(members, layers, quantities)`; the weights; and their change."""
    weights = read_weights(model, layers)
    change = tf.nest.map_structure(tf.subtract, weights, before)
    rows = [_quantities(*map(by_member, of_layer)) for of_layer in zip(start, before, change, last_change, weights, strict=True)]
    return tf.stack(rows, axis=1), weights, change


def _quantities(start, before, change, last_change, weights):
    """Of a layer, from all its numbers `(members, numbers)`: `(members, quantities)`."""
    length, distance = tf.norm(change, axis=1), tf.norm(weights - start, axis=1)
    alignment = tf.reduce_sum(change * last_change, axis=1) / (length * tf.norm(last_change, axis=1))
    return tf.stack([length / tf.norm(before, axis=1), distance, distance / tf.norm(start, axis=1), alignment], axis=1)
