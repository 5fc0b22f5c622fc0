"""The members of a SeedStack before they are stacked: one ordinary model per seed."""

import contextlib
import numbers
import random
import threading

import keras
import numpy as np


def checked_seeds(seeds):
    """The seeds as a list of int; ValueError if they cannot be seeds of one stack."""
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
    """What `build()` returns right after `keras.utils.set_random_seed(seed)`; ValueError if it cannot be stacked."""
    with _seeded(seed):
        model = build()
    if not (isinstance(model, keras.Model) and model.built):
        raise ValueError("SeedStack needs build() to return a built keras.Model: begin a Sequential with keras.Input(shape)")
    if any(getattr(variable, "constraint", None) is not None for variable in model.variables):
        raise ValueError("SeedStack does not apply weight constraints: build the model without them")
    return model


_RANDOM_FUNCTIONS = [name for name, value in vars(random).items() if getattr(value, "__self__", None) is random.seed.__self__]
_one_at_a_time = threading.RLock()  # what is seeded belongs to the whole process


@contextlib.contextmanager
def _seeded(seed):
    """Make what Keras draws inside the block a function of the seed; leave Python's and NumPy's random state as they were."""
    with _one_at_a_time, _python_random_of_its_own():
        numpy_state = np.random.get_state()
        keras.utils.set_random_seed(seed)
        try:
            yield
        finally:
            np.random.set_state(numpy_state)


@contextlib.contextmanager
def _python_random_of_its_own():
    """Within the block, the functions of `random` draw from a new generator, but for other threads, which draw from the one that they
    had: Keras takes its seeds from there, and a network server's thread, say, would draw one of them."""
    new, this_thread = random.Random(), threading.get_ident()
    originals = {name: vars(random)[name] for name in _RANDOM_FUNCTIONS}

    def by_thread(name, original):
        def draw(*args, **kwargs):
            return (getattr(new, name) if threading.get_ident() == this_thread else original)(*args, **kwargs)

        return draw

    vars(random).update({name: by_thread(name, original) for name, original in originals.items()})
    try:
        yield
    finally:
        vars(random).update(originals)


def stacked_variable(variables):
    """One variable `(members, ...)` from the members' own."""
    first = variables[0]
    return keras.Variable(
        np.stack([keras.ops.convert_to_numpy(variable) for variable in variables]),
        dtype=first.dtype,
        trainable=first.trainable,
        aggregation="mean" if first.dtype.startswith("float") else "only_first_replica",  # of what replicas assign, seeds for one
        name=first.path.replace("/", "_"),
    )
