"""The members of a SeedStack before they are stacked: one ordinary model per seed."""

import contextlib
import numbers
import random

import keras
import numpy as np
import tensorflow as tf

from ..layers import layer_paths
from .mapping import map_slices
from .member_scope import NotStackable

# Methods that SeedStack runs in its own way, for all members at once.
TRAINING_METHODS = (
    *("train_step", "test_step", "predict_step", "compute_loss", "compute_metrics", "compile"),
    *("fit", "evaluate", "predict", "make_train_function", "make_test_function", "make_predict_function"),
)


def validate_seeds(seeds):
    """The seeds as a list of int; ValueError if they cannot be the seeds of one stack."""
    seeds = list(seeds)
    if not seeds:
        raise ValueError("SeedStack needs at least one seed")
    seeds = [_seed(seed) for seed in seeds]
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds must differ from each other, got {seeds}")
    return seeds


def _seed(seed):
    if not isinstance(seed, numbers.Integral) or isinstance(seed, bool) or not 0 <= seed < 2**32:
        raise ValueError(f"a seed is an integer from 0 to 2**32 - 1, got {seed!r}")
    return int(seed)


def further_seeds(seeds, **given):
    """Seeds of one kind of randomness, one for each of `seeds`, which they are by default; they need not differ from each other.

    Args:
        seeds: the members' seeds.
        **given: the seeds by the name of their argument; None for `seeds`.

    Raises:
        ValueError: for another number of them, or one that is no seed.
    """
    ((name, values),) = given.items()
    if values is None:
        return list(seeds)
    values = list(values)
    if len(values) != len(seeds):
        raise ValueError(f"{name} needs one seed for each of {len(seeds)} members, got {len(values)}")
    return [_seed(value) for value in values]


def build_member(build, seed):
    """The model of `build()`, called right after `keras.utils.set_random_seed(seed)`; NotStackable if it cannot be stacked."""
    with _seeded(seed):
        model = build()
    for name in TRAINING_METHODS if isinstance(model, keras.Model) else ():
        if getattr(type(model), name) is not getattr(keras.Model, name) or name in vars(model):
            raise NotStackable(
                f"{type(model).__name__} has its own {name}(), which a SeedStack would not call: train it alone with fit(), or express the "
                "loss by compile(loss=...) and add_loss() in call()"
            )
    if not (isinstance(model, keras.Model) and model.built):
        raise NotStackable(
            "SeedStack needs build() to return a keras.Model with weights: begin a Sequential with keras.Input(shape), and call a model of "
            "your own class once on a sample"
        )
    for path, layer in layer_paths(model):
        if getattr(layer, "stateful", False) is True:
            raise NotStackable(f"layer {path} is stateful=True: a SeedStack does not carry state from batch to batch")
    return model


@contextlib.contextmanager
def _seeded(seed):
    """Within the block, Keras's random numbers depend only on the seed. Python's and NumPy's random states are restored after it."""
    python_state, numpy_state = random.getstate(), np.random.get_state()
    keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        np.random.set_state(numpy_state)
        random.setstate(python_state)


def stack_variables(variables):
    """One variable `(members, ...)` from the same variable of all members, with the path of the first."""
    first = variables[0]
    *scopes, name = first.path.split("/")
    with contextlib.ExitStack() as stack:
        for scope in scopes:  # An optimizer finds variables by their paths.
            stack.enter_context(keras.name_scope(scope))
        stacked = keras.Variable(
            np.stack([keras.ops.convert_to_numpy(variable) for variable in variables]),
            dtype=first.dtype,
            trainable=first.trainable,
            aggregation="mean" if first.dtype.startswith("float") else "only_first_replica",  # integers: states of generators
            name=name,
        )
    if first.constraint is not None:
        stacked.constraint = MemberConstraint(first.constraint)
    return stacked


def choose_members(chosen, value, other):
    """A stacked tensor of the chosen members' slices of `value`, and the others' of `other`; `chosen` is bool `(members,)`."""
    value, other = tf.convert_to_tensor(value), tf.convert_to_tensor(other)
    return tf.where(tf.reshape(tf.constant(chosen), [-1] + [1] * (value.shape.rank - 1)), value, other)


def assigned_values(variables, before):
    """Whether each variable of a member has been assigned since, and the values of those that have."""
    after = [v.value for v in variables]
    is_assigned = [new is not old for new, old in zip(after, before, strict=True)]
    return is_assigned, [new for new, changed in zip(after, is_assigned, strict=True) if changed]


def assign_members(stack, variables, is_assigned, values):
    """Assign the stacked variables of those that `assigned_values` found, `values` `(members, ...)`."""
    changed = [v for v, is_changed in zip(stack.stacked(variables), is_assigned, strict=True) if is_changed]
    for variable, value in zip(changed, values, strict=True):
        variable.assign(value)


class MemberConstraint(keras.constraints.Constraint):
    """A constraint of one member's weight, for the stacked weight."""

    def __init__(self, constraint):
        self.constraint = constraint

    def __call__(self, w):
        return map_slices(self.constraint, tf.convert_to_tensor(w))[0]
