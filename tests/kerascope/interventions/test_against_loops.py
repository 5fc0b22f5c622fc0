"""Each intervention ends, under plain fit and for each member of a stack, at the weights of a training loop written by hand."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascope.interventions import ClipGradient, MoveRate, ScaleGradient, SetBack, SwapActivation
from tests.support.interventions import (
    BATCH,
    CLASSES,
    OPTIMIZERS,
    POINTS,
    SEEDS,
    ByHand,
    alone,
    assert_ends_as_by_hand,
    branches,
    cross_entropy,
    fit,
    perceptron,
    stack_of,
)

FIRST = {perceptron: ["hidden_1"], branches: ["conv", "left"]}
SECOND = {perceptron: ["hidden_2"], branches: ["norm", "right"]}


def of(weight, layers):
    return weight.split("/")[0] in layers


class Scaled(ByHand):
    """Layers three times as fast in a step (more would amplify rounding), others silent for two epochs; then both at once."""

    @staticmethod
    def callbacks(build):
        return [ScaleGradient(3, FIRST[build], [2], [2]), ScaleGradient(0, SECOND[build], {2, 3}), ScaleGradient(0.5, epochs=[3])]

    def gradients(self, gradients, epoch, step):
        for weight, gradient in gradients.items():
            factor = 3.0 if of(weight, FIRST[self.build]) and (epoch, step) == (2, 2) else 1.0
            factor *= 0.0 if of(weight, SECOND[self.build]) and epoch in (2, 3) else 1.0
            gradients[weight] = gradient * factor * (0.5 if epoch == 3 else 1.0)
        return gradients


class Clipped(ByHand):
    """Each layer's gradient clipped after it was multiplied, and not before."""

    @staticmethod
    def callbacks(build):
        return [ScaleGradient(3, FIRST[build]), ClipGradient(0.02, [*FIRST[build], *SECOND[build]], epochs=[2, 4], steps=[1, 3])]

    def gradients(self, gradients, epoch, step):
        found = {weight: np.array(g, "float64") * (3 if of(weight, FIRST[self.build]) else 1) for weight, g in gradients.items()}
        for layer in [*FIRST[self.build], *SECOND[self.build]] if epoch in (2, 4) and step in (1, 3) else []:
            norm = np.sqrt(sum((g**2).sum() for weight, g in found.items() if of(weight, [layer])))
            found |= {weight: g * min(1, 0.02 / norm) for weight, g in found.items() if of(weight, [layer])}
        return {weight: tf.constant(g, "float32") for weight, g in found.items()}


class WentBack(ByHand):
    """Some layers set back to the first epoch's end, another to its initial weights."""

    @staticmethod
    def callbacks(build):
        return [SetBack(SECOND[build], after_epoch=3, to_epoch=1), SetBack(FIRST[build][0], after_epoch=2)]

    def after(self, epoch):
        for layers, to, at in ((SECOND[self.build], 1, 3), (FIRST[self.build][:1], 0, 2)):
            variables = [v for layer in self.model.layers if layer.name in layers for v in layer.weights]
            if epoch == to:
                vars(self)[f"kept_{to}"] = [v.numpy() for v in variables]
            if epoch == at:
                for variable, value in zip(variables, vars(self)[f"kept_{to}"], strict=True):
                    variable.assign(value)


class Swapped(ByHand):
    """Two functions swapped for others, one of them by name."""

    @staticmethod
    def callbacks(build):
        return [SwapActivation(tf.math.softplus, FIRST[build][-1], after_epoch=2), SwapActivation("relu", SECOND[build][-1], after_epoch=3)]

    def after(self, epoch):
        if epoch == 2:
            self.model.get_layer(FIRST[self.build][-1]).activation = lambda z: tf.math.log1p(tf.exp(z))
        if epoch == 3:
            self.model.get_layer(SECOND[self.build][-1]).activation = lambda z: tf.maximum(z, 0)


KINDS = {"scaled": Scaled, "clipped": Clipped, "set back": WentBack, "swapped": Swapped}
SHARPEST = {("scaled", "Adam")}
EVERY = [
    pytest.param(kind, optimizer, jit, marks=() if (kind, optimizer) in SHARPEST and not jit else pytest.mark.slow)
    for kind in KINDS
    for optimizer in OPTIMIZERS
    for jit in (False, True)
]


@pytest.mark.parametrize(("kind", "optimizer", "jit_compile"), EVERY)
def test_a_training_with_an_intervention_ends_as_a_loop_by_hand(kind, optimizer, jit_compile):
    by_hand = KINDS[kind]
    assert_ends_as_by_hand(lambda: by_hand.callbacks(perceptron), by_hand, perceptron, optimizer, jit_compile)


@pytest.mark.slow
@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_so_does_a_model_of_branches_with_convolution_and_batch_normalisation(kind, jit_compile):
    by_hand = KINDS[kind]
    assert_ends_as_by_hand(lambda: by_hand.callbacks(branches), by_hand, branches, "momentum", jit_compile, tolerance=3e-6)


def sharpness(model):
    """The largest eigenvalue of the Hessian of the loss on all samples: all of the matrix, and NumPy's eigenvalues in float64."""
    weights = [v.value for v in model.trainable_variables]
    with tf.GradientTape(persistent=True) as outer:
        with tf.GradientTape() as inner:
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(CLASSES, model(POINTS)))
        gradient = tf.concat([tf.reshape(g, [-1]) for g in inner.gradient(loss, weights)], 0)
    columns = outer.jacobian(gradient, weights)
    hessian = np.concatenate([np.reshape(column, (len(gradient), -1)) for column in columns], axis=1).astype("float64")
    return np.linalg.eigvalsh((hessian + hessian.T) / 2)[-1]


LIMITS = {"SGD": 2.0, "momentum": 2 + 2 * 0.9, "Nesterov": (2 + 2 * 0.9) / (1 + 2 * 0.9)}
MOVED = {**OPTIMIZERS, "Nesterov": lambda: keras.optimizers.SGD(0.02, momentum=0.9, nesterov=True)}


@pytest.mark.slow
@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("optimizer", LIMITS)
def test_the_rate_is_moved_to_a_multiple_of_the_limit_of_stability(optimizer, jit_compile):
    class Moved(ByHand):
        def after(self, epoch):
            if epoch == 2:
                self.optimizer.learning_rate = 0.1 * LIMITS[optimizer] / sharpness(self.model)

    def callback():
        return MoveRate(0.1, 2, POINTS, CLASSES, tolerance=1e-5)

    fit(model := alone(perceptron, SEEDS[1], MOVED[optimizer](), jit_compile), [of_model := callback()])
    expected = Moved(perceptron, SEEDS[1], MOVED[optimizer]()).train()
    np.testing.assert_allclose(model.optimizer.learning_rate, expected.optimizer.learning_rate, rtol=1e-4)
    stack = stack_of(perceptron, MOVED[optimizer](), jit_compile)
    fit(stack, [of_stack := callback()])
    for i, seed in enumerate(SEEDS):
        expected = Moved(perceptron, seed, MOVED[optimizer](), order_seed=seed).train()
        rate = float(expected.optimizer.learning_rate)
        for a, b in zip(stack.member(i).weights, expected.weights, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
        assert stack.frame().query(f"seed == {seed}")["learning_rate"].tolist()[2:] == pytest.approx([rate, rate], rel=1e-4)
        row = of_stack.frame().set_index("seed").loc[seed]
        assert row["rate"] == pytest.approx(rate, rel=1e-4) and row["rate"] * row["sharpness"] == pytest.approx(0.1 * LIMITS[optimizer])
    assert list(of_model.frame()) == ["epoch", "sharpness", "rate"] and of_stack.frame()["epoch"].tolist() == [2, 2, 2]


@pytest.mark.slow
def test_replicas_end_as_one_device():
    """Two logical devices of the CPU in a process of their own."""
    code = """
import sys, numpy as np, tensorflow as tf, keras
cpus = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpus[0], [tf.config.LogicalDeviceConfiguration()] * 2)
from kerascope import SeedStack
from kerascope.interventions import *
from tests.support.interventions import *
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
def callbacks():
    return [ScaleGradient(5, "hidden_1", [2]), ClipGradient(0.05, epochs=[2, 3], steps=[1]), SetBack("hidden_2", after_epoch=3),
            SwapActivation("relu", "hidden_1", after_epoch=2)]
fit(one := alone(perceptron, 4, "momentum"), callbacks())
fit(stacked := stack_of(perceptron, "momentum"), callbacks())
with strategy.scope():
    two, stack = alone(perceptron, 4, "momentum"), stack_of(perceptron, "momentum")
fit(two, callbacks())
fit(stack, callbacks())
assert differences(two, one) < 1e-6, differences(two, one)
worst = max(differences(stack.member(i), stacked.member(i)) for i in range(3))
assert worst < 1e-6, worst
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.slow
def test_monitors_and_the_norm_of_a_stack_measure_the_gradient_of_the_loss():
    fit(plain := stack_of(perceptron), epochs=1)
    fit(silenced := stack_of(perceptron), [ScaleGradient(0)], epochs=1)
    assert not np.allclose(plain.frame()["train_grad_norm"], 0)
    model = alone(perceptron, SEEDS[0])
    norms = []
    rows = np.random.default_rng((SEEDS[0], 0)).permutation(len(POINTS))
    for start in range(0, len(POINTS), BATCH):  # the weights stay
        batch = rows[start : start + BATCH]
        with tf.GradientTape() as tape:
            loss = cross_entropy()(CLASSES[batch], model(POINTS[batch]))
        norms.append(tf.linalg.global_norm(tape.gradient(loss, [v.value for v in model.trainable_variables])).numpy())
    assert silenced.frame()["train_grad_norm"][0] == pytest.approx(np.mean(norms), rel=1e-5)
    for one, other in zip(silenced.member(0).weights, model.weights, strict=True):
        np.testing.assert_array_equal(one, other)
