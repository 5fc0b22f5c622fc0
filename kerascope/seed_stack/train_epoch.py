"""The graph of an epoch of training, for all members at once.

Everything here must compile under XLA, which Keras turns on by itself on a GPU: loops are `tf.while_loop`, and a minibatch is a gather by
a row of indices, because XLA cannot compile a slice whose bounds depend on the loop's variable.
"""

import functools

import tensorflow as tf

from ..compat import stacked_optimizer
from ..gradient_changes import changed_gradients, sum_of_squares
from ..layers import outputs_of
from ..per_member import gather_samples, mapped, num_samples
from .evaluation import evaluate
from .mapping import map_slices
from .members import assign_members, assigned_values
from .totals import fold_batches, losses_of_batch, masks_of, results_of, update_totals, zero_totals


def train_epoch(stack, order, learning_rates, batch, *validation, batch_size, validation_batch_size, change=None):
    """Train every member for one epoch.

    Args:
        stack: a compiled SeedStack whose loss, metrics and optimizer are built.
        order: int32 `(members, samples)`, each member's order of the samples, or `(samples,)`, the same for all.
        learning_rates: float `(steps,)` or `(steps, members)`, the learning rate of each step.
        batch: all training samples, a dict of `x` and perhaps `y` and `sample_weight`, structures of tensors; first axis samples,
            or of `Own` parts, with the members on the axis before.
        validation: nothing, or another such dict, evaluated after the last step.
        batch_size: samples per step; a smaller rest is a step of its own.
        validation_batch_size: see `evaluate`.
        change: function of the number of a step and `{position of the weight: gradients (members, ...)}` that returns the gradients for
            the optimizer. Defaults to `None`: those of the loss.

    Returns:
        A dict of tensors of shape `(members,)`: the loss and metrics by name, `train_grad_norm`, and the same loss and metrics of the
        validation data with the prefix `val_`; and the `learning_rate` of the epoch's first step, a scalar or `(members,)`.
    """

    def step(number, rows, totals):
        with stacked_optimizer(stack.optimizer, learning_rates[number], lambda *args: map_slices(*args)[0]):
            of_step = None if change is None else functools.partial(change, number)
            return _train_step(stack, batch, rows, totals, of_step)

    totals = {**zero_totals(stack), "grad_norm": tf.zeros(len(stack.seeds))}
    totals = fold_batches(order, batch_size, step, totals)
    results = results_of(stack, totals, num_samples(batch))
    results["train_grad_norm"] = totals["grad_norm"] / learning_rates.shape[0]
    results["learning_rate"] = learning_rates[0]
    if validation:
        evaluated = evaluate(stack, *validation, batch_size=validation_batch_size)
        results.update({f"val_{name}": value for name, value in evaluated.items()})
    return results


def train_epoch_with_changes(stack, order, learning_rates, amounts, batch, *validation, changes, **sizes):
    """Train every member for one epoch, with gradients that are changed before the optimizer gets them; see `train_epoch`.

    Args:
        stack, order, learning_rates, batch, *validation, **sizes: see `train_epoch`.
        amounts: floats `(steps, layers)`, one for each of `changes`.
        changes: see `changed_gradients`.
    """

    def change(step, gradients):
        of_step = [of_change[step] for of_change in amounts]
        return changed_gradients(gradients, changes, of_step, stack.optimizer.loss_scale_factor or 1, of_members=True)

    return train_epoch(stack, order, learning_rates, batch, *validation, **sizes, change=change)


def _train_step(stack, batch, rows, totals, change):
    batch = gather_samples(batch, rows)
    strategy = stack.distribute_strategy
    # strategy.run stands inside the loop over batches: an optimizer cannot synchronise replicas from a loop within it.
    results = strategy.run(_update_replica, args=(stack, batch, totals["losses"], change))
    if strategy.num_replicas_in_sync > 1:
        loss, losses, norm = (tf.nest.map_structure(lambda v: strategy.experimental_local_results(v)[0], value) for value in results[:3])
        shape = [len(stack.seeds), rows.shape[-1]]

        def gathered(value):
            own = strategy.experimental_local_results(value)[0]
            if own.dtype == tf.bool:  # of masks, which cannot be gathered
                return tf.cast(gathered(strategy.run(lambda mask: tf.cast(mask, tf.int32), (value,))), tf.bool)
            return tf.ensure_shape(strategy.gather(value, axis=1), [*shape, *own.shape[2:]])

        results = loss, losses, norm, *(tf.nest.map_structure(gathered, value) for value in results[3:])
    loss, losses, norm, y_pred, masks = results
    totals = update_totals(stack, {**totals, "losses": losses}, batch, loss, y_pred, masks)
    return {**totals, "grad_norm": totals["grad_norm"] + norm}


def _update_replica(stack, batch, losses, change):
    """Update all members with a batch that is shared out to the replicas.

    Args:
        batch: the whole batch, its tensors `(samples, ...)`, or `Own` parts `(members, samples, ...)`.
        losses: the values of the variables that hold the losses of several outputs, each `(members,)`.
        change: None, or the function of the gradients of `train_epoch` in this step.

    Returns:
        The members' losses on the whole batch, `losses` with those of this batch, and the norms of the gradients, all the same on all
        replicas; and the outputs `(members, share, ...)` on the replica's share, and their masks.
    """
    replica = tf.distribute.get_replica_context()
    batch, weight = _replica_share(batch, replica)
    has_gradient, is_assigned = [], []

    def loss_and_gradients(member, batch):
        # The tape is inside the mapped function: a gradient through the map would be sparse, which is slow in every optimizer.
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            weights = [v.value for v in member.trainable_variables]
            tape.watch(weights)
            y_pred = outputs_of(member, batch["x"], training=True)
            loss = stack.member_loss(member, batch, y_pred, training=True, weight=weight)
            scaled = stack.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, weights)
        if any(isinstance(gradient, tf.IndexedSlices) for gradient in gradients):
            stack.has_sparse_gradients = True
        has_gradient[:] = [g is not None for g in gradients]
        gradients = [tf.convert_to_tensor(g) for g in gradients if g is not None]
        is_assigned[:], assigned = assigned_values(member.trainable_variables, weights)  # SpectralNormalization assigns weights in its call
        return loss, (y_pred, masks_of(y_pred)), gradients, assigned, [v.value for v in member.non_trainable_variables]

    of_member, own = mapped(loss_and_gradients, batch)
    results, updated = stack.map_and_track(of_member, (own,), losses)
    loss, (y_pred, masks), gradients, assigned, state = results
    added = [value * weight for value in losses_of_batch(stack, updated, losses, tf.nest.flatten(y_pred)[0].shape[1])]
    loss, gradients, added = replica.all_reduce(tf.distribute.ReduceOp.SUM, (loss, gradients, added))
    changed = gradients
    if change is not None:
        positions = [position for position, used in enumerate(has_gradient) if used]
        changed = list(change(dict(zip(positions, gradients, strict=True))).values())
    _update_variables(stack, changed, has_gradient, assigned, is_assigned, state, replica.num_replicas_in_sync)
    norm = tf.sqrt(tf.add_n([sum_of_squares(gradient) for gradient in gradients])) / (stack.optimizer.loss_scale_factor or 1)
    if not weight:
        y_pred, masks = tf.nest.map_structure(lambda t: t[:, :0], (y_pred, masks))
    return loss, [old + new for old, new in zip(losses, added, strict=True)], norm, y_pred, masks


def _update_variables(stack, gradients, has_gradient, assigned, is_assigned, state, replicas):
    """Give all members their new weights and state."""
    weights = stack.stacked(stack.template.trainable_variables)
    assign_members(stack, stack.template.trainable_variables, is_assigned, assigned)
    for variable, value in zip(stack.stacked(stack.template.non_trainable_variables), state, strict=True):
        variable.assign(value)
    if replicas > 1:  # The optimizer adds up the replicas' gradients once more.
        gradients = [g / replicas for g in gradients]
    # As in Keras, a weight that the loss does not depend on is not updated.
    stack.optimizer.apply(gradients, [w for w, used in zip(weights, has_gradient, strict=True) if used])


def _replica_share(batch, replica):
    """The samples of a replica, and their share of the batch; with fewer samples than replicas one sample and a share of 0."""
    samples, replicas = num_samples(batch), replica.num_replicas_in_sync
    if replicas == 1:
        return batch, 1.0
    number = int(tf.get_static_value(replica.replica_id_in_sync_group))
    start, stop = (samples * i // replicas for i in (number, number + 1))
    rows = tf.range(start, stop) if stop > start else tf.range(1)
    return gather_samples(batch, rows), (stop - start) / samples
