"""PerMember: samples of which each member of a SeedStack has its own; and batches some parts of which are such."""

import functools
from typing import Any, NamedTuple

import tensorflow as tf


class PerMember:
    """Samples of which each member of a `SeedStack` has its own: the first axis is that of the members, the second that of the samples.

    `fit`, `evaluate`, `predict` and `verify` of a stack take it in place of arrays that all members share, and so does the probe of a
    monitor. Use it for folds of a cross-validation, bootstrap samples, or labels with noise of their own. Any of `x`, `y` and
    `sample_weight` may be shared while another is not, and so may the validation data. No shape is taken for it unsaid.

    Example:

    ```python
    rows = np.stack([np.random.default_rng(seed).integers(0, len(x), len(x)) for seed in range(3)])  # bootstrap samples
    stack = SeedStack(build, seeds=range(3))
    stack.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    stack.fit(PerMember(x[rows]), PerMember(y[rows]), validation_data=(x_test, y_test), epochs=20)
    ```

    Args:
        values: array `(members, samples, ...)`, or a structure (list, dict) of them for a model of several inputs or outputs.
    """

    def __init__(self, values):
        self.values = values

    def __repr__(self):
        return f"PerMember({tf.nest.map_structure(lambda values: getattr(values, 'shape', type(values).__name__), self.values)})"


class Own(NamedTuple):
    """A part of a batch of which each member has its own: a structure of tensors `(members, samples, ...)`.

    A NamedTuple, because TensorFlow keeps those in its structures: in a batch, the mark stays with the tensors.
    """

    tensors: Any


def num_samples(batch):
    """The number of samples in a batch: a dict of structures of tensors, first axis samples, or of `Own` parts."""
    part = next(iter(batch.values()))
    return tf.nest.flatten(part)[0].shape[1 if isinstance(part, Own) else 0]


def num_members(batch):
    """The number of members for which a batch has samples; None if they share all of it."""
    lengths = {tensor.shape[0] for part in batch.values() if isinstance(part, Own) for tensor in tf.nest.flatten(part)}
    if len(lengths) > 1:
        raise ValueError(f"PerMember has different numbers of members: {', '.join(map(str, sorted(lengths)))}")
    return next(iter(lengths), None)


def require_members(batch, members):
    """ValueError if a batch has samples for another number of members than there are."""
    if num_members(batch) not in (None, members):
        raise ValueError(f"PerMember has samples for {num_members(batch)} members, and the stack has {members}")


def slice_samples(batch, rows):
    """The samples of a batch in a slice."""
    return _map_parts(batch, lambda t: t[rows], lambda t: t[:, rows])


def gather_samples(batch, rows):
    """The samples of a batch with the numbers `rows`, `(samples,)`; or `(members, samples)`, each member's: all parts are then `Own`."""
    per_member = rows.shape.rank == 2
    where = {"batch_dims": 1} if per_member else {"axis": 1}
    gathered = _map_parts(batch, lambda t: tf.gather(t, rows), lambda t: tf.gather(t, rows, **where))
    return {name: Own(part) if per_member and not isinstance(part, Own) else part for name, part in gathered.items()}


def of_members(batch, members):
    """A batch with the samples of some members, list of positions; or that of one, an integer, without the members' axis."""
    chosen = _map_parts(batch, lambda t: t, lambda t: tf.gather(t, members))
    one = isinstance(members, int)
    return {name: part.tensors if one and isinstance(part, Own) else part for name, part in chosen.items()}


def _map_parts(batch, of_shared, of_own):
    return {name: tf.nest.map_structure(of_own if isinstance(part, Own) else of_shared, part) for name, part in batch.items()}


def mapped(function, batch):
    """`function(member, batch, *args)` for `map_members`: a function `(member, own, *args)`, and `own`, the batch's own parts.

    The function gets each member's batch, without the members' axis.
    """
    own = {name: part.tensors for name, part in batch.items() if isinstance(part, Own)}
    shared = {name: part for name, part in batch.items() if not isinstance(part, Own)}

    @functools.wraps(function)
    def of_member(member, own, *args):
        return function(member, {**shared, **own}, *args)

    return of_member, own
