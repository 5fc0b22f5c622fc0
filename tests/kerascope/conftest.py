"""Fixtures of several tests of monitors."""

import keras
import numpy as np
import pytest

from kerascope import SeedStack
from tests.support.perceptron import CLASSES, FEATURES, SAMPLES, Weights, build, cross_entropy


@pytest.fixture(scope="module")
def probe():
    random = np.random.default_rng(0)
    return random.normal(size=(SAMPLES, FEATURES)).astype("float32"), random.integers(0, CLASSES, SAMPLES).astype("int32")


@pytest.fixture(params=[pytest.param("ordinary model", marks=pytest.mark.slow), "SeedStack"])
def train(request, probe):
    """A function that trains with the given callbacks and returns the model, and the weights at each epoch by member."""

    def train(activation, callbacks, loss=None, learning_rate=0.1, epochs=3):
        if request.param == "SeedStack":
            model = SeedStack(lambda: build(activation), [0, 1, 2])
        else:
            keras.utils.set_random_seed(0)
            model = build(activation)
        model.compile(keras.optimizers.SGD(learning_rate), loss=loss or cross_entropy())
        weights = Weights()
        model.fit(*probe, batch_size=16, epochs=epochs, verbose=0, callbacks=[*callbacks, weights])
        return model, weights.seen

    return train
