"""An Embedding under optimizers that square gradients: Keras alone, Keras with dense gradients, and a stack."""

import re
import warnings

import keras
import numpy as np
import pytest

from kerascope import SeedStack, StackWarning
from tests.support.against_keras import alone, assert_same_weights, assert_trains_as_alone, cases, fit_alone, network, sgd, stack_of
from tests.support.scripts import ROOT

L, optimizers, ops = keras.layers, keras.optimizers, keras.ops
TOKENS, LABELS = np.random.default_rng(1).integers(0, 12, (50, 7)), np.random.default_rng(2).integers(0, 3, 50)
SEED = 3
DOCUMENTED = ("adam", "rmsprop", "adagrad")


@pytest.fixture(scope="module")
def texts():
    """48 texts of seven tokens from a vocabulary of twelve, and their classes: three steps of sixteen."""
    random = np.random.default_rng(0)
    return random.integers(0, 12, (48, 7)), random.integers(0, 3, 48)


def builder(regularizer=None):
    def build():
        embedding = keras.layers.Embedding(12, 4, embeddings_regularizer=regularizer)
        return keras.Sequential([keras.Input((7,)), embedding, keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(3)])

    return build


def cross_entropy():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def trained_alone(texts, optimizer, regularizer=None):
    """The embeddings before and after three steps of plain Keras."""
    keras.utils.set_random_seed(SEED)
    model = builder(regularizer)()
    before = np.array(model.layers[0].embeddings)
    model.compile(optimizer, cross_entropy())
    model.fit(*texts, batch_size=16, shuffle=False, verbose=0)
    return before, np.array(model.layers[0].embeddings)


def trained_in_a_stack(texts, optimizer, regularizer=None):
    """The embeddings after the same steps in a stack, and what it told."""
    stack = SeedStack(builder(regularizer), [SEED, 8])
    stack.compile(optimizer, cross_entropy())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        stack.fit(*texts, batch_size=16, shuffle=False, verbose=0)
    return np.array(stack.member(0).layers[0].embeddings), [str(w.message) for w in caught if w.category is StackWarning]


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", DOCUMENTED)
def test_the_documented_differences_are_those_of_keras_with_gradients_of_rows_and_dense_ones(texts, optimizer):
    before, alone = trained_alone(texts, optimizer)
    _, dense = trained_alone(texts, optimizer, keras.regularizers.L2(0.0))
    stacked, told = trained_in_a_stack(texts, optimizer)
    np.testing.assert_allclose(stacked, dense, rtol=1e-5, atol=1e-6)
    difference = np.linalg.norm(alone - dense) / np.linalg.norm(dense - before)
    assert difference > 5e-4 and len(told) == 1 and "L2(0.0)" in told[0]
    documented = re.search(r"differ by ([\d.]+) of the way.*?RMSprop by ([\d.]+), of Adagrad by ([\d.]+)", page(), re.DOTALL)
    assert float(documented[1 + DOCUMENTED.index(optimizer)]) == pytest.approx(difference, abs=0.006 if difference > 0.1 else 0.0006)


def page():
    return (ROOT / "docs" / "site" / "stacking.md").read_text() if (ROOT / "docs").is_dir() else pytest.skip("the documents are not here")


@pytest.mark.slow
def test_a_regulariser_of_weight_0_makes_both_the_same(texts):
    stacked, told = trained_in_a_stack(texts, "adam", keras.regularizers.L2(0.0))
    np.testing.assert_allclose(stacked, trained_alone(texts, "adam", keras.regularizers.L2(0.0))[1], rtol=1e-5, atol=1e-6)
    assert told == []


class Gathered(L.Layer):
    """An Embedding of one's own; `dense` gives it the gradients of a matrix product instead of those of rows."""

    def __init__(self, dense=False):
        super().__init__()
        self.dense = dense

    def build(self, shape):
        self.table = self.add_weight(shape=(12, 4), initializer=keras.initializers.RandomNormal(seed=1))

    def call(self, tokens):
        tokens = ops.cast(tokens, "int32")
        rows = ops.matmul(ops.one_hot(tokens, 12), self.table) if self.dense else ops.take(self.table, tokens, axis=0)
        return ops.mean(rows, axis=1)


def pooled():
    return keras.Sequential(
        [L.Embedding(12, 4, embeddings_initializer=keras.initializers.RandomNormal(seed=1)), L.GlobalAveragePooling1D()]
    )


SQUARING = {
    "Adam": (lambda: optimizers.Adam(0.01),),
    "Adagrad": (lambda: optimizers.Adagrad(0.05),),
    "clipped": (lambda: optimizers.SGD(0.1, clipvalue=1e-3),),
}


@pytest.mark.parametrize("embedded", [pooled, Gathered])
@pytest.mark.parametrize("optimizer", cases([], SQUARING))
def test_where_keras_squares_rows_before_it_sums_them_the_stack_trains_by_their_sum_and_says_so(embedded, optimizer):
    stack = stack_of(network(TOKENS, embedded), optimizer=optimizer)
    with warnings.catch_warnings(record=True) as told:
        for _ in range(2):
            stack.fit(TOKENS, LABELS, batch_size=16, epochs=2, verbose=0)
    assert ["Embedding" in str(warning.message) for warning in told if warning.category is StackWarning] == [True]

    def ends(build):
        model = alone(build, stack.seeds[1], optimizer=optimizer)
        before = [np.array(variable) for variable in model.variables]
        fit_alone(model, stack.seeds[1], TOKENS, LABELS)
        fit_alone(model, stack.seeds[1], TOKENS, LABELS)
        return model, before

    dense, before = ends(network(TOKENS, lambda: Gathered(dense=True)))
    assert_same_weights(stack.member(1), dense, before, tolerance=1e-4)
    rows, _ = ends(network(TOKENS, embedded))  # Keras itself, with the same initial table
    kept = [np.array(model.variables[0]) for model in (stack.member(1), rows)]
    assert np.linalg.norm(kept[0] - kept[1]) > 0.02 * np.linalg.norm(kept[1] - before[0])


class Tied(L.Layer):
    """A table that is also the last kernel: its gradient is dense."""

    def build(self, shape):
        self.table = self.add_weight(shape=(12, 4))

    def call(self, tokens):
        rows = ops.take(self.table, ops.cast(tokens, "int32"), axis=0)
        return ops.matmul(ops.mean(rows, axis=1), ops.transpose(self.table))


SUMMING = {
    "SGD": (pooled, sgd),
    "Lion": (pooled, lambda: optimizers.Lion(0.01)),
    "accumulated": (pooled, lambda: optimizers.Adam(0.01, gradient_accumulation_steps=2)),
    "tied": (Tied, lambda: optimizers.Adam(0.01)),
}


@pytest.mark.slow
@pytest.mark.parametrize(("embedded", "optimizer"), cases([], SUMMING))
@pytest.mark.filterwarnings("error::kerascope.StackWarning")
def test_embeddings_train_as_alone_where_rows_are_summed_first(embedded, optimizer):
    assert_trains_as_alone(network(TOKENS, embedded), TOKENS, LABELS, optimizer=optimizer, tolerance=3e-5, shuffle=False)
