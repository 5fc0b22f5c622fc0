"""The timed cases: the trainings of the three experiments, ours and as a Keras user would write them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import keras

from common import data, losses
from common.data.fashion_mnist import find_fashion_mnist
from exp_c_optimizer import build_model
from kerascope import SeedStack
from kerascope.seed_stack.metrics import accuracy_metric


def cross_entropy():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@dataclass(frozen=True)
class Case:
    """A training.

    Attributes:
        name: how the table calls it.
        dataset, batch_size, epochs: as in the experiment.
        block: epochs that are timed together.
        optimizer: function that returns a Keras optimizer.
        loss: function that returns a Keras loss.
        init: initialisation.
    """

    name: str
    dataset: str
    batch_size: int
    epochs: int
    block: int
    optimizer: Callable
    loss: Callable = cross_entropy
    init: str = "pytorch"

    def load(self):
        return _load(self.dataset)

    def build(self):
        (x, _), _ = self.load()
        settings = {"init": self.init, "batch_norm": False, "dropout": 0.0}
        return build_model(settings, x.shape[1], data.DATASETS[self.dataset].num_classes)


@cache
def _load(dataset):
    return data.load(dataset)


def adamw(learning_rate):
    return lambda: keras.optimizers.AdamW(learning_rate, weight_decay=0.01)


MOONS = Case("B, moons, ReLU, AdamW", "moons", 700, 300, 60, adamw(0.01), init="small")
DIGITS = [
    Case("C, Digits, SGD", "digits", 64, 100, 20, lambda: keras.optimizers.SGD(0.01)),
    Case("C, Digits, momentum", "digits", 64, 100, 20, lambda: keras.optimizers.SGD(0.01, momentum=0.9)),
    Case("C, Digits, Adam", "digits", 64, 100, 20, lambda: keras.optimizers.Adam(0.01)),
    Case("A, Digits, MSE on softmax, AdamW", "digits", 64, 100, 20, adamw(0.001), lambda: losses.mse_softmax),
]
FASHION = [
    replace(case, name=case.name.replace("Digits", "Fashion-MNIST"), dataset="fashion_mnist", batch_size=128, block=1) for case in DIGITS
]


def fashion_mnist(size):
    """The cases on Fashion-MNIST; none where it is not wanted or not on disk."""
    return FASHION if size.fashion_mnist and find_fashion_mnist() else []


class Training:
    """A training that goes on block by block. `start_seconds` is what it takes beyond its epochs: building, tracing, compiling; `data` are
    its `(x, y), (x_test, y_test)`, `how` says by what it is trained."""

    def __init__(self, case):
        self.case, self.data = case, case.load()
        began = time.perf_counter()
        self.prepare()
        self.train(1)
        first = time.perf_counter() - began
        began = time.perf_counter()
        self.train(1)
        self.start_seconds = first - (time.perf_counter() - began)

    def prepare(self):
        raise NotImplementedError

    def train(self, epochs):
        raise NotImplementedError

    def train_block(self):
        self.train(self.case.block)


class PlainKeras(Training):
    """One seed, compiled and fitted on NumPy arrays; no monitors."""

    how, num_seeds = "fit", 1

    def prepare(self):
        self.model = self.case.build()
        self.model.compile(self.case.optimizer(), self.case.loss(), metrics=["accuracy"])

    def train(self, epochs):
        self.fit(epochs, [])

    def fit(self, epochs, callbacks):
        (x, y), test = self.data
        self.model.fit(x, y, batch_size=self.case.batch_size, epochs=epochs, validation_data=test, verbose=0, callbacks=callbacks)


class Stacked(Training):
    """Many seeds in a SeedStack, as the scripts train them; with `callbacks(x, y)`, monitors for one."""

    how = "SeedStack"

    def __init__(self, case, num_seeds, callbacks=None, jit_compile="auto"):
        self.num_seeds = num_seeds
        self.callbacks = callbacks
        self.jit_compile = jit_compile
        super().__init__(case)

    def prepare(self):
        self.stack = SeedStack(self.case.build, range(self.num_seeds))
        self.stack.compile(self.case.optimizer(), self.case.loss(), metrics=[accuracy_metric()], jit_compile=self.jit_compile)
        self.kept = self.callbacks(*self.case.load()[0]) if self.callbacks else []

    def train(self, epochs):
        self.fit(epochs, self.kept)

    def fit(self, epochs, callbacks):
        (x, y), test = self.data
        last = self.case.epochs  # the last epochs of the whole training, by whose length XLA is chosen
        self.stack.fit(x, y, self.case.batch_size, last, verbose=0, callbacks=callbacks, validation_data=test, initial_epoch=last - epochs)
