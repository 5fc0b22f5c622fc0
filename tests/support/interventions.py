"""What the interventions do, in a training loop written by hand, and trainings to compare with it."""

import keras
import numpy as np
import tensorflow as tf

from kerascope import SeedStack
from kerascope.seed_stack import batch_order
from tests.support.mlp import build_mlp

L = keras.layers
SEEDS, BATCH, EPOCHS = (4, 1, 7), 16, 4
RANDOM = np.random.default_rng(8)
POINTS, CLASSES = RANDOM.normal(size=(40, 6)).astype("float32"), RANDOM.integers(0, 3, 40)  # 40 = 2 x 16 + 8: the last batch is uneven
IMAGES = RANDOM.normal(size=(40, 6, 6, 1)).astype("float32")
OPTIMIZERS = {
    "SGD": lambda: keras.optimizers.SGD(0.05),
    "momentum": lambda: keras.optimizers.SGD(0.02, momentum=0.9),
    "Adam": lambda: keras.optimizers.Adam(0.003),
}


def perceptron():
    return build_mlp(6, 3, hidden=(8, 5), activation="tanh")


def branches():
    """A functional model of two branches, with a convolution and batch normalisation."""
    x = inputs = keras.Input((6, 6, 1))
    x = L.BatchNormalization(name="norm")(L.Conv2D(3, 3, activation="tanh", name="conv")(x))
    x = L.Flatten()(x)
    x = L.Concatenate()([L.Dense(6, "tanh", name="left")(x), L.Dense(4, "sigmoid", name="right")(x)])
    return keras.Model(inputs, L.Dense(3, name="logits")(x))


def data(build):
    """The samples and classes for a model."""
    return (IMAGES if build is branches else POINTS), CLASSES


def cross_entropy():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def alone(build, seed, optimizer="SGD", jit_compile=False, **compiled):
    """A compiled model of a seed."""
    keras.utils.set_random_seed(seed)
    model = build()
    optimizer = OPTIMIZERS[optimizer]() if isinstance(optimizer, str) else optimizer
    model.compile(optimizer, cross_entropy(), jit_compile=jit_compile, **compiled)
    return model


def stack_of(build, optimizer="SGD", jit_compile=False, seeds=SEEDS):
    """A compiled SeedStack."""
    stack = SeedStack(build, seeds)
    stack.compile(OPTIMIZERS[optimizer]() if isinstance(optimizer, str) else optimizer, cross_entropy(), jit_compile=jit_compile)
    return stack


def fit(model, callbacks=(), epochs=EPOCHS, build=perceptron, **more):
    """Train; a stack shuffles, an ordinary model does not."""
    shuffle = {} if isinstance(model, SeedStack) else {"shuffle": False}
    return model.fit(*data(build), batch_size=BATCH, epochs=epochs, verbose=0, callbacks=list(callbacks), **shuffle, **more)


class ByHand:
    """A training loop of a model alone: subclasses say what happens to gradients, and at the end of epochs.

    Args:
        build: function that builds the model.
        seed: of its initial weights.
        optimizer: a key of `OPTIMIZERS`, or an optimizer.
        order_seed: of the batch orders; None for samples in their order.
    """

    def __init__(self, build, seed, optimizer="SGD", order_seed=None):
        self.build, self.order_seed = build, order_seed
        self.model = alone(build, seed, optimizer)
        self.optimizer = self.model.optimizer

    def gradients(self, gradients, epoch, step):
        """The gradients that the optimizer gets, from `{path of a weight: tensor}`."""
        return gradients

    def after(self, epoch):
        """What happens at the end of an epoch, and before training (0)."""

    def train(self, epochs=EPOCHS):
        """Train, and return the model."""
        x, y = data(self.build)
        self.after(0)
        for epoch in range(1, epochs + 1):
            rows = np.arange(len(x)) if self.order_seed is None else batch_order(self.order_seed, epoch - 1, len(x))
            for step, start in enumerate(range(0, len(x), BATCH), start=1):
                self._step(*(part[rows[start : start + BATCH]] for part in (x, y)), epoch, step)
            self.after(epoch)
        return self.model

    def _step(self, x, y, epoch, step):
        weights = self.model.trainable_variables
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, self.model(x, training=True))
            loss = tf.reduce_mean(losses)
        found = {name(weight): gradient for weight, gradient in zip(weights, tape.gradient(loss, [w.value for w in weights]), strict=True)}
        changed = self.gradients(dict(found), epoch, step)
        self.optimizer.apply([changed[name(weight)] for weight in weights], weights)


def name(weight):
    """`layer/weight` of a weight."""
    return "/".join(weight.path.split("/")[-2:])


def differences(model, other):
    """The largest difference of a weight, relative to its norm."""
    pairs = [(np.array(a, "float64"), np.array(b, "float64")) for a, b in zip(model.weights, other.weights, strict=True)]
    return max(np.linalg.norm(a - b) / max(np.linalg.norm(b), 1e-3) for a, b in pairs)


def values(model):
    """All weights, and the optimizer's state."""
    weights = model.stacked(model.template.weights) if isinstance(model, SeedStack) else model.weights
    return [np.array(variable) for variable in [*weights, *model.optimizer.variables]]


def identical(model, other):
    """Whether two trainings ended in the same, bit for bit."""
    return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(values(model), values(other), strict=True))


def assert_ends_as_by_hand(callbacks, by_hand, build, optimizer="SGD", jit_compile=False, tolerance=1e-6, epochs=EPOCHS):
    """`keras.Model.fit` and each member of a stack, with the callbacks of `callbacks()`, end as the loop by hand; and not as without."""
    fit(model := alone(build, SEEDS[1], optimizer, jit_compile), callbacks(), epochs, build)
    expected = by_hand(build, SEEDS[1], optimizer).train(epochs)
    assert differences(model, expected) <= tolerance
    assert differences(ByHand(build, SEEDS[1], optimizer).train(epochs), expected) > 1e-3
    fit(stack := stack_of(build, optimizer, jit_compile), callbacks(), epochs, build)
    for i, seed in enumerate(SEEDS):
        expected = by_hand(build, seed, optimizer, order_seed=seed).train(epochs)
        assert differences(stack.member(i), expected) <= tolerance
    return model, stack
