"""Trainings to compare: members of a SeedStack, and what a Keras user would train alone."""

import keras
import numpy as np

from kerascope.seed_stack import SeedStack, batch_order
from tests.support.mlp import build_mlp

SAMPLES, FEATURES, CLASSES, BATCH, EPOCHS = 50, 6, 3, 16, 3  # 50 = 3 x 16 + 2: the last batch is uneven


def cross_entropy():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def build():
    return build_mlp(FEATURES, CLASSES, hidden=(8, 5))


def samples():
    """Points and classes that can be learned: `(SAMPLES, FEATURES)`, `(SAMPLES,)`."""
    random = np.random.default_rng(0)
    x = random.normal(size=(SAMPLES, FEATURES)).astype("float32")
    y = (x[:, 0] * 2 + x[:, 1] > 0).astype("int32") + (x[:, 2] > 0.5)
    return x, y.astype("int32")


def build_cnn():
    return keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Conv2D(4, 3, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(3, kernel_regularizer=keras.regularizers.L2(0.01)),
        ]
    )


def trained_stack(samples, seeds, optimizer, build=build, jit=False, epochs=EPOCHS, loss=None, **fit):
    stack = SeedStack(build, seeds)
    stack.compile(optimizer, loss=loss or cross_entropy(), metrics=["accuracy"], jit_compile=jit)
    stack.fit(*samples, batch_size=BATCH, epochs=epochs, verbose=0, **fit)
    return stack


def trained_alone(samples, seed, optimizer, build=build, epochs=EPOCHS, loss=None, jit=False):
    """The training of a Keras user: seed, build, compile, and fit on the batches that the seed prescribes."""
    keras.utils.set_random_seed(seed)
    model = build()
    model.compile(optimizer, loss=loss or cross_entropy(), metrics=["accuracy"], jit_compile=jit)
    x, y = samples
    history = []
    for epoch in range(epochs):
        order = batch_order(seed, epoch, len(x))
        history.append(model.fit(x[order], y[order], batch_size=BATCH, shuffle=False, verbose=0).history)
    return model, {name: [h[name][0] for h in history] for name in history[0]}


def assert_same_weights(model, reference, tolerance=1e-4):
    assert len(model.variables) == len(reference.variables)
    for ours, theirs in zip(model.variables, reference.variables, strict=True):
        ours, theirs = np.array(ours), np.array(theirs)
        scale = np.linalg.norm(theirs.astype("float64"))
        assert np.linalg.norm(ours.astype("float64") - theirs) <= tolerance * max(scale, 1e-12)
