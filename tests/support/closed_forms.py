"""The losses of experiment A, and their gradients by the logits, written in NumPy float64."""

import keras
import numpy as np

from common.losses import mse_linear, mse_softmax

LOSSES = {
    "cross_entropy": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "mse_softmax": mse_softmax,
    "mse_linear": mse_linear,
}


def softmax_and_onehot(z, y):
    e = np.exp(z.astype("float64") - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True), np.eye(z.shape[1])[y]


def closed_form(name, z, y):
    """The gradient of each sample's loss by its logits, as REPORT.md and `common.losses` write it."""
    p, onehot = softmax_and_onehot(z, y)
    k = z.shape[1]
    if name == "cross_entropy":
        return p - onehot
    if name == "mse_linear":
        return 2 / k * (z - onehot)
    return 2 / k * p * ((p - onehot) - (p * (p - onehot)).sum(1, keepdims=True))
