"""Example: an official example of Keras, shrunk, with all that a test has to know of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

SAMPLES = 40  # with batches of 16, the last one is smaller


@dataclass(frozen=True)
class Example:
    """A model as people write it, tiny data, and how they train it.

    Attributes:
        build: function without arguments that returns the built model, not compiled.
        data: function without arguments that returns `x, y` as given to `fit`; y may be None. Always the same.
        compile_arguments: function without arguments that returns the arguments of `compile`.
        fit_arguments: further arguments of `fit`, arrays or numbers.
        callbacks: function without arguments that returns the example's own callbacks.
        loss: `loss(model, batch)` in plain operations, where the model's class overrides what is trained; else None.
        misclassified: function of the outputs and targets `(samples, ...)`: the share that is wrong; None if the targets are no classes.
        unmeasured: names of the monitors that cannot measure the model.
        repeats_tokens: whether an Embedding finds a token repeatedly in a batch and the optimizer squares gradients: Keras squares those of
            each token by itself, a stack their sum.
        refused: a word of the refusal by SeedStack; None if it stacks.
    """

    build: Callable
    data: Callable
    compile_arguments: Callable
    fit_arguments: dict = field(default_factory=dict)
    callbacks: Callable = list
    loss: Callable | None = None
    misclassified: Callable | None = None
    unmeasured: tuple = ()
    repeats_tokens: bool = False
    refused: str | None = None


def normal(*shape):
    """Standard normal float32, always the same for a shape."""
    return np.random.default_rng(shape).normal(size=shape).astype("float32")


def uniform(*shape):
    """Uniform float32 in [0, 1), always the same for a shape."""
    return np.random.default_rng(shape).random(shape).astype("float32")


def integers(limit, *shape):
    """Uniform int32 below a limit, always the same for a limit and shape."""
    return np.random.default_rng((limit, *shape)).integers(0, limit, shape).astype("int32")


def wrong_class(outputs, y):
    """The share of outputs whose largest score is not that of the integer label."""
    return (outputs.argmax(-1) != np.reshape(y, outputs.shape[:-1])).mean()


def wrong_one_hot(outputs, y):
    """The share of outputs whose largest score is not that of the one-hot target."""
    return (outputs.argmax(-1) != y.argmax(-1)).mean()


def wrong_probability(outputs, y):
    """The share of probabilities of one sigmoid on the wrong side of 1/2."""
    return ((outputs.reshape(-1) > 0.5) != (np.reshape(y, -1) > 0.5)).mean()


def wrong_logit(outputs, y):
    """The share of single logits on the wrong side of 0."""
    return ((outputs.reshape(-1) > 0) != (np.reshape(y, -1) > 0.5)).mean()
