"""The graphs behind SeedStack: an epoch of training, and an evaluation, for all members at once.

Everything here must compile under XLA, which Keras turns on by itself on a GPU: loops are `tf.while_loop`, and a minibatch is a gather by
a row of indices, because XLA cannot compile a slice whose bounds depend on the loop's variable.
"""

import tensorflow as tf

from ..compat import fixed_learning_rate

# Samples evaluated at a time: enough to keep the cores busy, few enough to hold all members' activations in memory.
EVALUATION_BATCH = 2048


def train_epoch(stack, order, learning_rates, x, y, *validation_data, batch_size):
    """Train every member for one epoch.

    Args:
        stack: a compiled SeedStack whose loss, metrics and optimizer are built.
        order: int32 `(members, samples)`, each member's order of the samples, or `(samples,)`, the same for all.
        learning_rates: float32 `(steps,)`, the learning rate of each step.
        x, y: tensors of all training samples and targets, first axis samples.
        validation_data: nothing or `x_test, y_test`, evaluated after the last step.
        batch_size: samples per step; a smaller rest is a step of its own.

    Returns:
        A dict of tensors of shape `(members,)`: the loss and metrics by name, `train_grad_norm`, and the same loss and metrics of the
        validation data with the prefix `val_`; and the scalar `learning_rate` of the epoch's first step.
    """

    def step(number, rows, totals):
        with fixed_learning_rate(stack.optimizer, learning_rates[number]):
            return _train_step(stack, x, y, rows, totals)

    totals = {**_zero_totals(stack), "grad_norm": tf.zeros(len(stack.seeds))}
    totals = _fold_batches(order, batch_size, step, totals)
    results = _results(stack, totals, x.shape[0])
    results["train_grad_norm"] = totals["grad_norm"] / learning_rates.shape[0]
    results["learning_rate"] = learning_rates[0]
    if validation_data:
        results.update({f"val_{name}": value for name, value in evaluate(stack, *validation_data).items()})
    return results


def _fold_batches(order, batch_size, body, totals):
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


def _train_step(stack, x, y, rows, totals):
    per_member = rows.shape.rank == 2
    x, y = tf.gather(x, rows), tf.gather(y, rows)
    strategy = stack.distribute_strategy
    # strategy.run stands inside the loop over batches: an optimizer cannot synchronise replicas from a loop within it.
    loss, norm, y_pred = strategy.run(_update_replica, args=(stack, x, y, per_member))
    if strategy.num_replicas_in_sync > 1:
        loss, norm = (strategy.experimental_local_results(value)[0] for value in (loss, norm))
        y_pred = tf.ensure_shape(strategy.gather(y_pred, axis=1), [len(stack.seeds), rows.shape[-1], *stack.template.output_shape[1:]])
    return {**_update_totals(stack, totals, rows.shape[-1], loss, y, y_pred, per_member), "grad_norm": totals["grad_norm"] + norm}


def _update_replica(stack, x, y, per_member):
    """Update all members with a batch that is shared out to the replicas.

    Args:
        x, y: the whole batch, `(members, samples, ...)` if `per_member`, else `(samples, ...)`.

    Returns:
        The members' losses on the whole batch and the norms of their gradients, both the same on all replicas; and the outputs
        `(members, share, ...)` on the replica's share.
    """
    replica = tf.distribute.get_replica_context()
    x, y, weight = _replica_share(x, y, replica, axis=1 if per_member else 0)
    has_gradient = []

    def loss_and_gradients(member, x=x, y=y):
        # The tape is inside the mapped function: a gradient through the map would be sparse, which is slow in every optimizer.
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            weights = [v.value for v in member.trainable_variables]
            tape.watch(weights)
            y_pred = member(x, training=True)
            loss = _member_loss(stack, member, x, y, y_pred, training=True, weight=weight)
        gradients = tape.gradient(loss, weights)
        has_gradient[:] = [g is not None for g in gradients]
        gradients = [tf.convert_to_tensor(g) for g in gradients if g is not None]
        return loss, y_pred, gradients, [v.value for v in member.non_trainable_variables]

    loss, y_pred, gradients, state = stack.map_members(loss_and_gradients, *((x, y) if per_member else ()))
    loss, gradients = replica.all_reduce(tf.distribute.ReduceOp.SUM, (loss, gradients))
    norm = tf.sqrt(tf.add_n([_sum_of_squares(gradient) for gradient in gradients]))
    # As in Keras, a weight that the loss does not depend on is not updated.
    weights = [w for w, used in zip(stack.stacked(stack.template.trainable_variables), has_gradient, strict=True) if used]
    if replica.num_replicas_in_sync > 1:  # The optimizer adds up the replicas' gradients once more.
        gradients = [g / replica.num_replicas_in_sync for g in gradients]
    stack.optimizer.apply(gradients, weights)
    for variable, value in zip(stack.stacked(stack.template.non_trainable_variables), state, strict=True):
        variable.assign(value)
    return loss, norm, y_pred if weight else y_pred[:, :0]


def _sum_of_squares(values):
    """The sum of squares of each member's slice of `values` `(members, ...)`: `(members,)`."""
    squares = tf.square(tf.cast(values, tf.float32))
    # In two steps, unlike `tf.norm`: XLA would write all squares to memory before it adds up several axes.
    by_row = tf.reduce_sum(squares, axis=-1) if squares.shape.rank > 1 else squares
    return tf.reduce_sum(by_row, axis=range(1, by_row.shape.rank))


def _replica_share(x, y, replica, axis):
    """The samples of a replica, and their share of the batch; with fewer samples than replicas one sample and a share of 0."""
    samples, replicas = x.shape[axis], replica.num_replicas_in_sync
    if replicas == 1:
        return x, y, 1.0
    number = int(tf.get_static_value(replica.replica_id_in_sync_group))
    start, stop = (samples * i // replicas for i in (number, number + 1))
    rows = tf.range(start, stop) if stop > start else tf.range(1)
    return tf.gather(x, rows, axis=axis), tf.gather(y, rows, axis=axis), (stop - start) / samples


def evaluate(stack, x, y):
    """Evaluate every member on the same samples; a dict of tensors `(members,)`."""
    num_samples = x.shape[0]

    def step(_, rows, totals):
        x_batch, y_batch = tf.gather(x, rows), tf.gather(y, rows)

        def loss_and_outputs(member):
            y_pred = member(x_batch, training=False)
            return _member_loss(stack, member, x_batch, y_batch, y_pred, training=False), y_pred

        loss, y_pred = stack.map_members(loss_and_outputs)
        return _update_totals(stack, totals, rows.shape[-1], loss, y_batch, y_pred, per_member=False)

    # Even batches: a smaller last one would be traced and compiled separately.
    num_batches = -(-num_samples // EVALUATION_BATCH)
    totals = _fold_batches(tf.range(num_samples), num_samples // num_batches, step, _zero_totals(stack))
    return _results(stack, totals, num_samples)


def _member_loss(stack, member, x, y, y_pred, training, weight=1.0):
    """The compiled loss, with the regularisation of the member's layers, of samples that are a share `weight` of the batch."""
    replicas = tf.distribute.get_strategy().num_replicas_in_sync  # Keras divides by that number.
    loss = weight * replicas * stack.compute_loss(x, y, y_pred, training=training)
    return tf.add_n([loss, *(tf.cast(added, tf.float32) / replicas for added in member.losses)])


def _zero_totals(stack):
    """The sum of the losses over samples, and the metrics' variables, at their start; each with a leading member axis."""
    members = len(stack.seeds)
    metrics = [[tf.stack([variable.value] * members) for variable in metric.variables] for metric in stack.member_metrics]
    return {"loss": tf.zeros(members), "metrics": metrics}


def _update_totals(stack, totals, batch_size, loss, y, y_pred, per_member):
    def update_metrics(_, states, y_pred, y=y):
        return [m.stateless_update_state(state, y, y_pred) for m, state in zip(stack.member_metrics, states, strict=True)]

    metrics = stack.map_members(update_metrics, totals["metrics"], y_pred, *((y,) if per_member else ()))
    return {"loss": totals["loss"] + batch_size * loss, "metrics": metrics}


def _results(stack, totals, num_samples):
    def metric_results(_, states):
        return [m.stateless_result(state) for m, state in zip(stack.member_metrics, states, strict=True)]

    results = {"loss": totals["loss"] / num_samples}
    for metric, result in zip(stack.member_metrics, stack.map_members(metric_results, totals["metrics"]), strict=True):
        results.update(result if isinstance(result, dict) else {metric.name: result})
    return results
