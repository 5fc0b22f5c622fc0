"""UpdateMonitor: the distances that the weights move, since the last measurement and since training began."""

import tensorflow as tf

from .core.base import QuantityMonitor
from .core.graphs import measurement_graph
from .core.layers import weights_by_layer
from .core.quantity import Quantity
from .core.weights import WeightSnapshot, flatten_members, read_weights


class UpdateMonitor(QuantityMonitor):
    """Measures the distance that each layer's weights move, at the end of epochs. It needs no probe.

    Use it to see layers that do not learn, or a learning rate that is too high; and whether training stays near its start, as it does in
    wide networks (Nagarajan & Kolter 2019, arXiv:1901.01672).

    Example:

    ```python
    updates = UpdateMonitor()
    model.fit(x_train, y_train, epochs=20, callbacks=[updates])
    updates.plot()
    ```

    Quantities, float32, each over all trainable weights of a layer:

    - `update_ratio`: L2 norm of the weights' change since the last measurement, or since training began, divided by their norm then.
    - `distance`: L2 norm of the weights' change since training began (weight units).
    - `relative_distance`: `distance` divided by the norm of the weights when training began.
    - `update_alignment`: cosine of the angle between the change since the last measurement and the change from the measurement before to
      the last, -1 to 1: near 1 the weights drift, near -1 they oscillate. NaN at the first measurement.

    NaN if the divisor is 0. For a model that its first batch builds, NaN at the first measurement, which then counts as the beginning of
    training.

    Args:
        every: measure after every `every` epochs, or a collection of the epochs after which to measure; 0 is before training. Defaults to
            `1`.
        layers: names or patterns of the layers to measure. Defaults to `None`: all.
        logs: whether the values enter `logs`, or patterns of the keys that do. Defaults to `True`.
    """

    quantities = (
        Quantity("update_ratio", "update ratio", "1", "log"),
        Quantity("distance", "distance from the initial weights", "weight units"),
        Quantity("relative_distance", "distance ÷ norm of the initial weights"),
        Quantity("update_alignment", "alignment of successive updates", "1", "linear", "not measured"),
    )

    def __init__(self, every=1, layers=None, logs=True):
        super().__init__(None, every, layers, logs)

    def layer_names(self):
        return list(weights_by_layer(self.template, self.layers))

    def build_measure(self):
        known = {"start": True, "before": self.built_at_start, "last_change": False}
        self.state = {name: WeightSnapshot(self.model, self.layers, is_known) for name, is_known in known.items()}
        start, before, last_change = self.state.values()
        measure = measurement_graph(self.model, _measure, start.values, before.values, last_change.values, layers=self.layers)

        def measure_and_remember(epoch):
            quantities, before.values, last_change.values = measure(start.values, before.values, last_change.values)
            return quantities

        return measure_and_remember


def _measure(model, start, before, last_change, layers):
    """The quantities `(members, layers, quantities)`; the weights; and their change."""
    weights = read_weights(model, layers)
    change = tf.nest.map_structure(tf.subtract, weights, before)
    rows = [_quantities(*map(flatten_members, tensors)) for tensors in zip(start, before, change, last_change, weights, strict=True)]
    return tf.stack(rows, axis=1), weights, change


def _quantities(start, before, change, last_change, weights):
    """The quantities of one layer, `(members, quantities)`, from all its values `(members, values)`."""
    length, distance = tf.norm(change, axis=1), tf.norm(weights - start, axis=1)
    alignment = tf.reduce_sum(change * last_change, axis=1) / (length * tf.norm(last_change, axis=1))
    return tf.stack([length / tf.norm(before, axis=1), distance, distance / tf.norm(start, axis=1), alignment], axis=1)
