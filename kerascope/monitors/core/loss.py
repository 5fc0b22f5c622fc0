"""The compiled loss of a model, and its gradient, on a batch of a probe."""

import inspect

import keras
import tensorflow as tf


def batch_loss(model, member, batch, y_pred):
    """The compiled loss of a member's outputs in inference mode, with sample weights and regularisation: a float32 scalar.

    Args:
        model: the compiled model.
        member: the model itself, or one of the members that it trains, called just before, within `map_members`.
        batch: a batch of a probe.
        y_pred: the member's outputs on the batch.
    """
    training = {"training": False} if "training" in inspect.signature(model.compute_loss).parameters else {}
    loss = model.compute_loss(batch["x"], batch.get("y"), y_pred, batch.get("sample_weight"), **training)
    loss = tf.cast(loss, tf.float32) * tf.distribute.get_strategy().num_replicas_in_sync  # Keras divides by that number.
    # Keras adds the regularisation of the model itself, not that of another model's members.
    return loss if member is model else tf.add_n([loss, *(tf.cast(added, tf.float32) for added in member.losses)])


def predict(member, batch):
    """The outputs of a member in inference mode."""
    return member(batch["x"], training=False) if "training" in inspect.signature(member.call).parameters else member(batch["x"])


def gradient_of_loss(model, member, weights, batch):
    """The gradient of the compiled loss of a batch, in inference mode.

    Args:
        model, member, batch: see `batch_loss`.
        weights: tensors, the present weights of `member`, read within `map_members`.

    Returns:
        For each weight a float32 tensor of its shape; zeros where the loss does not depend on it.
    """
    scale = _loss_scale(model)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(weights)
        loss = scale * batch_loss(model, member, batch, predict(member, batch))
    gradients = tape.gradient(loss, weights, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    # An embedding's gradient has only the rows that were used: `convert_to_tensor` adds the others.
    return [tf.cast(tf.convert_to_tensor(gradient), tf.float32) / scale for gradient in gradients]


def _loss_scale(model):
    """The factor that keeps a float16 gradient from underflow: half of the training's own, which may just have been raised too far."""
    if isinstance(getattr(model, "optimizer", None), keras.optimizers.LossScaleOptimizer):
        return tf.cast(model.optimizer.scale_loss(tf.constant(0.5)), tf.float32)
    return 1.0
