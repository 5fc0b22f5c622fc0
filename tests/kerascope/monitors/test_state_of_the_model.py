"""Models that change variables of TensorFlow's own when they are called: a measurement refuses them, and changes nothing."""

import contextlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascope.monitors import ActivationMonitor, GradientMonitor, MonitorWarning, NoiseMonitor

X = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")


class Counts(keras.layers.Layer):
    def __init__(self, eager_only=False, **kwargs):
        super().__init__(**kwargs)
        self.usage, self.eager_only = tf.Variable(tf.zeros(3), trainable=False), eager_only

    def call(self, x):
        if self.eager_only and not tf.executing_eagerly():
            raise TypeError("eager alone")
        self.usage.assign_add(tf.reduce_sum(x, axis=0))
        return x


class Draws(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.generator = tf.random.Generator.from_seed(1)

    def call(self, x):
        return x + self.generator.normal(tf.shape(x))


class Averages(keras.layers.Layer):
    """Its state is Keras's, so that a measurement drops the change."""

    def build(self, shape):
        self.mean = self.add_weight(shape=shape[1:], trainable=False, name="mean")

    def call(self, x):
        self.mean.assign(0.5 * self.mean + keras.ops.mean(x, axis=0))
        return x


def compiled(layer, **arguments):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([layer, keras.layers.Dense(1, activation="relu", name="out")])
    model.build((None, 3))
    model.compile("sgd", loss="mse", **arguments)
    return model


def state_of(layer):
    return np.array(layer.generator.state if isinstance(layer, Draws) else layer.usage)


@pytest.mark.parametrize("kind", [Counts, Draws])
@pytest.mark.parametrize(
    "monitor", [GradientMonitor(X, X[:, :1]), ActivationMonitor(X), NoiseMonitor(X, X[:, :1])], ids=lambda m: type(m).__name__
)
def test_a_layer_that_assigns_a_variable_of_tensorflow_is_named_and_keeps_its_state(kind, monitor):
    model = compiled(kind(name="counting"))
    before = state_of(model.layers[0])
    with pytest.raises(ValueError, match=r"^counting assigns a tf.Variable in inference.*add_weight"):
        monitor.measure(model)
    np.testing.assert_array_equal(state_of(model.layers[0]), before)


def test_a_model_that_runs_eagerly_alone_gets_its_state_back():
    model = compiled(Counts(name="counting"), run_eagerly=True)
    model.layers[0].eager_only = True
    before = state_of(model.layers[0])
    with pytest.raises(ValueError, match=r"^counting assigns"):
        GradientMonitor(X, X[:, :1]).measure(model)
    np.testing.assert_array_equal(state_of(model.layers[0]), before)


def test_a_training_goes_on_with_one_warning_and_ends_as_without_a_monitor():
    ends = []
    for callbacks in ([], [GradientMonitor(X, X[:, :1])]):
        model = compiled(Counts(name="counting"))
        with pytest.warns(MonitorWarning, match="counting assigns") if callbacks else contextlib.nullcontext():
            model.fit(X, X[:, :1], verbose=0, callbacks=callbacks)
        ends.append(state_of(model.layers[0]))
    np.testing.assert_array_equal(*ends)


def test_state_in_weights_of_keras_is_no_objection():
    model = compiled(Averages(name="averages"))
    before = np.array(model.layers[0].mean)
    assert len(GradientMonitor(X, X[:, :1]).measure(model)) == 1
    np.testing.assert_array_equal(model.layers[0].mean, before)
