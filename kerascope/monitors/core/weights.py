"""The weights of a model, now and as they were at some time."""

import tensorflow as tf

from .graphs import graph, map_members, template_of
from .layers import weights_by_layer


class WeightsThen:
    """A copy of the weights of all members.

    Args:
        model: the model.
        layers: patterns of layers, or None for all.
        known: whether the weights that are wanted are the present ones; if not, they are NaN.

    Attributes:
        values: for each layer a list of float32 tensors `(members, ...)`.
    """

    def __init__(self, model, layers, known=True):
        self.values = graph(model, read_weights, seldom=True, layers=layers)()
        if not known:
            self.values = tf.nest.map_structure(lambda weight: weight * float("nan"), self.values)

    def arrays(self, name):
        """For a monitor's `get_state`: `{"<name>/<number>": array}`."""
        return {f"{name}/{i}": weight.numpy() for i, weight in enumerate(tf.nest.flatten(self.values))}

    def set_arrays(self, name, state):
        """Take over what `arrays` of another gave."""
        weights = [tf.constant(state[f"{name}/{i}"]) for i in range(len(tf.nest.flatten(self.values)))]
        self.values = tf.nest.pack_sequence_as(self.values, weights)


def read_weights(model, layers):
    """The present weights of all members: for each layer a list of float32 tensors `(members, ...)`."""
    by_layer = weights_by_layer(template_of(model), layers).values()
    return map_members(model, lambda member: [[tf.cast(v.value, tf.float32) for v in of_layer] for of_layer in by_layer])


def by_member(tensors):
    """Tensors `(members, ...)` as one, `(members, numbers)`."""
    return tf.concat([tf.reshape(tensor, [tensor.shape[0], -1]) for tensor in tensors], axis=1)
