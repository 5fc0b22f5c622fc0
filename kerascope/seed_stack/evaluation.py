"""The graph that evaluates all members, and the batches in which it has to."""

import inspect
import itertools

import keras
import numpy as np
import tensorflow as tf

from ..compat import metric_function
from ..layers import outputs_of
from ..per_member import gather_samples, mapped, num_samples, of_members, slice_samples
from .member_loss import member_loss
from .members import assign_members, assigned_values
from .totals import fold_batches, losses_of_batch, masks_of, results_of, update_totals, updated_metrics, zero_totals

# Samples evaluated at a time: enough to keep the cores busy, few enough to hold all members' activations in memory.
EVALUATION_BATCH = 2048


def evaluate(stack, batch, *, batch_size):
    """Evaluate every member on the samples, in even batches; a dict of tensors `(members,)`.

    Args:
        stack: a compiled SeedStack.
        batch: the samples, as for `train_epoch`.
        batch_size: samples at a time; None if the batches do not matter.
    """
    samples = num_samples(batch)

    def step(_, rows, totals):
        some = gather_samples(batch, rows)

        is_assigned = []

        def loss_and_outputs(member, batch):
            before = [v.value for v in member.variables]
            y_pred = outputs_of(member, batch["x"], training=False)
            loss = stack.member_loss(member, batch, y_pred, training=False)
            is_assigned[:], assigned = assigned_values(member.variables, before)
            return loss, (y_pred, masks_of(y_pred)), assigned

        before = totals["losses"]
        of_member, own = mapped(loss_and_outputs, some)
        (loss, (y_pred, masks), assigned), losses = stack.map_and_track(of_member, (own,), before)
        losses = [old + new for old, new in zip(before, losses_of_batch(stack, losses, before, rows.shape[0]), strict=True)]
        assign_members(stack, stack.template.variables, is_assigned, assigned)  # a layer that draws noise, to evaluate as well
        return update_totals(stack, {**totals, "losses": losses}, some, loss, y_pred, masks)

    # Even batches: a smaller last one would be traced and compiled separately.
    size = batch_size or samples // -(-samples // EVALUATION_BATCH)
    totals = fold_batches(tf.range(samples), min(size, samples), step, zero_totals(stack))
    return results_of(stack, totals, samples)


def outputs(stack, batch, training=False):
    """The outputs of all members, tensors `(members, samples, ...)`; `batch` and `training` as for `evaluate` and a layer."""
    is_assigned = []

    def outputs_and_state(member, batch):
        before = [v.value for v in member.variables]
        y_pred = outputs_of(member, batch["x"], training)
        is_assigned[:], assigned = assigned_values(member.variables, before)
        return y_pred, assigned

    of_member, own = mapped(outputs_and_state, batch)
    y_pred, assigned = stack.map_members(of_member, own)
    assign_members(stack, stack.template.variables, is_assigned, assigned)  # a layer that draws noise, to predict as well
    return y_pred


def batches_matter(stack, batch, with_metrics=True):
    """Whether samples are evaluated otherwise in one batch than in two: sums, masks, layers that mix samples or change their state.

    Tried on the first few samples, of the first member if each has its own, with weights that differ.
    """
    samples = min(8, num_samples(batch))
    some = slice_samples(of_members(batch, 0), slice(samples))
    if "sample_weight" in some:
        some["sample_weight"] = tf.nest.map_structure(_distinct, some["sample_weight"])
    metrics = stack.member_metrics if with_metrics else []
    matters = [samples < 4]
    functions = [*_functions_of(stack.loss), *(fn for metric in metrics for fn in _functions_of(getattr(metric, "metrics", ())))]

    def evaluate_part(start, stop, states):
        part = tf.nest.map_structure(lambda t: t[start:stop], some)
        before = [v.value for v in stack.template.variables]
        y_pred = outputs_of(stack.template, part["x"], training=False)
        matters.append(bool(masks_of(y_pred)) or any(assigned_values(stack.template.variables, before)[0]))
        if "y" in part and tf.is_tensor(part["y"]) and tf.is_tensor(y_pred):  # one number for a batch is no mean over its samples
            matters.extend(tf.convert_to_tensor(function(part["y"], y_pred)).shape.rank == 0 for function in functions)
        loss = float(member_loss(stack, stack.template, part, y_pred, training=False))
        return loss, updated_metrics(stack, states, part, y_pred) if metrics else []

    def evaluate(*bounds):
        total, states = 0.0, [[v.value for v in variables] for variables in (metric.variables for metric in metrics)]
        for start, stop in itertools.pairwise(bounds):
            loss, states = evaluate_part(start, stop, states)
            total += (stop - start) * loss
        results = [m.stateless_result(state) for m, state in zip(metrics, states, strict=True)]
        return [total / samples, *map(float, tf.nest.flatten(results))]

    if samples >= 4:
        in_one, in_two = (
            stack.in_template(lambda bounds=bounds: evaluate(*bounds)) for bounds in ((0, samples), (0, samples // 2 + 1, samples))
        )
        # A loss of 0 tells nothing of its batches.
        matters.append(not abs(in_one[0] - in_two[0]) < 1e-4 * abs(in_one[0]))
        matters.append(not np.allclose(in_one, in_two, rtol=1e-4, atol=1e-6))
    return any(matters)


def _distinct(weights):
    """Weights of the same shape that differ from sample to sample."""
    steps = tf.range(1, weights.shape[0] + 1)
    return tf.cast(tf.reshape(steps, [-1] + [1] * (weights.shape.rank - 1)), weights.dtype) * tf.ones_like(weights)


def _functions_of(losses_or_metrics):
    """The functions `(y_true, y_pred)` of losses and of metrics that are means of one, as given by a user."""
    for one in tf.nest.flatten(losses_or_metrics):
        if isinstance(one, keras.losses.Loss):
            yield one.call
        elif isinstance(one, keras.metrics.MeanMetricWrapper):
            yield metric_function(one)
        elif inspect.isfunction(one):
            yield one
