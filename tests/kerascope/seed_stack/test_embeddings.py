"""An Embedding under optimizers that square gradients: Keras alone, Keras with dense gradients, and a stack."""

import re
import warnings

import keras
import numpy as np
import pytest

from kerascope import SeedStack, StackWarning
from tests.support.scripts import ROOT

SEED = 3
SQUARING, OTHERS = ("adam", "rmsprop", "adagrad"), ("sgd", "lion")


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
@pytest.mark.parametrize("optimizer", SQUARING)
def test_a_stack_squares_summed_gradients_and_says_that_keras_does_not(texts, optimizer):
    before, alone = trained_alone(texts, optimizer)
    _, dense = trained_alone(texts, optimizer, keras.regularizers.L2(0.0))
    stacked, told = trained_in_a_stack(texts, optimizer)
    np.testing.assert_allclose(stacked, dense, rtol=1e-5, atol=1e-6)
    difference = np.linalg.norm(alone - dense) / np.linalg.norm(dense - before)
    assert difference > 5e-4 and len(told) == 1 and "L2(0.0)" in told[0]
    documented = re.search(r"differ by ([\d.]+) of the way.*?RMSprop by ([\d.]+), of Adagrad by ([\d.]+)", page(), re.DOTALL)
    assert float(documented[1 + SQUARING.index(optimizer)]) == pytest.approx(difference, abs=0.006 if difference > 0.1 else 0.0006)


def page():
    return (ROOT / "docs" / "site" / "stacking.md").read_text() if (ROOT / "docs").is_dir() else pytest.skip("the documents are not here")


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", OTHERS)
def test_where_nothing_is_squared_a_stack_is_keras_and_says_nothing(texts, optimizer):
    stacked, told = trained_in_a_stack(texts, optimizer)
    np.testing.assert_allclose(stacked, trained_alone(texts, optimizer)[1], rtol=1e-5, atol=1e-6)
    assert told == []


def test_a_regulariser_of_weight_0_makes_both_the_same(texts):
    stacked, told = trained_in_a_stack(texts, "adam", keras.regularizers.L2(0.0))
    np.testing.assert_allclose(stacked, trained_alone(texts, "adam", keras.regularizers.L2(0.0))[1], rtol=1e-5, atol=1e-6)
    assert told == []
