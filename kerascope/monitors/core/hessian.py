"""Products of the loss's Hessian with vectors, for all members of a model."""

import math

import tensorflow as tf

from .graphs import map_members, template_of
from .layers import weights_by_layer
from .loss import gradient_of_loss
from .probe import num_samples


def chosen_weights(model, layers):
    """The variables that the Hessian is taken by, in order."""
    return [variable for of_layer in weights_by_layer(template_of(model), layers).values() for variable in of_layer]


def num_weights(model, layers):
    """How many numbers they hold."""
    return sum(math.prod(variable.shape) for variable in chosen_weights(model, layers))


def add_up_products(model, batch, vectors, *_, layers):
    """Of all members: the Hessian of a batch's loss times the member's vector, times the number of samples; and that number.

    The loss is that of `gradient_of_loss`; the Hessian is by all trainable weights of the chosen layers, flattened one after the other.

    Args:
        vectors: float32 `(members, weights)`.

    Returns:
        float32 `(members, weights)`, and a scalar.
    """
    samples = float(num_samples(batch))

    def of_member(member, vector):
        weights = [variable.value for variable in chosen_weights(model, layers)]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            product = tf.tensordot(flat(gradient_of_loss(model, member, weights, batch)), vector, 1)
        rows = tape.gradient(product, weights, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return samples * flat([tf.convert_to_tensor(row) for row in rows])

    return map_members(model, of_member, vectors), tf.constant(samples)


def flat(tensors):
    """Tensors as one float32 vector."""
    return tf.concat([tf.reshape(tf.cast(tensor, tf.float32), [-1]) for tensor in tensors], 0)
