"""Models and calls in which a stack could differ from plain Keras without a word."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascope import NotStackable, ReduceLROnPlateau, SeedStack, StackWarning
from tests.support.against_keras import BATCH, alone, assert_same_weights, assert_trains_as_alone, classification, fit_alone, sgd, stack_of

L = keras.layers
RANDOM = np.random.default_rng(4)
POINTS, LABELS = RANDOM.normal(size=(50, 6)).astype("float32"), RANDOM.integers(0, 3, 50)


def plain():
    return keras.Sequential([keras.Input((6,)), L.Dense(5, "relu"), L.Dense(3)])


class WithoutMode(keras.Model):
    """A model whose `call` has no argument `training`: Keras calls it in no mode."""

    def __init__(self):
        super().__init__()
        self.inner = [L.Dense(8, "relu"), L.Dropout(0.5), L.BatchNormalization(), L.Dense(3)]

    def call(self, x):
        for layer in self.inner:
            x = layer(x)
        return x


def built(model):
    model(POINTS[:1])
    return model


@pytest.mark.slow
def test_a_call_without_the_argument_training_is_called_without_it():
    assert_trains_as_alone(lambda: built(WithoutMode()), POINTS, LABELS)


class Net(keras.Model):
    """A functional model that is made by a class with arguments of its own."""

    def __init__(self, units):
        inputs = keras.Input((6,))
        super().__init__(inputs, L.Dense(3)(L.Dense(units, "tanh")(inputs)))


class Remembering(L.Layer):
    """Keeps what it computed last, as attention layers do with their scores."""

    def call(self, x):
        self.last = x * 2
        return self.last


def with_remembering():
    return keras.Sequential([keras.Input((6,)), Remembering(), L.Dense(3)])


class Table(L.Layer):
    """A layer with constants of many kinds, which cannot be serialised."""

    def __init__(self, function):
        super().__init__()
        self.function, self.words, self.kinds = function, np.array(["a", "bc"], object), tf.constant(["x", "y"])

    def call(self, x):
        return self.function(x)


def with_table():
    inputs = keras.Input((6,))
    return keras.Model(inputs, L.Dense(3)(Table(keras.ops.tanh)(inputs)))


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(lambda: Net(4), id="subclassed functional", marks=pytest.mark.slow),
        pytest.param(with_remembering, id="keeps tensors", marks=pytest.mark.slow),
        pytest.param(with_table, id="constants"),
    ],
)
def test_models_that_are_the_same_are_not_taken_for_different_ones(build):
    assert_trains_as_alone(build, POINTS, LABELS)


def test_a_drawn_truth_value_of_numpy_is_seen():
    class Residual(L.Layer):
        def __init__(self, draw):
            super().__init__()
            self.residual = draw

        def call(self, x):
            return x * 2 if self.residual else x

    draws = iter([np.bool_(True), np.bool_(False)])
    with pytest.raises(NotStackable, match="residual"):
        SeedStack(lambda: keras.Sequential([keras.Input((6,)), Residual(next(draws)), L.Dense(3)]), [0, 1])


class Scaled(L.Layer):
    def __init__(self):
        super().__init__()
        self.scale = tf.Variable(tf.random.normal(()))

    def call(self, x):
        return x * self.scale


def test_shared_state_is_refused_in_eager_mode_too():
    stack = SeedStack(lambda: keras.Sequential([keras.Input((6,)), Scaled(), L.Dense(3)]), [0, 1])
    stack.compile(sgd(), run_eagerly=True, **classification())
    with pytest.raises(NotStackable, match="scaled"):
        stack.fit(POINTS, LABELS, verbose=0)


def test_a_rate_that_is_set_later_is_that_of_all_members():
    stack = stack_of(plain, optimizer=lambda: keras.optimizers.SGD(0.1))
    stack.fit(POINTS, LABELS, epochs=3, verbose=0, callbacks=[ReduceLROnPlateau("loss", patience=1, min_delta=9, factor=0.5)])
    assert (stack.frame().query("epoch == 3")["learning_rate"] < 0.1).all()
    stack.optimizer.learning_rate = 0.03
    stack.fit(POINTS, LABELS, epochs=4, initial_epoch=3, verbose=0)
    np.testing.assert_allclose(stack.frame().query("epoch == 4")["learning_rate"], 0.03, rtol=1e-6)


def share_of_found(y_true, y_pred):
    """The share of a batch's samples of class 0 that are found; 1 if there are none."""
    of_0 = tf.cast(tf.reshape(y_true, [-1]) == 0, "float32")
    found = of_0 * tf.cast(tf.argmax(y_pred, -1) == 0, "float32")
    return (tf.reduce_sum(found) + 1e-6) / (tf.reduce_sum(of_0) + 1e-6)


@pytest.mark.slow
def test_a_metric_of_whole_batches_is_that_of_fits_batches_though_the_first_samples_do_not_tell():
    labels = np.where(np.arange(50) < 10, 1, LABELS)  # of class 0 there is none among the first
    compiled = lambda: {**classification(), "metrics": [share_of_found]}  # noqa: E731
    assert_trains_as_alone(plain, POINTS, labels, compiled=compiled, validation_data=(POINTS, labels))


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        (lambda: keras.optimizers.SGD(lambda: 0.1), "make it a schedule"),
        *(
            [(lambda: keras.optimizers.MultiOptimizer({"all": [keras.optimizers.SGD()]}), "one optimizer")]
            if hasattr(keras.optimizers, "MultiOptimizer")
            else []
        ),
    ],
    ids=lambda value: None if callable(value) else value,
)
def test_rates_and_optimizers_that_a_stack_would_not_ask_at_each_step_are_refused(optimizer, message):
    try:
        made = optimizer()
    except Exception:  # its arguments are not those of this version
        pytest.skip("this Keras makes it otherwise")
    with pytest.raises(NotStackable, match=message):
        SeedStack(plain, [0, 1]).compile(made, **classification())


def test_a_model_without_trainable_weights_is_refused():
    stack = stack_of(lambda: keras.Sequential([keras.Input((6,)), L.Dense(3, trainable=False)]))
    with pytest.raises(NotStackable, match="no trainable weights"):
        stack.fit(POINTS, LABELS, verbose=0)


@pytest.mark.parametrize("name", ["fit", "evaluate", "verify"])
def test_what_needs_compile_says_so(name):
    with pytest.raises(ValueError, match=r"call compile\(\)"):
        getattr(SeedStack(plain, [0, 1]), name)(POINTS, LABELS)


def test_noise_that_is_drawn_to_predict_goes_on_as_alone():
    def build():
        inputs = keras.Input((6,))
        return keras.Model(inputs, L.Dense(3)(L.Dropout(0.5)(inputs, training=True)))

    stack, model = stack_of(build), alone(build, 2)
    for _ in range(2):
        ours, theirs = (one.predict(POINTS, batch_size=BATCH, verbose=0) for one in (stack, model))
        np.testing.assert_allclose(ours[:, 1], theirs, rtol=1e-5)


@pytest.mark.slow
def test_members_that_took_the_same_steps_train_on_after_some_were_stopped():
    stack = stack_of(plain)
    stack.fit(POINTS, LABELS, batch_size=BATCH, epochs=2, verbose=0)
    stack.stop_members([True, False])
    stack.fit(POINTS, LABELS, batch_size=BATCH, epochs=4, initial_epoch=2, verbose=0)
    model = alone(plain, stack.seeds[0])
    before = [np.array(variable) for variable in model.variables]
    fit_alone(model, stack.seeds[0], POINTS, LABELS, epochs=4)
    assert_same_weights(stack.member(0), model, before)


def test_a_pydataset_that_keras_would_shuffle_is_told():
    class Chunks(keras.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, number):
            return POINTS[16 * number : 16 * number + 16], LABELS[16 * number : 16 * number + 16]

    with pytest.warns(StackWarning, match="shuffle=False"):
        stack_of(plain).fit(Chunks(), verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", StackWarning)
        stack_of(plain).fit(Chunks(), shuffle=False, verbose=0)
