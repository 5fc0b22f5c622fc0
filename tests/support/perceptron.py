"""A small perceptron with units of known fate, and what it does written from the definitions in NumPy float64."""

import keras
import numpy as np

from kerascope.seed_stack import SeedStack
from tests.support.mlp import build_mlp

SAMPLES, FEATURES, CLASSES = 40, 5, 3
ACTIVATIONS = {  # function, derivative from the pre-activation
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0).astype(float)),
    "leaky_relu": (lambda z: np.where(z > 0, z, 0.01 * z), lambda z: np.where(z > 0, 1, 0.01)),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
}


def build(activation="relu", shift=8):
    """hidden_1 has unit 0 off everywhere (dead under ReLU, saturated under sigmoid), unit 1 on everywhere, unit 2 close to silent."""
    model = build_mlp(FEATURES, CLASSES, hidden=(8, 6), activation=activation)
    kernel, bias = (np.array(v) for v in model.get_layer("hidden_1").get_weights())
    bias[:3] = -shift, shift, 0
    kernel[:, 2] *= 1e-5
    model.get_layer("hidden_1").set_weights([kernel, bias])
    return model


def float64_weights(model):
    return [np.asarray(w, "float64") for w in model.get_weights()]


def forward(weights, x, activation):
    """Pre-activations and outputs of the three layers, float64."""
    function = ACTIVATIONS[activation][0]
    w1, b1, w2, b2, w3, b3 = weights
    z1 = x.astype("float64") @ w1 + b1
    z2 = function(z1) @ w2 + b2
    z3 = function(z2) @ w3 + b3
    return [(z1, function(z1)), (z2, function(z2)), (z3, z3)]


def backward(weights, x, y, activation):
    """Gradients of the mean cross-entropy, by the chain rule, float64."""
    derivative = ACTIVATIONS[activation][1]
    (z1, a1), (z2, a2), (z3, _) = forward(weights, x, activation)
    p = np.exp(z3 - z3.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    d3 = (p - np.eye(CLASSES)[y]) / len(x)
    d2 = d3 @ weights[4].T * derivative(z2)
    d1 = d2 @ weights[2].T * derivative(z1)
    return [x.T @ d1, d1.sum(0), a1.T @ d2, d2.sum(0), a2.T @ d3, d3.sum(0)]


def expected_gradient_row(gradients, weights, before, layer):
    g, w, b = (np.concatenate([a.ravel() for a in arrays[2 * layer : 2 * layer + 2]]) for arrays in (gradients, weights, before))
    return [np.sqrt((g**2).sum()), np.abs(g).mean(), np.sqrt((w**2).sum()), np.sqrt(((w - b) ** 2).sum()) / np.sqrt((b**2).sum())]


def expected_activation_row(z, a, activation):
    derivative = ACTIVATIONS[activation][1](z) if activation in ACTIVATIONS else np.ones_like(z)
    largest = {"sigmoid": 0.25, "tanh": 1.0}.get(activation)
    mean_abs = np.abs(a).mean(0)
    return [
        (derivative == 0).all(0).mean(),
        (a <= 0).all(0).mean(),
        (a <= 0).mean(),
        (mean_abs <= 0.025 * mean_abs.mean()).mean(),
        np.nan if largest is None else (derivative < 0.01 * largest).mean(),
        a.mean(),
        a.std(),
    ]


def cross_entropy():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


class Weights(keras.callbacks.Callback):
    """Weights of every member before training and after every epoch, float64."""

    def on_train_begin(self, logs=None):
        self.seen = [self._now()]

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(self._now())

    def _now(self):
        if isinstance(self.model, SeedStack):
            return [float64_weights(self.model.member(i)) for i in range(len(self.model.seeds))]
        return [float64_weights(self.model)]
