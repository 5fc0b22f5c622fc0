"""The members of a SeedStack before they are stacked: one ordinary model per seed."""

import contextlib
import numbers
import random

import keras
import numpy as np


def validate_seeds(seeds):
    """The seeds as a list of int; ValueError if they cannot be the seeds of one stack."""
    seeds = list(seeds)
    if not seeds:
        raise ValueError("SeedStack needs at least one seed")
    for seed in seeds:
        if not isinstance(seed, numbers.Integral) or isinstance(seed, bool) or not 0 <= seed < 2**32:
            raise ValueError(f"a seed is an integer from 0 to 2**32 - 1, got {seed!r}")
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds must differ from each other, got {seeds}")
    return [int(seed) for seed in seeds]


def build_member(build, seed):
    """The model of `build()`, called right after `keras.utils.set_random_seed(seed)`; ValueError if it cannot be stacked."""
    with _seeded(seed):
        model = build()
    if not (isinstance(model, keras.Model) and model.built):
        raise ValueError("SeedStack needs build() to return a built keras.Model: begin a Sequential with keras.Input(shape)")
    if any(getattr(variable, "constraint", None) is not None for variable in model.variables):
        raise ValueError("SeedStack does not apply weight constraints: build the model without them")
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
    """One variable `(members, ...)` from the same variable of all members."""
    first = variables[0]
    return keras.Variable(
        np.stack([keras.ops.convert_to_numpy(variable) for variable in variables]),
        dtype=first.dtype,
        trainable=first.trainable,
        aggregation="mean" if first.dtype.startswith("float") else "only_first_replica",  # integers: states of generators
        name=first.path.replace("/", "_"),
    )
