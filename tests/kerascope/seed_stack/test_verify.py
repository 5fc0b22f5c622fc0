"""`verify` finds what a SeedStack does otherwise than plain Keras, and leaves the stack as it is."""

import keras
import numpy as np
import pytest

from kerascope import StackWarning
from kerascope.seed_stack import train_epoch
from tests.support.against_keras import stack_of

L, ops = keras.layers, keras.ops
RANDOM = np.random.default_rng(4)
POINTS, LABELS = RANDOM.normal(size=(100, 6)).astype("float32"), RANDOM.integers(0, 3, 100)
TOKENS = RANDOM.integers(0, 9, (100, 7))


def build():
    return keras.Sequential([keras.Input((6,)), L.Dense(5, "relu", name="hidden"), L.BatchNormalization(), L.Dropout(0.2), L.Dense(3)])


def two_inputs():
    inputs = [keras.Input((6,), name="one"), keras.Input((6,), name="two")]
    return keras.Model(inputs, [L.Dense(3, name="kind")(inputs[0] + inputs[1]), L.Dense(1, name="size")(inputs[1])])


EXACT = {
    "arrays": (build, {"x": POINTS, "y": LABELS}, None),
    "weights": (build, {"x": POINTS, "y": LABELS, "sample_weight": np.linspace(0, 1, 100), "steps": 2}, None),
    "a member by its position": (build, {"x": POINTS, "y": LABELS, "member": 0, "batch_size": 50}, None),
    "several inputs and outputs": (
        two_inputs,
        {"x": [POINTS, POINTS[::-1].copy()], "y": [LABELS, POINTS[:, :1]]},
        lambda: {"loss": [keras.losses.SparseCategoricalCrossentropy(from_logits=True), "mse"]},
    ),
}


@pytest.mark.parametrize(
    ("build", "arguments", "compiled"), [pytest.param(*case, id=name, marks=pytest.mark.slow) for name, case in EXACT.items()]
)
def test_an_exact_model_is_verified(build, arguments, compiled):
    report = stack_of(build, **({"compiled": compiled} if compiled else {})).verify(**arguments)
    assert report.ok and bool(report) and report.frame()["ok"].all(), report
    assert report.frame()["difference"].max() < 1e-4 and len(report.frame()) == len(build().variables)


def state_of(stack):
    return [np.array(variable) for variable in [*stack.variables, *stack.optimizer.variables]]


@pytest.mark.slow
def test_it_leaves_weights_optimizer_and_records_alone_and_works_after_fit():
    stacks = [stack_of(build, optimizer=lambda: keras.optimizers.AdamW(0.01, weight_decay=0.1)) for _ in range(2)]
    for stack in stacks:
        stack.fit(POINTS, LABELS, batch_size=32, epochs=2, verbose=0)
    before, records = state_of(stacks[0]), stacks[0].frame()
    assert stacks[0].verify(POINTS, LABELS).ok
    for values, now in zip(before, state_of(stacks[0]), strict=True):
        np.testing.assert_array_equal(values, now)
    assert stacks[0].frame().equals(records)
    for stack in stacks:
        stack.fit(POINTS, LABELS, batch_size=32, epochs=1, verbose=0)
    for values, others in zip(state_of(stacks[0]), state_of(stacks[1]), strict=True):
        np.testing.assert_array_equal(values, others)


class Box:
    """Holds a number where no comparison of settings sees it."""

    __slots__ = ()
    numbers = {}  # noqa: RUF012

    def __init__(self, number):
        self.numbers[id(self)] = number

    def __call__(self, inputs):
        return ops.sin(self.numbers[id(self)] * inputs)


def hidden_difference():
    return keras.Sequential([keras.Input((6,)), L.Dense(5, Box(np.random.rand()), name="hidden"), L.Dense(3, name="scores")])


def test_a_difference_that_nothing_else_sees_is_found_and_named():
    report = stack_of(hidden_difference).verify(POINTS, LABELS)
    assert not report.ok and not bool(report)
    different = report.frame().query("not ok")["weight"]
    assert different.str.contains("hidden/kernel").any() and different.str.contains("scores/kernel").any()
    assert "hidden/kernel" in str(report) and "loss" in str(report) and "seed 2" in str(report)


@pytest.mark.slow
def test_a_fault_of_the_stack_itself_is_found_in_the_weight_that_it_hits(monkeypatch):
    update = train_epoch._update_variables

    def without_last_bias(stack, gradients, *args):
        update(stack, [*gradients[:-1], 0 * gradients[-1]], *args)

    monkeypatch.setattr(train_epoch, "_update_variables", without_last_bias)
    report = stack_of(lambda: keras.Sequential([keras.Input((6,)), L.Dense(3, name="scores")])).verify(POINTS, LABELS, steps=1)
    assert report.frame().query("not ok")["weight"].str.endswith("scores/bias").tolist() == [True]


@pytest.mark.slow
def test_it_says_by_how_much_keras_squares_rows_of_an_embedding_otherwise():
    def embedded():
        return keras.Sequential([keras.Input((7,)), L.Embedding(9, 4, name="words"), L.GlobalAveragePooling1D(), L.Dense(3)])

    stack = stack_of(embedded, optimizer=lambda: keras.optimizers.Adam(0.01))
    report = stack.verify(TOKENS, LABELS)
    assert not report.ok and report.frame().query("not ok")["weight"].str.contains("words").any()
    assert any("Embedding" in note for note in report.notes) and "Embedding" in str(report)
    with pytest.warns(StackWarning):  # a training of the stack itself tells it still
        stack.fit(TOKENS, LABELS, verbose=0)
