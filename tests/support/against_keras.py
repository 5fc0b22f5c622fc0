"""A member of a SeedStack compared with the model that plain Keras trains alone, on the batches that its seed prescribes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascope.seed_stack import SeedStack, batch_order

SAMPLES, BATCH = 50, 16  # the last batch is uneven


def network(x, *layers):
    """A function that builds; each of `layers` makes a layer."""
    return lambda: keras.Sequential([keras.Input(x.shape[1:]), *(make() for make in layers), keras.layers.Dense(3)])


def cases(sharpest, table):
    """The entries of `{name: arguments}` as parameters of a test; all are slow but the sharpest."""
    return [pytest.param(*case, id=name, marks=() if name in sharpest else pytest.mark.slow) for name, case in table.items()]


def classification():
    """Arguments of `compile` for integer classes."""
    return {"loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True), "metrics": ["accuracy"]}


def sgd():
    return keras.optimizers.SGD(0.05, momentum=0.9)


def stack_of(build, compiled=classification, optimizer=sgd, seeds=(5, 2)):
    """A compiled SeedStack. `compiled` and `optimizer` are functions: what they return belongs to one model."""
    stack = SeedStack(build, seeds)
    stack.compile(optimizer(), jit_compile=False, **compiled())
    return stack


def alone(build, seed, compiled=classification, optimizer=sgd):
    """The compiled model of a Keras user."""
    keras.utils.set_random_seed(seed)
    model = build()
    model.compile(optimizer(), jit_compile=False, **compiled())
    return model


def fit_alone(model, seed, x, y=None, sample_weight=None, epochs=2, batch_size=BATCH, shuffle=True, **fit):
    """Train on the batches of a stack's member; the history."""
    history, fit = {}, {"batch_size": batch_size, "shuffle": False, "verbose": 0, **fit}
    if not shuffle:
        return model.fit(x, y, sample_weight=sample_weight, epochs=epochs, **fit).history
    for epoch in range(epochs):
        order = batch_order(seed, epoch, len(tf.nest.flatten(x)[0]))
        rows = {"x": x, "y": y, "sample_weight": sample_weight}
        rows = {
            name: tf.nest.map_structure(lambda part, o=order: np.asarray(part)[o], part) for name, part in rows.items() if part is not None
        }
        for name, values in model.fit(**rows, **fit).history.items():
            history.setdefault(name, []).extend(values)
    return history


def assert_trains_as_alone(
    build, x, y=None, sample_weight=None, *, compiled=classification, optimizer=sgd, epochs=2, tolerance=1e-5, member=1, **fit
):
    """A member of a stack ends with the weights, state, losses and metrics of `keras.Model.fit`; returns the stack and the model."""
    stack = stack_of(build, compiled, optimizer)
    stack.fit(x, y, sample_weight=sample_weight, epochs=epochs, verbose=0, **{"batch_size": BATCH, **fit})
    seed = stack.seeds[member]
    model = alone(build, seed, compiled, optimizer)
    before = [np.array(variable) for variable in model.variables]
    history = fit_alone(model, seed, x, y, sample_weight, epochs, **fit)
    assert_same_weights(stack.member(member), model, before, tolerance)
    assert_same_logs(stack, history, member, tolerance)
    return stack, model


def assert_same_weights(ours, alone, before, tolerance=1e-5):
    """The weights differ by at most `tolerance` of what the training changed."""
    assert len(ours.variables) == len(alone.variables) == len(before)
    for one, other, begin in zip(ours.variables, alone.variables, before, strict=True):
        one, other, begin = (np.array(values, "float64").ravel() for values in (one, other, begin))
        scale = max(np.linalg.norm(other - begin), 0.01 * np.linalg.norm(other), 1e-12)
        assert np.linalg.norm(one - other) <= tolerance * scale, f"{one.shape}: {np.linalg.norm(one - other) / scale:.2g}"


def assert_same_logs(stack, history, member, tolerance=1e-5):
    """The records of a member are the history of Keras: the same names, the same values."""
    names = set().union(*stack.records) - {"epoch", "learning_rate", "train_grad_norm", "is_training"}
    assert names == set(history) - {"learning_rate"}
    for name in names:
        recorded = [record[name][member] for record in stack.records if name in record]
        np.testing.assert_allclose(recorded, history[name], rtol=max(tolerance, 2e-6), atol=1e-7, err_msg=name)
