"""Stacks that are used again, and graphs that XLA compiles unasked, train what plain keras.Model.fit trains."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascope.monitors import GradientMonitor
from kerascope.seed_stack import SeedStack, StackPool
from kerascope.seed_stack import training as stack_module
from kerascope.seed_stack.learning_rates import upcoming_learning_rates
from kerascope.seed_stack.metrics import accuracy_metric
from tests.support.mlp import build_mlp
from tests.support.trainings import (
    BATCH,
    CLASSES,
    EPOCHS,
    FEATURES,
    assert_same_weights,
    build,
    build_cnn,
    cross_entropy,
    trained_alone,
    trained_stack,
)

SEEDS = [7, 3]


@pytest.fixture(scope="module")
def samples():
    random = np.random.default_rng(0)
    return random.normal(size=(50, FEATURES)).astype("float32"), random.integers(0, CLASSES, 50).astype("int32")


def network(init, activation="relu"):
    return lambda: build_mlp(FEATURES, CLASSES, hidden=(8, 5), activation=activation, init=init)


def decay(learning_rate, factor=0.9):
    return keras.optimizers.schedules.ExponentialDecay(learning_rate, decay_steps=2, decay_rate=factor, staircase=True)


@pytest.mark.slow
def test_a_stack_that_is_used_again_trains_as_a_new_one_and_traces_nothing(samples):
    pool, stacks, graphs = StackPool(), [], []
    arms = [("uniform", decay(0.1)), (keras.initializers.GlorotUniform, decay(0.02, 0.5)), ("uniform", decay(0.1))]
    frames = []
    for init, learning_rate in arms:
        stack = pool.stack(network(init), SEEDS, keras.optimizers.Adam(learning_rate), cross_entropy(), [accuracy_metric()])
        stack.fit(*samples, batch_size=16, epochs=3, verbose=0, callbacks=[GradientMonitor(*samples)])
        alone, _ = trained_alone(samples, SEEDS[1], keras.optimizers.Adam(learning_rate), build=network(init))
        assert_same_weights(stack.member(1), alone)
        stacks.append(stack)
        graphs.append(list(stack._graphs.values()))
        frames.append(stack.frame())
    assert stacks[0] is stacks[1] is stacks[2]
    assert graphs[0] == graphs[1] == graphs[2]
    assert frames[0].equals(frames[2]) and len(frames[2]) == 6


@pytest.mark.slow
def test_a_constant_learning_rate_is_taken_over_by_a_stack_that_is_used_again(samples):
    pool = StackPool()
    for learning_rate in (0.5, decay(0.1), 0.01):
        optimizer = keras.optimizers.SGD(learning_rate, momentum=0.9)
        stack = pool.stack(network("uniform"), SEEDS, optimizer, cross_entropy(), [accuracy_metric()])
        stack.fit(*samples, batch_size=16, epochs=2, verbose=0)
        if isinstance(learning_rate, float):
            assert (stack.frame()["learning_rate"] == np.float32(learning_rate)).all()
    alone, _ = trained_alone(samples, SEEDS[0], keras.optimizers.SGD(0.01, momentum=0.9), epochs=2)
    assert_same_weights(stack.member(0), alone)


@pytest.mark.slow
def test_what_would_need_other_graphs_gets_a_stack_of_its_own():
    pool = StackPool()

    def stack(seeds=SEEDS, activation="relu", optimizer=None, loss=None):
        optimizer = optimizer or keras.optimizers.SGD(0.1)
        return pool.stack(network("uniform", activation), seeds, optimizer, loss or cross_entropy(), [accuracy_metric()])

    different = [
        stack(seeds=[7, 4]),
        stack(activation="sigmoid"),
        stack(activation="leaky_relu"),
        stack(optimizer=keras.optimizers.SGD(0.1, momentum=0.9)),
        stack(optimizer=keras.optimizers.Adam(0.1)),
        stack(loss=keras.losses.MeanSquaredError()),
        stack(loss=keras.losses.MeanAbsoluteError()),
    ]
    assert len({id(one) for one in [stack(), *different]}) == 8
    assert stack() is stack(optimizer=keras.optimizers.SGD(0.2)) is stack(optimizer=keras.optimizers.SGD(decay(0.1)))


@pytest.mark.parametrize(
    "schedule",
    [
        decay(0.1),
        keras.optimizers.schedules.CosineDecay(0.0, 20, warmup_target=0.1, warmup_steps=3),
        keras.optimizers.schedules.PiecewiseConstantDecay([2, 5], [0.3, 0.2, 0.1]),
        keras.optimizers.schedules.PolynomialDecay(0.1, 5, cycle=True),
    ],
    ids=lambda schedule: type(schedule).__name__,
)
def test_the_learning_rates_of_an_epochs_steps_are_the_schedules(schedule):
    optimizer = keras.optimizers.SGD(schedule)
    optimizer.build([keras.Variable(1.0)])
    optimizer.iterations.assign(4)
    expected = [float(schedule(tf.constant(step, tf.int64))) for step in range(4, 11)]
    np.testing.assert_allclose(upcoming_learning_rates(optimizer, 7)(), expected, rtol=1e-6)


@pytest.mark.slow
def test_xla_compiles_long_trainings_unasked_and_short_ones_not(samples, monkeypatch):
    assert not trained_stack(samples, SEEDS, keras.optimizers.SGD(0.1), jit="auto").jit_compile
    monkeypatch.setattr(stack_module, "COMPILE_SECONDS", 0)
    stack = trained_stack(samples, SEEDS, keras.optimizers.SGD(0.1), jit="auto")
    assert stack.jit_compile and all(graph.compiled for graph in stack._graphs.values())
    assert_same_weights(stack.member(0), trained_alone(samples, SEEDS[0], keras.optimizers.SGD(0.1))[0])
    assert not trained_stack(samples, SEEDS, keras.optimizers.SGD(0.1), jit=False).jit_compile


@pytest.mark.slow
def test_xla_compiles_unasked_where_the_optimizers_moments_repay_it_and_nothing_that_is_measured(samples, monkeypatch):
    moments = sum(np.prod(weight.shape) for weight in build().trainable_variables) * len(SEEDS) * EPOCHS * -(-len(samples[0]) // BATCH)
    monkeypatch.setattr(stack_module, "COMPILE_SECONDS", 1.5 * moments * stack_module.SAVED_PER_NUMBER)
    optimizers = [keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1, momentum=0.9), keras.optimizers.Adam(0.1)]  # none, one, two of each
    stacks = [trained_stack(samples, SEEDS, one, jit="auto", callbacks=[GradientMonitor(*samples)]) for one in optimizers]
    assert [stack.jit_compile for stack in stacks] == [False, False, True]
    compiled = {key[0].__name__ for key, graph in stacks[-1]._graphs.items() if getattr(graph, "compiled", None)}
    assert "train_epoch" in compiled and not any("gradient" in name or "finalize" in name for name in compiled)


@pytest.mark.slow
def test_xla_does_not_compile_unasked_what_draws_random_numbers(monkeypatch):
    monkeypatch.setattr(stack_module, "COMPILE_SECONDS", 0)
    random = np.random.default_rng(1)
    images, labels = random.normal(size=(50, 6, 6, 1)).astype("float32"), random.integers(0, 3, 50).astype("int32")
    stack = trained_stack((images, labels), [3], keras.optimizers.Adam(0.01), build=build_cnn, jit="auto")
    assert_same_weights(stack.member(0), trained_alone((images, labels), 3, keras.optimizers.Adam(0.01), build=build_cnn)[0])


class OnTheHost(keras.layers.Layer):
    """Half of its inputs, by an operation that XLA cannot compile."""

    def call(self, inputs):
        halved = tf.numpy_function(lambda x: x / np.float32(2), [tf.stop_gradient(inputs)], tf.float32)
        return tf.ensure_shape(halved, inputs.shape)


@pytest.mark.slow
def test_what_xla_cannot_compile_runs_as_it_is_unless_xla_was_asked_for(samples, monkeypatch):
    monkeypatch.setattr(stack_module, "COMPILE_SECONDS", 0)

    def stack(jit_compile):
        stack = SeedStack(build, SEEDS)
        stack.compile(keras.optimizers.SGD(0.1), cross_entropy(), jit_compile=jit_compile)
        stack.jit_compile = True  # as a long training sets it
        return stack

    graph = stack("auto").graph(on_the_host, tf.ones(3))
    np.testing.assert_array_equal(graph(tf.ones(3)), [0.5] * 3)
    assert graph.compiled is None
    with pytest.raises(tf.errors.InvalidArgumentError):
        stack(True).graph(on_the_host, tf.ones(3))(tf.ones(3))


def on_the_host(stack, x):
    return OnTheHost()(x)
