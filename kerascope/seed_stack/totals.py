"""The sums that a pass over the samples collects, for all members: the loss, the losses of several outputs, the metrics' variables."""

import tensorflow as tf

from ..compat import keras_mask, set_keras_mask
from ..per_member import mapped, num_samples
from .member_scope import NotStackable


def fold_batches(order, batch_size, body, totals):
    """`totals` after `body(number, rows, totals)` of each batch of `order` `(..., samples)`; rows are `(..., batch)`."""
    full, remainder = divmod(order.shape[-1], batch_size)
    steps = tf.reshape(order[..., : full * batch_size], [*order.shape[:-1], full, batch_size])
    if full == 1:
        totals = body(0, steps[..., 0, :], totals)
    elif full:
        _, totals = tf.while_loop(
            lambda step, _: step < full,
            lambda step, totals: (step + 1, body(step, tf.gather(steps, step, axis=-2), totals)),
            (tf.constant(0), totals),
        )
    return body(full, order[..., full * batch_size :], totals) if remainder else totals


def zero_totals(stack):
    """The sum of the losses over samples, and the variables of metrics and of several losses, at their start, with a member axis."""
    members = len(stack.seeds)

    def repeated(variables):
        return [tf.stack([tf.zeros_like(variable.value)] * members) for variable in variables]

    metrics = [[tf.stack([variable.value] * members) for variable in metric.variables] for metric in stack.member_metrics]
    return {"loss": tf.zeros(members, stack.float_type), "metrics": metrics, "losses": repeated(stack.loss_variables)}


def update_totals(stack, totals, batch, loss, y_pred, masks):
    """The totals after a batch, of which the losses of several outputs are known already.

    Args:
        stack: the SeedStack.
        totals: as of `zero_totals`.
        batch: its tensors `(samples, ...)`, or `Own` parts `(members, samples, ...)`.
        loss: the members' losses on it, `(members,)`.
        y_pred, masks: the outputs `(members, samples, ...)` and their masks, see `masks_of`.
    """
    targets = {name: part for name, part in batch.items() if name != "x"}
    if stack.member_metrics and "y" not in batch:
        raise NotStackable("metrics need targets y")

    def update_metrics(_, targets, states, y_pred, masks):
        for number, mask in masks.items():
            set_keras_mask(tf.nest.flatten(y_pred)[number], mask)
        return updated_metrics(stack, states, targets, y_pred)

    of_member, own = mapped(update_metrics, targets)
    metrics = stack.map_members(of_member, own, totals["metrics"], y_pred, masks) if stack.member_metrics else []
    return {**totals, "loss": totals["loss"] + num_samples(batch) * tf.cast(loss, stack.float_type), "metrics": metrics}


def updated_metrics(stack, states, targets, y_pred):
    """The states of the compiled metrics after a batch."""
    weights = {"sample_weight": targets["sample_weight"]} if "sample_weight" in targets else {}
    return [m.stateless_update_state(s, targets["y"], y_pred, **weights) for m, s in zip(stack.member_metrics, states, strict=True)]


def losses_of_batch(stack, new, old, samples):
    """The losses of outputs on a batch, and its weight. `keras.Model.fit` weighs all batches alike, unless it runs eagerly."""
    return [(value - before) / (1 if stack.run_eagerly else samples) for value, before in zip(new, old, strict=True)]


def results_of(stack, totals, samples):
    """The loss and the metrics of all members by name, `{name: (members,)}`, from the totals of so many samples."""
    results = {"loss": totals["loss"] / samples}

    def metric_results(_, states):
        return [m.stateless_result(state) for m, state in zip(stack.member_metrics, states, strict=True)]

    if stack.member_metrics:
        for metric, result in zip(stack.member_metrics, stack.map_members(metric_results, totals["metrics"]), strict=True):
            results.update(result if isinstance(result, dict) else {metric.name: result})
    for metric, total, count in zip(stack.loss_metrics, totals["losses"][::2], totals["losses"][1::2], strict=True):
        results[metric.name] = total / count  # the loss of an output, a mean over samples
    for name, value in results.items():
        if value.shape.rank != 1:
            raise NotStackable(f"the metric {name} is not one number but has the shape {value.shape[1:]}: give an average of it")
    return results


def masks_of(y_pred):
    """The masks of outputs, `{number of the output: mask}`."""
    masks = {number: keras_mask(output) for number, output in enumerate(tf.nest.flatten(y_pred))}
    return {number: mask for number, mask in masks.items() if mask is not None}
