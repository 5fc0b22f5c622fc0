"""The check that an optimizer can train stacked members: its update of one member must not depend on another member."""

import contextlib

import keras
import numpy as np
import tensorflow as tf

from ..compat import copy_weight_decay_exclusions, has_callable_learning_rate, learning_rate_schedule, stacked_optimizer
from .mapping import map_slices
from .member_scope import NotStackable

COUPLING_OPTIMIZERS = {
    "Adafactor": "it scales updates by the root mean square over a whole weight",
    "Lamb": "its trust ratio is a norm over a whole weight",
    "Muon": "it orthogonalises whole weight matrices",
    "LossScaleOptimizer": "its loss scale is shared: one member's overflow would skip every member's step",
}
REMEDY = (
    "Use an elementwise optimizer (SGD, Adam, AdamW, RMSprop, Lion, ...); for float16, bfloat16, or a fixed scale: "
    "compile(SGD(..., loss_scale_factor=1024), ..., auto_scale_loss=False)"
)


def require_separable(optimizer, scales_loss=False):
    """Refuse an optimizer that would let stacked members influence each other.

    A stacked weight holds the members along its first axis, so a value computed over a whole weight mixes them. Keras's own optimizers are
    known by name. Any other is tested: it updates two members, stacked, and each alone; they must end the same. That finds as well an
    optimizer that treats weights by their number of axes. One that computes over whole weights passes if it leaves out as many of their
    first axes as its attribute `leading_axes` says, 0 alone and 1 in a stack.

    Args:
        optimizer: a `keras.optimizers.Optimizer`.
        scales_loss: whether Keras would wrap it into a `LossScaleOptimizer` for the model alone. Defaults to `False`.

    Raises:
        NotStackable: naming the optimizer, and why it couples members.
    """
    names = [cls.__name__ for cls in type(optimizer).__mro__]
    if "MultiOptimizer" in names:
        raise NotStackable("a SeedStack takes one optimizer for all weights, no MultiOptimizer")
    if has_callable_learning_rate(optimizer):
        raise NotStackable(f"the learning rate of {names[0]} is a function, which a SeedStack would ask once an epoch: make it a schedule")
    for name in ["LossScaleOptimizer"] * scales_loss + names:
        if name in COUPLING_OPTIMIZERS:
            raise NotStackable(f"{name} would couple the members of a SeedStack: {COUPLING_OPTIMIZERS[name]}. {REMEDY}")
    if not _is_built_in(optimizer) and _couples_members(optimizer):
        raise NotStackable(f"{names[0]} would couple the members of a SeedStack: stacked weights ended otherwise than each alone. {REMEDY}")


def squares_unsummed_rows(optimizer):
    """Whether an optimizer treats a gradient with repeated rows, as an Embedding has, otherwise than their sum."""
    rows = tf.constant([[1e3], [2e3]])  # more than any clipping lets pass
    ends = []
    for gradient in (tf.IndexedSlices(rows, tf.constant([0, 0]), tf.constant([1, 1])), tf.reduce_sum(rows, 0, keepdims=True)):
        weight, twin = keras.Variable([[1.0]]), _twin(optimizer)
        for _ in range(2):
            twin.apply([gradient], [weight])
        ends.append(float(weight.value[0, 0]))
    return not np.isclose(*ends, rtol=1e-5)


def new_optimizer(optimizer):
    """An optimizer of the same settings and present learning rate, with no steps taken."""
    learning_rate = learning_rate_schedule(optimizer) or float(keras.ops.convert_to_numpy(optimizer.learning_rate))
    twin = type(optimizer).from_config({**optimizer.get_config(), "learning_rate": learning_rate})
    copy_weight_decay_exclusions(optimizer, twin)
    return twin


def _is_built_in(optimizer):
    return getattr(keras.optimizers, type(optimizer).__name__, None) is type(optimizer)


def _twin(optimizer):
    # A constant learning rate: a schedule may not be serialisable, and does not matter here.
    try:
        return type(optimizer).from_config({**optimizer.get_config(), "learning_rate": 0.1})
    except Exception as error:
        raise NotStackable(
            f"{type(optimizer).__name__} cannot be tried out: it needs get_config() with all arguments of __init__"
        ) from error


def _couples_members(optimizer):
    """Whether two members, stacked, end otherwise than each alone; tried on weights of several ranks."""
    shapes = [(2, 4), (2, 4, 4), (2, 2, 2, 3, 4)]
    random = np.random.default_rng(0)
    gradients = [[random.normal(size=shape).astype("float32") * 30 ** random.normal() for shape in shapes] for _ in range(2)]

    def train(chosen, context):
        twin, weights = _twin(optimizer), [keras.Variable(np.ones(shape, "float32")[chosen]) for shape in shapes]
        for step in gradients:
            with context(twin):
                twin.apply([keras.ops.convert_to_tensor(gradient[chosen]) for gradient in step], weights)
        return [keras.ops.convert_to_numpy(weight) for weight in weights]

    stacked = train(slice(None), lambda twin: stacked_optimizer(twin, tf.constant(0.1), lambda *args: map_slices(*args)[0]))
    return any(
        not np.allclose(together[member], alone, rtol=1e-5, atol=1e-7)
        for member in (0, 1)
        for together, alone in zip(stacked, train(member, lambda twin: contextlib.nullcontext()), strict=True)
    )
