"""Changes of gradients on their way from the loss to the optimizer: layer by layer, for each member on its own."""

import tensorflow as tf


def changed_gradients(gradients, changes, amounts, loss_scale, of_members):
    """Gradients after all changes, one after the other.

    Args:
        gradients: `{position of the weight: tensor}`, of those weights that have a gradient; with `of_members`, `(members, ...)`.
        changes: `(kind, layers)` of each change: a key of `FACTORS`, and the positions of the weights of each layer of the model.
        amounts: tensors `(layers,)`, one for each change.
        loss_scale: the number by which the gradients are larger than those of the loss.
        of_members: whether the first axis of the gradients is the members.

    Returns:
        A dict as `gradients`.
    """
    gradients = dict(gradients)
    for (kind, layers), of_layers in zip(changes, amounts, strict=True):
        for number, positions in enumerate(layers):
            of_layer = {position: gradients[position] for position in positions if position in gradients}
            if of_layer:
                factor = FACTORS[kind](of_layer.values(), of_layers[number], loss_scale, of_members)
                gradients |= {position: _multiply(gradient, factor) for position, gradient in of_layer.items()}
    return gradients


def _scale(gradients, factor, loss_scale, of_members):
    return factor


def _clip(gradients, limit, loss_scale, of_members):
    """The factor that makes the norm at most `limit`; NaN for a norm that is not finite, unless `limit` is infinite."""
    dense = [tf.convert_to_tensor(gradient) for gradient in gradients]
    squares = [sum_of_squares(gradient if of_members else gradient[tf.newaxis], limit.dtype) for gradient in dense]
    norm = tf.sqrt(tf.add_n(squares)) / tf.cast(loss_scale, limit.dtype)
    norm = norm if of_members else norm[0]
    factor = tf.where(norm > limit, limit / norm, tf.ones_like(norm))
    return tf.where(tf.math.is_finite(norm) | tf.math.is_inf(limit), factor, tf.cast(float("nan"), limit.dtype))


FACTORS = {"scale": _scale, "clip": _clip}
NO_CHANGE = {"scale": 1.0, "clip": float("inf")}  # the amounts with which a gradient stays as it is, bit for bit


def _multiply(gradient, factor):
    if isinstance(gradient, tf.IndexedSlices):
        return tf.IndexedSlices(_multiply(gradient.values, factor), gradient.indices, gradient.dense_shape)
    factor = tf.reshape(factor, [*factor.shape, *[1] * (gradient.shape.rank - factor.shape.rank)])
    return tf.math.multiply_no_nan(gradient, tf.cast(factor, gradient.dtype))  # A factor of 0 silences what is not finite, too.


def sum_of_squares(values, dtype=tf.float32):
    """The sum of squares of each member's slice of `values` `(members, ...)`: `(members,)`; by default of float32."""
    squares = tf.square(tf.cast(values, dtype))
    # In two steps, unlike `tf.norm`: XLA would write all squares to memory before it adds up several axes.
    by_row = tf.reduce_sum(squares, axis=-1) if squares.shape.rank > 1 else squares
    return tf.reduce_sum(by_row, axis=range(1, by_row.shape.rank))
