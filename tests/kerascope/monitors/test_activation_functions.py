"""Activation functions of other kinds than a name of Keras: what they make of dead and saturated units, against NumPy float64."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascope import SeedStack
from kerascope.monitors import ActivationMonitor

X = np.random.default_rng(0).normal(size=(20, 5)).astype("float32")


def measure(*functions, stacked=False):
    def build():
        keras.utils.set_random_seed(0)
        wide = keras.initializers.RandomNormal(stddev=4.0, seed=1)
        made = [keras.layers.Dense(6, activation=fn, kernel_initializer=wide, name=f"d{i}") for i, fn in enumerate(functions)]
        return keras.Sequential([keras.Input((5,)), *made])

    model = SeedStack(build, [0]) if stacked else build()
    monitor = ActivationMonitor(X)
    monitor.measure(model)
    return model, monitor


def test_the_softmax_of_tensorflow_is_a_softmax():
    model, monitor = measure(tf.nn.softmax)
    p = np.asarray(model(X), "float64")
    assert monitor.frame()["saturated_fraction"].item() == pytest.approx((p * (1 - p) < 0.0025).mean(), abs=1e-6)


MIXING = {
    "partial softmax": functools.partial(tf.nn.softmax, axis=-1),
    "lambda softmax": lambda x: tf.nn.softmax(x),
    "log_softmax": "log_softmax",
    "sparsemax": "sparsemax",
    "gated": lambda x: x * tf.sigmoid(tf.reverse(x, [-1])),
    "gated, half": lambda x: keras.ops.concatenate([x[..., :3], x[..., :3] * tf.sigmoid(x[..., 3:])], axis=-1),
    "glu": "glu",
}


@pytest.mark.parametrize("stacked", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", MIXING)
def test_a_function_that_mixes_units_has_no_dead_units_and_does_not_count_among_the_models(name, stacked):
    _, monitor = measure("relu", MIXING[name], stacked=stacked)
    frame = monitor.frame().set_index("layer")
    assert np.isnan(frame.loc["d1", "dead_fraction"]) and np.isfinite(frame.loc["d1", ["activation_mean", "inactive_fraction"]]).all()
    assert monitor.frame("model")["dead_fraction"].item() == pytest.approx(frame.loc["d0", "dead_fraction"])


@pytest.mark.parametrize("function", [lambda x: tf.nn.relu(x - 9), keras.layers.ReLU(threshold=9), keras.layers.LeakyReLU(0.1)])
def test_functions_and_layers_of_the_users_own_have_dead_units_and_are_measured_once(function):
    model, monitor = measure(function)
    z = X.astype("float64") @ model.layers[0].kernel.numpy()
    dead = 0 if isinstance(function, keras.layers.LeakyReLU) else (z <= 9).all(0).mean()
    frame = monitor.frame()
    assert frame["layer"].tolist() == ["d0"] and frame["dead_fraction"].item() == pytest.approx(dead)


def test_units_by_steps_are_refused():
    with pytest.raises(ValueError, match=r"units=True.*epoch"):
        ActivationMonitor(X, units=True, every="10 steps")
