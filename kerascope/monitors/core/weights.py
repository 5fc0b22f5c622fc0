"""The weights of a model, now and at an earlier time."""

import tensorflow as tf

from .graphs import map_members, measurement_graph, template_of
from .layers import weights_by_layer


class WeightSnapshot:
    """A copy of the weights of all members.

    Args:
        model: the model.
        layers: patterns of layers, or None for all.
        known: False if the wanted weights are not the present ones and are lost: the copy is then NaN. Defaults to `True`.

    Attributes:
        values: for each layer a list of float32 tensors `(members, ...)`.
    """

    def __init__(self, model, layers, known=True):
        self.values = measurement_graph(model, read_weights, jit_compile=False, layers=layers)()
        if not known:
            self.values = tf.nest.map_structure(lambda weight: weight * float("nan"), self.values)

    def arrays(self):
        """The values as `{"<number>": array}`."""
        return {str(i): weight.numpy() for i, weight in enumerate(tf.nest.flatten(self.values))}

    def set_arrays(self, arrays):
        """Take over the result of another snapshot's `arrays`."""
        weights = [tf.constant(arrays[str(i)]) for i in range(len(arrays))]
        self.values = tf.nest.pack_sequence_as(self.values, weights)


def read_weights(model, layers):
    """The present weights of all members: for each layer a list of float32 tensors `(members, ...)`."""
    by_layer = weights_by_layer(template_of(model), layers).values()
    return map_members(model, lambda member: [[tf.cast(v.value, tf.float32) for v in variables] for variables in by_layer])


def flatten_members(tensors):
    """Tensors `(members, ...)` as one tensor `(members, values)`."""
    return tf.concat([tf.reshape(tensor, [tensor.shape[0], -1]) for tensor in tensors], axis=1)
