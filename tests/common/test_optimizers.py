"""The optimizers of controls against NumPy float64 written from their definitions, and a member of a stack against plain `fit`."""

import keras
import numpy as np
import pytest

from common.optimizers import Grafted, SignDescent, TensorAdam
from kerascope import SeedStack
from kerascope.seed_stack import NotStackable
from tests.support import trainings

SHAPES = [(5, 4), (4,), (3, 2, 2), ()]
SETTINGS = {"learning_rate": 0.03, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-6}
STEPS = 20
L = keras.layers


def gradients():
    """Gradients of very different sizes from tensor to tensor and step to step, float32; one is 0."""
    random = np.random.default_rng(7)
    steps = [[random.normal(size=shape).astype("float32") * np.float32(10 ** random.normal()) for shape in SHAPES] for _ in range(STEPS)]
    steps[4][0] *= 0
    return steps


def adam_step(moments, gradient, step, squares):
    """Adam's step, with `squares` a function of the gradient; `moments` is a list of two arrays, which are updated."""
    for i, (beta, value) in enumerate([(SETTINGS["beta_1"], gradient), (SETTINGS["beta_2"], squares(gradient))]):
        moments[i] = beta * moments[i] + (1 - beta) * value
    first, second = moments[0] / (1 - SETTINGS["beta_1"] ** step), moments[1] / (1 - SETTINGS["beta_2"] ** step)
    # Keras adds epsilon to the root of the second moment before its bias is corrected.
    return SETTINGS["learning_rate"] * first / (np.sqrt(second) + SETTINGS["epsilon"] / np.sqrt(1 - SETTINGS["beta_2"] ** step))


def tensor_adam(moments, gradient, step):
    return adam_step(moments, gradient, step, lambda g: np.mean(g**2))


def grafted(moments, gradient, step):
    adam, norm = adam_step(moments, gradient, step, np.square), np.sqrt(np.sum(gradient**2))
    return gradient / norm * np.sqrt(np.sum(adam**2)) if norm else np.zeros_like(gradient)


KINDS = {"TensorAdam": (TensorAdam, tensor_adam), "Grafted": (Grafted, grafted)}


@pytest.mark.parametrize("name", KINDS)
def test_twenty_steps_are_those_of_the_definition(name):
    optimizer, step_of = KINDS[name][0](**SETTINGS), KINDS[name][1]
    weights = [keras.Variable(np.ones(shape, "float32")) for shape in SHAPES]
    expected, moments = [np.ones(shape) for shape in SHAPES], [[0.0, 0.0] for _ in SHAPES]
    for number, of_step in enumerate(gradients(), start=1):
        optimizer.apply([keras.ops.convert_to_tensor(gradient) for gradient in of_step], weights)
        expected = [
            weight - step_of(of_weight, gradient.astype("float64"), number)
            for weight, of_weight, gradient in zip(expected, moments, of_step, strict=True)
        ]
        for weight, value in zip(weights, expected, strict=True):
            np.testing.assert_allclose(weight, value, atol=1e-6)
    assert max(np.abs(value - 1).max() for value in expected) > 0.1


@pytest.mark.parametrize("name", KINDS)
def test_a_vanishing_gradient_keeps_its_direction(name):
    """Its squares are 0 in float32."""
    gradient, weight = np.array([3e-30, 4e-30], "float32"), keras.Variable([0.0, 0.0])
    KINDS[name][0](1.0, epsilon=1e-30, beta_1=0.0).apply([keras.ops.convert_to_tensor(gradient)], [weight])
    step = -np.array(weight.value, "float64")
    np.testing.assert_allclose(step / np.linalg.norm(step), [0.6, 0.8], rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("jit", [False, True], ids=["plain", "xla"])
@pytest.mark.parametrize("kind", [TensorAdam, Grafted, SignDescent])
def test_a_member_of_a_stack_ends_as_with_plain_fit(kind, jit):
    """With a rate that falls from step to step, as experiment C has it."""
    samples = trainings.samples()
    rate = keras.optimizers.schedules.ExponentialDecay(0.02, 4, 0.8)
    stack = trainings.trained_stack(samples, [3, 0, 5], kind(rate), jit=jit, epochs=2)
    alone, _ = trainings.trained_alone(samples, 5, kind(rate), epochs=2)
    trainings.assert_same_weights(stack.member(2), alone, tolerance=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [TensorAdam, Grafted])
def test_members_may_have_rates_of_their_own(kind):
    rates = [0.05, 0.002]
    stack = SeedStack(trainings.build, [3, 5])
    stack.compile(kind(0.1), trainings.cross_entropy(), jit_compile=False)
    own = keras.callbacks.LambdaCallback(on_train_begin=lambda _: setattr(stack, "member_learning_rates", np.array(rates)))
    x, y = trainings.samples()
    stack.fit(x, y, batch_size=len(x), epochs=3, verbose=0, callbacks=[own])
    for i, (seed, rate) in enumerate(zip(stack.seeds, rates, strict=True)):
        keras.utils.set_random_seed(seed)
        alone = trainings.build()
        alone.compile(kind(rate), trainings.cross_entropy(), jit_compile=False)
        alone.fit(x, y, batch_size=len(x), epochs=3, verbose=0, shuffle=False)
        trainings.assert_same_weights(stack.member(i), alone, tolerance=1e-6)


class Forgetful(TensorAdam):
    """Takes the mean over all axes, whatever `leading_axes` says."""

    def own_axes(self, values):
        return tuple(range(len(values.shape)))


class Undeclared(keras.optimizers.SGD):
    """Divides by a norm over a whole weight."""

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient / keras.ops.sqrt(keras.ops.sum(gradient**2)), variable, learning_rate)


@pytest.mark.parametrize("optimizer", [Forgetful, Undeclared])
def test_an_optimizer_that_computes_over_members_is_refused_whatever_it_declares(optimizer):
    stack = SeedStack(lambda: keras.Sequential([keras.Input((4,)), L.Dense(3)]), (0, 1))
    with pytest.raises(NotStackable, match=f"{optimizer.__name__} would couple the members"):
        stack.compile(optimizer(0.1), "mse")


@pytest.mark.parametrize("name", KINDS)
def test_an_optimizer_is_saved_and_restored_with_its_settings(name):
    config = keras.optimizers.serialize(KINDS[name][0](**SETTINGS))
    restored = keras.optimizers.deserialize(config)
    assert type(restored) is KINDS[name][0] and keras.optimizers.serialize(restored) == config
    assert {key: restored.get_config()[key] for key in SETTINGS} == pytest.approx(SETTINGS)
    assert restored.leading_axes == 0


def test_sign_descent_steps_by_the_rate_and_adam_without_memory_does_where_gradients_keep_their_size():
    random = np.random.default_rng(2)
    optimizers = SignDescent(0.01), keras.optimizers.Adam(0.01, beta_1=0.0, beta_2=0.0)
    weights, expected = [keras.Variable(np.zeros((6, 5), "float32")) for _ in optimizers], np.zeros((6, 5))
    for _ in range(STEPS):
        gradient = (np.sign(random.normal(size=(6, 5))) * random.uniform(0.1, 1, (6, 5))).astype("float32")
        gradient[0] = 0
        for optimizer, weight in zip(optimizers, weights, strict=True):
            optimizer.apply([keras.ops.convert_to_tensor(gradient)], [weight])
        expected -= 0.01 * np.sign(gradient)
    np.testing.assert_allclose(weights[0], expected, atol=1e-6)
    np.testing.assert_allclose(weights[1], expected, atol=STEPS * 0.01 * 1e-5)


def test_sign_descent_keeps_its_step_where_a_gradient_falls_by_orders_of_magnitude_and_adam_does_not():
    optimizers = SignDescent(0.01), keras.optimizers.Adam(0.01, beta_1=0.0, beta_2=0.0)
    weights = [keras.Variable([0.0]) for _ in optimizers]
    for gradient in (100.0, 1e-3):
        for optimizer, weight in zip(optimizers, weights, strict=True):
            optimizer.apply([keras.ops.convert_to_tensor([gradient])], [weight])
    by_sign, by_adam = (float(weight.value[0]) for weight in weights)
    assert by_sign == pytest.approx(-0.02) and abs(by_adam) > 1
