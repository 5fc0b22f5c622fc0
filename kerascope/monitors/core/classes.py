"""The classes of a probe's targets, and of a model's outputs."""

import keras
import numpy as np
import tensorflow as tf

from ...compat import graph_operations

SIGMOIDS = (keras.activations.sigmoid, keras.activations.hard_sigmoid)


def loss_config(model):
    """The name of the compiled loss, in small letters without `_`, and its settings; `("", {})` if there is no single one."""
    losses = [loss for loss in tf.nest.flatten(model.loss) if loss is not None]  # They may be given by output, as a dict or list.
    loss = losses[0] if len(losses) == 1 else None
    loss = keras.losses.get(loss) if isinstance(loss, str) else loss
    if isinstance(loss, keras.losses.Loss):
        try:
            return type(loss).__name__.lower(), loss.get_config()
        except NotImplementedError:  # a class of the user
            return type(loss).__name__.lower(), {}
    return getattr(loss, "__name__", "").replace("_", ""), {}


def binary_threshold(model, template, compiled):
    """The output above which a single output means the second class; None if neither the loss nor the last layer tells.

    Args:
        model: the model.
        template: the ordinary model that it trains.
        compiled: whether the compiled loss is the one that is measured.
    """
    name, config = loss_config(model) if compiled else ("", {})
    if name.startswith("binary"):
        return 0.0 if config.get("from_logits") else 0.5
    if name in ("hinge", "squaredhinge"):
        return 0.0
    return 0.5 if getattr(_last_layer(template), "activation", None) in SIGMOIDS else None


def _last_layer(template):
    """The layer that makes the output; None of a subclassed model, where nothing says which one does."""
    if isinstance(template, keras.Sequential):
        return template.layers[-1] if template.layers else None
    outputs = getattr(template, "outputs", None) or [None]
    return next((operation for operation in graph_operations(template) or () if _output(operation) is outputs[0]), None)


def _output(operation):
    try:
        return operation.output
    except (AttributeError, ValueError):  # of several calls, or none
        return None


def rows_of_outputs(outputs, axis):
    """The outputs of a model as `(rows, classes)`: a row for each sample, or for each position of a sample.

    Args:
        outputs: tensor `(samples,)` or `(samples, ...)`.
        axis: that of the classes.
    """
    if outputs.shape.rank == 1:
        return outputs[:, tf.newaxis]
    outputs = keras.ops.moveaxis(outputs, axis, -1)
    return tf.reshape(outputs, [-1, outputs.shape[-1]])


def classes_of_targets(y, shape, axis, threshold, counted):
    """The class of each row of `rows_of_outputs`, int `(rows,)`; None if the targets are no classes: numbers, or several labels at a time.

    Args:
        y: the targets, array: whole numbers of the outputs' shape without `axis`, or one-hot rows or probabilities of the outputs' shape;
            for a single output 0 and 1, or -1 and 1.
        shape: that of the model's outputs.
        axis: that of the classes in `shape`.
        threshold: see `binary_threshold`.
        counted: bool `(rows,)`, False for rows whose target does not matter.

    Raises:
        ValueError: if the shapes do not go together.
    """
    shape = (*shape, 1) if len(shape) == 1 else shape
    axis = axis % len(shape)
    shape = tuple(int(length) for length in shape)
    positions = (*shape[:axis], *shape[axis + 1 :])
    if shape[axis] == 1:
        if y.size != np.prod(positions):
            raise ValueError(f"targets of shape {y.shape} do not go with outputs of shape {shape}")
        binary = np.isin(y, (0, 1)).all() or np.isin(y, (-1, 1)).all()
        return (y.reshape(-1) > 0.5).astype("int64") if binary and threshold is not None else None
    if y.shape == tuple(shape):
        rows = np.moveaxis(y, axis, -1).reshape(-1, shape[axis])
        distributions = (rows >= 0).all() and np.allclose(rows.sum(axis=1), 1, atol=1e-3)
        return rows.argmax(axis=1) if distributions else None
    if y.shape in (positions, (*positions, 1)):
        y = y.reshape(-1)
        are_classes = ((y >= 0) & (y < shape[axis]) & (y == np.round(y)))[counted].all()
        return y.astype("int64") if are_classes else None
    raise ValueError(f"targets of shape {y.shape} do not go with outputs of shape {tuple(shape)} and classes on axis {axis}")


def predicted_classes(outputs, threshold):
    """The class that the outputs `(..., classes)` name: the largest, or of a single output the second if it is above the threshold."""
    return (outputs[..., 0] > threshold).astype("int64") if outputs.shape[-1] == 1 else outputs.argmax(axis=-1)
