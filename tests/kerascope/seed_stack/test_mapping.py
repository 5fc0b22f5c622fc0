"""A function that cannot be vectorised is tried once."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascope.monitors import GradientMonitor
from kerascope.seed_stack import mapping
from tests.support.against_keras import stack_of

L = keras.layers
SERIES, LABELS = np.random.default_rng(0).normal(size=(40, 5, 3)).astype("float32"), np.arange(40) % 3


@pytest.fixture
def failures(monkeypatch):
    """The list of functions that `tf.vectorized_map` has failed at."""
    found, convert = [], tf.vectorized_map

    def counted(function, *args, **kwargs):
        try:
            return convert(function, *args, **kwargs)
        except Exception:
            found.append(function)
            raise

    monkeypatch.setattr(mapping.tf, "vectorized_map", counted)
    return found


def looped_model():
    return keras.Sequential([keras.Input((5, 3)), L.Flatten(), L.Dense(4), L.Lambda(lambda t: tf.map_fn(tf.cumsum, t)), L.Dense(3)])


@pytest.mark.slow
def test_a_model_that_has_no_vectorised_form_is_tried_once(failures):
    stack = stack_of(looped_model, optimizer=lambda: keras.optimizers.SGD(0.1, clipnorm=0.1))
    data = {"x": SERIES, "y": LABELS, "batch_size": 16, "verbose": 0}
    stack.fit(**data, epochs=2, validation_data=(SERIES[:20], LABELS[:20]), callbacks=[GradientMonitor(SERIES[:10], LABELS[:10])])
    stack.fit(**data)
    stack.evaluate(SERIES, LABELS)
    assert len(failures) == 1


@pytest.mark.slow
def test_a_function_without_a_vectorised_form_is_tried_once_and_leaves_the_others_vectorised(failures):
    stack = stack_of(lambda: keras.Sequential([keras.Input((5, 3)), L.Flatten(), L.Dense(3)]))

    def looped(member):
        return tf.map_fn(lambda row: tf.while_loop(lambda i, a: i < 2, lambda i, a: (i + 1, a * a), (0, row))[1], member(SERIES))

    results = [tf.function(lambda: stack.map_members(looped))() for _ in range(2)]
    np.testing.assert_allclose(results[0], results[1])
    np.testing.assert_allclose(results[0][1], stack.member(1)(SERIES) ** 4, rtol=1e-5)
    assert len(failures) <= 1
    stack.fit(SERIES, LABELS, verbose=0)
    assert len(failures) <= 1 and stack._vectorises


def test_an_error_of_the_model_itself_is_its_own():
    stack = stack_of(lambda: keras.Sequential([keras.Input((5, 3)), L.Flatten(), L.Dense(3)]))

    def wrong(member):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        stack.map_members(wrong)
