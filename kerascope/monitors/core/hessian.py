"""Products of the loss's Hessian with vectors, for all members of a model."""

import math

import tensorflow as tf

from ...per_member import num_samples
from .graphs import map_batch, template_of
from .layers import weights_by_layer
from .loss import gradient_of_loss


def selected_weights(model, layers):
    """The variables of the chosen layers, in order."""
    return [variable for variables in weights_by_layer(template_of(model), layers).values() for variable in variables]


def num_weights(model, layers):
    """The number of weights in the chosen layers."""
    return sum(math.prod(variable.shape) for variable in selected_weights(model, layers))


def sum_hessian_products(model, batch, vectors, *_, layers, loss=None, training=False):
    """For all members: the Hessian of a batch's loss times the member's vector, times the number of samples; and that number.

    The loss is that of `gradient_of_loss`; the Hessian is by all trainable weights of the chosen layers, flattened one after the other.

    Args:
        model: the compiled model.
        batch: a batch of a probe.
        vectors: float32 `(members, weights)`.
        layers: patterns of layers, or None for all.
        loss, training: see `batch_loss`.

    Returns:
        float32 `(members, weights)`, and a scalar.
    """
    samples = float(num_samples(batch))

    def hessian_product(member, batch, vector):
        weights = [variable.value for variable in selected_weights(model, layers)]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            product = tf.tensordot(flatten(gradient_of_loss(model, member, weights, batch, loss, training)), vector, 1)
        rows = tape.gradient(product, weights, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return samples * flatten([tf.convert_to_tensor(row) for row in rows])

    return map_batch(model, hessian_product, batch, vectors), tf.constant(samples)


def flatten(tensors):
    """Tensors as one float32 vector."""
    return tf.concat([tf.reshape(tf.cast(tensor, tf.float32), [-1]) for tensor in tensors], 0)
