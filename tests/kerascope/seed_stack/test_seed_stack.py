"""A member of a SeedStack is the model that plain keras.Model.fit gives; the oracle is always plain Keras."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascope.seed_stack import SeedStack, batch_order
from tests.support import trainings
from tests.support.trainings import (
    BATCH,
    CLASSES,
    FEATURES,
    SAMPLES,
    assert_same_weights,
    build,
    build_cnn,
    cross_entropy,
    trained_alone,
    trained_stack,
)


@pytest.fixture(scope="module", name="samples")
def the_samples():
    return trainings.samples()


OPTIMIZERS = {
    "sgd": lambda learning_rate: keras.optimizers.SGD(learning_rate),
    "momentum": lambda learning_rate: keras.optimizers.SGD(learning_rate, momentum=0.9),
    "adam": lambda learning_rate: keras.optimizers.Adam(learning_rate),
    "adamw": lambda learning_rate: keras.optimizers.AdamW(learning_rate, weight_decay=0.01),
}
LEARNING_RATES = {
    "constant": lambda: 0.05,
    "decayed": lambda: keras.optimizers.schedules.ExponentialDecay(0.05, decay_steps=4, decay_rate=0.5, staircase=True),
}


@pytest.fixture(scope="module")
def alone(samples):
    """The weights of plain Keras for a seed, an optimizer and a learning rate, trained once for all tests that compare with them."""

    @functools.cache
    def train(seed, optimizer, learning_rate):
        return trained_alone(samples, seed, OPTIMIZERS[optimizer](LEARNING_RATES[learning_rate]()))[0]

    return train


COMPARED = [
    (optimizer, learning_rate, seeds, jit)
    for optimizer, learning_rate, seeds in [
        ("adam", "constant", [7]),
        *((name, kind, [7, 0, 3, 4]) for name in OPTIMIZERS for kind in LEARNING_RATES),
    ]
    for jit in (False, True)
]
SHARPEST = ("adamw", "decayed", [7, 0, 3, 4], False)


@pytest.mark.parametrize(
    ("optimizer", "learning_rate", "seeds", "jit"),
    [pytest.param(*case, marks=() if case == SHARPEST else pytest.mark.slow) for case in COMPARED],
    ids=[f"{name}-{kind}-{len(seeds)} seeds-{'xla' if jit else 'plain'}" for name, kind, seeds, jit in COMPARED],
)
def test_a_member_ends_with_the_weights_of_plain_fit(samples, alone, optimizer, learning_rate, seeds, jit):
    stack = trained_stack(samples, seeds, OPTIMIZERS[optimizer](LEARNING_RATES[learning_rate]()), jit=jit)
    for i in {0, len(seeds) - 1}:
        assert_same_weights(stack.member(i), alone(seeds[i], optimizer, learning_rate))


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["plain", "xla"])
def test_history_and_frame_hold_what_plain_fit_measures(samples, jit):
    x, y = samples
    seeds = [5, 1]
    stack = trained_stack(samples, seeds, keras.optimizers.SGD(0.1), jit=jit, validation_data=(x[:20], y[:20]))
    alone = [trained_alone(samples, seed, keras.optimizers.SGD(0.1)) for seed in seeds]
    frame = stack.frame()
    fixed = ["seed", "epoch", "learning_rate", "train_loss", "train_accuracy", "test_loss", "test_accuracy", "train_grad_norm"]
    assert list(frame.columns) == fixed
    assert frame["seed"].tolist() == [5, 5, 5, 1, 1, 1] and frame["epoch"].tolist() == [1, 2, 3, 1, 2, 3]
    for seed, (model, history) in zip(seeds, alone, strict=True):
        rows = frame[frame["seed"] == seed]
        np.testing.assert_allclose(rows["train_loss"], history["loss"], rtol=1e-4)
        np.testing.assert_allclose(rows["train_accuracy"], history["accuracy"], rtol=1e-6)
        loss, accuracy = model.evaluate(x[:20], y[:20], verbose=0)
        np.testing.assert_allclose(rows["test_loss"].iloc[-1], loss, rtol=1e-4)
        np.testing.assert_allclose(rows["test_accuracy"].iloc[-1], accuracy, rtol=1e-6)
    means = frame.groupby("epoch").mean()
    np.testing.assert_allclose(stack.history.history["loss"], means["train_loss"], rtol=1e-6)
    np.testing.assert_allclose(stack.history.history["val_accuracy"], means["test_accuracy"], rtol=1e-6)


def test_train_grad_norm_is_the_mean_over_steps_of_the_minibatch_gradients_norm(samples):
    x, y = samples
    frame = trained_stack(samples, [2], keras.optimizers.SGD(0.1), epochs=1).frame()
    keras.utils.set_random_seed(2)
    model = build()
    optimizer = keras.optimizers.SGD(0.1)
    norms = []
    order = batch_order(2, 0, len(x))
    for start in range(0, len(x), BATCH):
        rows = order[start : start + BATCH]
        with tf.GradientTape() as tape:
            loss = cross_entropy()(y[rows], model(x[rows]))
        gradients = tape.gradient(loss, model.trainable_variables)
        norms.append(np.sqrt(sum((np.array(g, "float64") ** 2).sum() for g in gradients)))
        optimizer.apply(gradients, model.trainable_variables)
    np.testing.assert_allclose(frame["train_grad_norm"], np.mean(norms), rtol=1e-5)


@pytest.mark.slow
def test_the_learning_rate_of_an_epoch_is_the_one_it_began_with(samples):
    steps = -(-SAMPLES // BATCH)
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=steps, decay_rate=0.95, staircase=True)
    frame = trained_stack(samples, [0], keras.optimizers.SGD(schedule)).frame()
    np.testing.assert_allclose(frame["learning_rate"], [0.1, 0.095, 0.09025], rtol=1e-6)
    by_callback = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 * 0.95**epoch)
    frame = trained_stack(samples, [0], keras.optimizers.SGD(0.1), callbacks=[by_callback]).frame()
    np.testing.assert_allclose(frame["learning_rate"], [0.1, 0.095, 0.09025], rtol=1e-6)


def test_batch_order_is_a_permutation_that_depends_on_seed_and_epoch_alone():
    order = batch_order(3, 2, 100)
    np.testing.assert_array_equal(np.sort(order), np.arange(100))
    np.testing.assert_array_equal(order, batch_order(3, 2, 100))
    assert (order != batch_order(3, 3, 100)).any() and (order != batch_order(4, 2, 100)).any()


@pytest.mark.slow
def test_full_batch_training_equals_plain_fit(samples):
    x, y = samples
    stack = SeedStack(build, [0, 1])
    stack.compile(keras.optimizers.AdamW(0.01), loss=cross_entropy())
    stack.fit(x, y, batch_size=1000, epochs=5, verbose=0)
    keras.utils.set_random_seed(1)
    alone = build()
    alone.compile(keras.optimizers.AdamW(0.01), loss=cross_entropy())
    alone.fit(x, y, batch_size=len(x), epochs=5, shuffle=False, verbose=0)
    assert_same_weights(stack.member(1), alone)


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["plain", "xla"])
def test_a_diverging_member_leaves_the_others_bit_identical(samples, jit):
    def doomed():
        model = build()
        if doomed.count in doomed.at:
            model.layers[0].kernel.assign(tf.fill(model.layers[0].kernel.shape, np.float32("nan")))
        doomed.count += 1
        return model

    def weights(at):
        doomed.at, doomed.count = at, 0
        stack = trained_stack(samples, [0, 1, 2], keras.optimizers.Adam(0.01), build=doomed, jit=jit)
        return [[np.array(v) for v in stack.member(i).variables] for i in range(3)], stack

    healthy, _ = weights(at=())
    sick, stack = weights(at=(1,))
    assert np.isnan(sick[1][0]).all() and stack.frame().query("seed == 1")["train_loss"].isna().all()
    for i in (0, 2):
        for a, b in zip(healthy[i], sick[i], strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.slow
@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["plain", "xla"])
def test_convolution_normalisation_dropout_and_regularisation_train_as_alone(jit):
    random = np.random.default_rng(1)
    images, labels = random.normal(size=(SAMPLES, 6, 6, 1)).astype("float32"), random.integers(0, 3, SAMPLES).astype("int32")
    stack = trained_stack((images, labels), [3, 8], keras.optimizers.Adam(0.01), build=build_cnn, jit=jit)
    # XLA draws other dropout masks from the same seed, alone and stacked alike.
    alone = [trained_alone((images, labels), seed, keras.optimizers.Adam(0.01), build=build_cnn, jit=jit) for seed in (3, 8)]
    # Weights, moving statistics and the dropout generators' states: each member has its own, and the same as alone.
    for i, (model, _) in enumerate(alone):
        assert_same_weights(stack.member(i), model)
    statistics = [np.array(stack.member(i).layers[1].moving_mean) for i in (0, 1)]
    assert (statistics[0] != statistics[1]).any()
    for i, seed in enumerate((3, 8)):
        np.testing.assert_allclose(stack.frame().query(f"seed == {seed}")["train_loss"], alone[i][1]["loss"], rtol=1e-4)


def test_a_weight_without_gradient_is_left_alone_as_keras_does(samples):
    class Spare(keras.layers.Layer):
        def build(self, shape):
            self.spare = self.add_weight(shape=(2,), initializer="ones")

        def call(self, inputs):
            return inputs

    def build():
        return keras.Sequential([keras.Input((FEATURES,)), Spare(), keras.layers.Dense(CLASSES)])

    stack = trained_stack(samples, [0, 1], keras.optimizers.AdamW(0.1, weight_decay=0.5), build=build)
    np.testing.assert_array_equal(stack.member(1).layers[0].spare, [1, 1])
