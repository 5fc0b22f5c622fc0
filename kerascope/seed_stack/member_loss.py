"""The loss of one member of a stack."""

import keras
import tensorflow as tf

from .member_scope import NotStackable


def member_loss(stack, member, batch, y_pred, training, weight=1.0):
    """The loss of a member with all its terms, a scalar; arguments as of `SeedStack.member_loss`."""
    replicas = tf.distribute.get_strategy().num_replicas_in_sync  # Keras divides by that number.
    among = 1 if tf.distribute.in_cross_replica_context() else replicas  # that add up their losses
    losses = [tf.reduce_sum(tf.cast(added, keras.config.floatx())) / among for added in member.losses]
    if stack.loss is not None:
        loss = stack.compute_loss(batch["x"], batch.get("y"), y_pred, batch.get("sample_weight"), training=training)
        if loss.shape.rank:
            raise NotStackable(f"the loss has the shape {loss.shape} instead of one number: use reduction='sum_over_batch_size'")
        losses.append(weight * replicas * loss)
    if not losses:
        raise NotStackable("the model has no loss: give compile(loss=...), or call add_loss() in its layers")
    return tf.add_n([tf.cast(loss, losses[-1].dtype) for loss in losses])
