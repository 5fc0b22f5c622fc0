"""The loss of a model, the compiled one or a function, and its gradient, on a batch of a probe."""

import inspect

import keras
import tensorflow as tf

from ...compat import keras_logits, replaced_attribute
from ...layers import outputs_of
from .graphs import template_of

TRAINING_METHODS = ("train_step", "make_train_function")


def check_loss(model, loss):
    """ValueError with the reason if the model may not be trained by the loss that is to be measured.

    A model's own `compute_loss` is what Keras trains it by, and what `batch_loss` calls; a stack of members calls its own.

    Args:
        model: the model.
        loss: None, `"compiled"`, or a function `loss(model, batch)`, the argument of a monitor.
    """
    if callable(loss):
        return
    if not model.compiled:
        raise ValueError("the model is not compiled: compile it, or give loss=, a function loss(model, batch)")
    template = template_of(model)
    methods = TRAINING_METHODS if template is model else (*TRAINING_METHODS, "compute_loss")
    own = [name for name in methods if getattr(getattr(template, name), "__func__", None) is not getattr(keras.Model, name)]
    if own and loss != "compiled":
        raise ValueError(
            f"{type(template).__name__} has its own {' and '.join(own)}, so the compiled loss may not be what it trains by: give loss=, a "
            'function loss(model, batch), or loss="compiled" if it is'
        )


def check_loss_argument(loss):
    """ValueError if the `loss` argument of a monitor is of no kind that `check_loss` knows. Returns it."""
    if loss is None or loss == "compiled" or callable(loss):
        return loss
    raise ValueError(f'loss must be a function loss(model, batch), "compiled" or None, got {loss!r}')


def check_mean(model, loss):
    """ValueError if the compiled loss is known to be no mean over the samples, where a measurement needs one."""
    for of_output in () if callable(loss) else tf.nest.flatten(model.loss):
        if getattr(of_output, "reduction", "mean") in ("sum", "none", None):  # Without a reduction, gradients are those of the sum.
            raise ValueError(f"{of_output.name} sums over the samples of a batch, and what is measured needs a mean: give loss=")


def batch_loss(model, member, batch, loss=None, training=False):
    """The loss of a member on a batch: a float32 scalar. The compiled loss has sample weights and regularisation in it.

    Args:
        model: the compiled model.
        member: the model itself, or one of the members that it trains, within `map_members`.
        batch: a batch of a probe.
        loss: see `check_loss`.
        training: whether in training mode.
    """
    check_loss(model, loss)
    if callable(loss):
        value = tf.convert_to_tensor(loss(member, batch))
        if value.shape.rank != 0:
            raise ValueError(f"loss(model, batch) must return a scalar, the mean over the batch; it returned shape {tuple(value.shape)}")
        return tf.cast(value, tf.float32)
    y_pred = predict(member, batch, training)
    try:
        if member is not model:
            return tf.cast(model.member_loss(member, batch, y_pred, training), tf.float32)
        arguments = {"training": training} if "training" in inspect.signature(model.compute_loss).parameters else {}
        value = model.compute_loss(batch["x"], batch.get("y"), y_pred, batch.get("sample_weight"), **arguments)
    except Exception as error:
        if "y" not in batch and model.loss is not None:
            raise ValueError(
                f"the compiled loss needs targets, and the probe has none: give y, or a Dataset of (x, y){_hint(batch)}"
            ) from error
        raise
    return tf.cast(value, tf.float32) * tf.distribute.get_strategy().num_replicas_in_sync  # Keras divides by that number.


def predict(member, batch, training=False):
    """The outputs of a member, by default in inference mode; ValueError if the probe is not of the model's form."""
    if isinstance(batch["x"], tuple | list) and getattr(member, "inputs", None):
        _check_inputs(member, batch, len)  # Keras may take the first of too many.
    try:
        return outputs_of(member, batch["x"], training)
    except Exception as error:
        _check_inputs(member, batch, lambda shapes: [len(shape) for shape in shapes], error)
        raise


def _check_inputs(member, batch, property_of, error=None):
    """ValueError if the inputs of a probe and those of a functional model differ in a property of the list of their shapes."""
    wanted = [tuple(tensor.shape) for tensor in tf.nest.flatten(getattr(member, "inputs", None) or [])]
    given = [tuple(tensor.shape) for tensor in tf.nest.flatten(batch["x"])]
    if wanted and property_of(wanted) != property_of(given):
        raise ValueError(f"the probe has inputs of shapes {given} and the model takes {wanted}{_hint(batch)}") from error


def _hint(batch):
    is_pair = isinstance(batch["x"], tuple) and "y" not in batch
    return "; a tuple (x, y) is two inputs, as for fit: give x and y as two arguments" if is_pair else ""


def loss_and_logit_gradient(model, member, batch, loss):
    """The loss of a batch in inference mode, the model's outputs, its logits (see `keras_logits`), and the gradient of the loss by them.

    Returns:
        A scalar and three tensors; the gradient is None if the loss does not depend on the logits.
    """
    found, call = [], member.call

    def watched(*args, **kwargs):
        outputs = call(*args, **kwargs)
        tape.watch(outputs)
        found.append(outputs)
        return outputs

    watched.__signature__ = inspect.signature(call)
    with tf.GradientTape(watch_accessed_variables=False) as tape, replaced_attribute(member, "call", watched):
        tape.watch([variable.value for variable in member.trainable_variables])  # so that logits before the outputs are on the tape
        value = batch_loss(model, member, batch, loss)
    if len(found) != 1:
        raise ValueError(f"gradients by logits need a loss that calls the model once; it calls it {len(found)} times")
    if not isinstance(found[0], tf.Tensor):
        raise ValueError("gradients by logits need a model of one output: measure a model of the output that is meant")
    logits = keras_logits(found[0])
    return value, found[0], logits, tape.gradient(value, logits)


def gradient_of_loss(model, member, weights, batch, loss=None, training=False):
    """The gradient of the loss of a batch.

    Args:
        model, member, batch, loss, training: see `batch_loss`.
        weights: tensors, the present weights of `member`, read within `map_members`.

    Returns:
        For each weight a float32 tensor of its shape; zeros where the loss does not depend on it.
    """
    scale = _loss_scale(model)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(weights)
        value = scale * batch_loss(model, member, batch, loss, training)
    gradients = tape.gradient(value, weights, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    # An embedding's gradient has only the rows that were used: `convert_to_tensor` adds the others.
    return [tf.cast(tf.convert_to_tensor(gradient), tf.float32) / scale for gradient in gradients]


def _loss_scale(model):
    """The factor that keeps a float16 gradient from underflow: half of the training's own, which may just have been raised too far."""
    if isinstance(getattr(model, "optimizer", None), keras.optimizers.LossScaleOptimizer):
        return tf.cast(model.optimizer.scale_loss(tf.constant(0.5)), tf.float32)
    return 1.0
