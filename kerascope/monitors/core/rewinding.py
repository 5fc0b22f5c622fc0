"""Loss and accuracy of a model with the weights of one layer replaced, by each of several values of them, in one graph."""

import contextlib
import inspect

import keras
import numpy as np
import tensorflow as tf

from ...compat import keras_mask, quiet_vectorized_map, replaced_attribute
from ...per_member import Own, num_samples
from .classes import binary_threshold, classes_of_targets, loss_config, rows_of_outputs
from .graphs import graph_per_batch, map_batch, template_of
from .layers import weights_by_layer
from .loss import batch_loss, predict

OUTPUTS = tf.float32, tf.int32, tf.bool, tf.int32  # types of the results of `_measure`
NO_CLASS = -1  # is predicted where an output is not finite


def evaluate_rewound(model, batches, path, values, loss):
    """Loss and accuracy with other weights in a layer, float64 `(members, values, 2)`; in inference mode, no variable is assigned.

    Accuracy is NaN if the targets are no classes, or an output is not finite.

    Args:
        model: the model.
        batches: the batches of a probe.
        path: the path of the layer.
        values: for each of its weights a tensor `(members, values, ...)`.
        loss: see `check_loss`.
    """
    compiled = not callable(loss)
    config = loss_config(model)[1] if compiled else {}
    axis, threshold = config.get("axis", -1), binary_threshold(model, template_of(model), compiled)
    settings = {"path": path, "loss": loss, "axis": axis, "ignored": config.get("ignore_class"), "threshold": threshold}
    measures = graph_per_batch(model, batches, _measure_members, values, jit_compile=False, **settings)
    samples = sum(map(num_samples, batches))
    losses, right, counts = 0, 0, 0
    for batch, measure in zip(batches, measures, strict=True):
        loss, predicted, counted, shape = (tensor.numpy() for tensor in measure(values))
        losses = losses + num_samples(batch) / samples * loss.astype("float64")
        classes = _classes(batch, tuple(shape[0, 0]), axis, threshold, counted[:, 0])
        known = classes is not None and ((predicted != NO_CLASS) | ~counted).all(axis=-1)
        right = right + np.where(known, ((predicted == classes) & counted).sum(axis=-1), np.nan)
        counts = counts + counted.sum(axis=-1)
    return np.stack([losses, np.divide(right, counts, out=np.full(right.shape, np.nan), where=counts > 0)], axis=-1)


def _classes(batch, shape, axis, threshold, counted):
    """The class of each row of the outputs, `(members or 1, 1, rows)`; None if the targets are no classes.

    Args:
        batch: a batch of a probe.
        shape: that of the outputs; empty if they are not one tensor.
        axis, threshold: see `classes_of_targets`.
        counted: bool `(members, rows)`.
    """
    y = batch.get("y")
    targets = y.tensors if isinstance(y, Own) else y
    if not (shape and isinstance(targets, tf.Tensor)):
        return None
    of_members = targets.numpy() if isinstance(y, Own) else targets.numpy()[np.newaxis]
    try:
        classes = [classes_of_targets(of_member, shape, axis, threshold, own) for of_member, own in zip(of_members, counted, strict=False)]
    except ValueError:  # Numbers need not have the shape of classes.
        return None
    return None if any(of_member is None for of_member in classes) else np.stack(classes)[:, np.newaxis]


def _measure_members(model, batch, values, path, **settings):
    """For all members and each of the values the results of `_measure`."""
    replaced = weights_by_layer(template_of(model), None, "weights")[path]
    ids = {id(variable) for variable in replaced}

    def measure_member(member, batch, values):
        others = [(variable, variable.value) for variable in member.variables if id(variable) not in ids]

        def measure(values):
            with keras.StatelessScope([*others, *zip(replaced, values, strict=True)], collect_losses=True):
                return _measure(model, member, batch, **settings)

        return _map_values(measure, values)

    return map_batch(model, measure_member, batch, values)


def _map_values(function, values):
    """`tf.vectorized_map`, which computes once what is the same for all values, such as the layers before; or, where an operation has no
    vectorised form, `tf.map_fn`."""
    with contextlib.suppress(Exception), quiet_vectorized_map():  # The converter's errors are of all kinds.
        return tf.vectorized_map(function, values, fallback_to_while_loop=False)
    return tf.map_fn(function, values, fn_output_signature=OUTPUTS)


def _measure(model, member, batch, loss, axis, ignored, threshold):
    """The loss; row by row (see `rows_of_outputs`) the class that the outputs name, and whether the row counts; and the outputs' shape.

    Without rows if the outputs are not one tensor.
    """
    found, call = [], member.call

    def kept(*args, **kwargs):
        found.append(call(*args, **kwargs))
        return found[-1]

    kept.__signature__ = inspect.signature(call)
    with replaced_attribute(member, "call", kept):
        value = batch_loss(model, member, batch, loss)
    outputs = found[0] if len(found) == 1 else predict(member, batch)
    if not isinstance(outputs, tf.Tensor):
        return value, tf.zeros(0, tf.int32), tf.zeros(0, tf.bool), tf.zeros(0, tf.int32)
    rows = rows_of_outputs(tf.cast(outputs, tf.float32), axis)
    mask = keras_mask(outputs) if loss is None or loss == "compiled" else None
    counted = tf.ones(rows.shape[0], tf.bool) if mask is None else tf.reshape(mask, [-1])
    if ignored is not None:
        counted &= tf.reshape(tf.cast(batch["y"], tf.int64), [-1]) != ignored
    single = rows.shape[-1] == 1
    classes = tf.cast(rows[:, 0] > (threshold or 0.0), tf.int32) if single else tf.argmax(rows, axis=-1, output_type=tf.int32)
    finite = tf.reduce_all(tf.math.is_finite(rows), axis=-1)
    return value, tf.where(finite, classes, NO_CLASS), counted, tf.constant(outputs.shape.as_list(), tf.int32)
