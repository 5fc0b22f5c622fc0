"""Losses, metrics, masks, targets, several inputs and outputs: members are trained by, and logged with, what plain Keras computes."""

import keras
import numpy as np
import pytest

from kerascope.seed_stack import NotStackable
from tests.support.against_keras import assert_trains_as_alone, stack_of

L, ops = keras.layers, keras.ops
RANDOM = np.random.default_rng(1)
POINTS, LABELS = RANDOM.normal(size=(50, 6)).astype("float32"), RANDOM.integers(0, 3, 50)
TOKENS, TAGS = RANDOM.integers(0, 9, (50, 7)), RANDOM.integers(0, 3, (50, 7))
LENGTHS = RANDOM.integers(1, 8, 50)
SERIES = np.where(np.arange(7)[None, :, None] < LENGTHS[:, None, None], RANDOM.normal(size=(50, 7, 4)), 0).astype("float32")
WEIGHTS = np.linspace(0.2, 2, 50)


def cross_entropy(**kwargs):
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True, **kwargs)


def network(*layers, features=6, outputs=3):
    return lambda: keras.Sequential([keras.Input((features,)), *(make() for make in layers), L.Dense(outputs)])


def validated(x, y, weights=None, samples=21):
    parts = (x[:samples], y[:samples]) if weights is None else (x[:samples], y[:samples], weights[:samples])
    return {"validation_data": parts, "validation_batch_size": 8}


def share_of_hits(y_true, y_pred):
    """A metric of a whole batch: no mean over samples."""
    hits = ops.cast(ops.equal(ops.argmax(y_pred, -1), ops.cast(y_true, "int64")), "float32")
    return 2 * ops.sum(hits) / (ops.sum(hits) + 7)


def contrast(y_true, y_pred):
    """A loss of pairs within a batch."""
    unit = ops.normalize(y_pred, axis=-1)
    return ops.mean(ops.logsumexp(ops.matmul(unit, ops.transpose(unit)), axis=1))


class Penalty(L.Layer):
    def __init__(self, reduce):
        super().__init__()
        self.reduce = reduce

    def call(self, inputs):
        self.add_loss(self.reduce(ops.square(inputs)) * 0.01)
        return inputs


OBJECTIVES = {
    "sum": (network(), LABELS, lambda: {"loss": cross_entropy(reduction="sum")}),
    "sum of weighted": (network(), LABELS, lambda: {"loss": cross_entropy(reduction="sum"), "weighted_metrics": ["accuracy"]}),
    "pairs": (network(), LABELS, lambda: {"loss": contrast}),
    "metric of a batch": (network(), LABELS, lambda: {"loss": cross_entropy(), "metrics": [share_of_hits]}),
    "metrics=None": (network(), LABELS, lambda: {"loss": cross_entropy(), "metrics": None}),
    "added sum": (network(lambda: Penalty(ops.sum)), LABELS, lambda: {"loss": cross_entropy()}),
    "added vector": (network(lambda: Penalty(lambda t: ops.mean(t, axis=1))), LABELS, lambda: {"loss": cross_entropy()}),
    "activity regularizer": (network(lambda: L.Dense(4, activity_regularizer="l2")), LABELS, lambda: {"loss": cross_entropy()}),
    "one-hot": (network(), np.eye(3)[LABELS], lambda: {"loss": keras.losses.CategoricalCrossentropy(from_logits=True)}),
    "one-hot accuracy": (
        network(),
        np.eye(3)[LABELS],
        lambda: {"loss": keras.losses.CategoricalFocalCrossentropy(from_logits=True), "metrics": ["accuracy"]},
    ),
    "reconstruction": (network(outputs=6), POINTS, lambda: {"loss": "mse", "metrics": ["mae", keras.metrics.CosineSimilarity()]}),
    "one sigmoid": (
        lambda: keras.Sequential([keras.Input((6,)), L.Dense(1, "sigmoid")]),
        (LABELS > 0) * 1.0,
        lambda: {"loss": "binary_crossentropy", "metrics": ["accuracy", keras.metrics.AUC(num_thresholds=20, name="auc")]},
    ),
    "column of targets": (network(outputs=1), WEIGHTS[:, None], lambda: {"loss": keras.losses.Huber(), "metrics": ["mae"]}),
}


@pytest.mark.parametrize(
    ("build", "y", "compiled"),
    [pytest.param(*case, id=name, marks=() if name == "metric of a batch" else pytest.mark.slow) for name, case in OBJECTIVES.items()],
)
def test_losses_and_metrics_are_those_of_keras(build, y, compiled):
    weights = WEIGHTS if "weighted" in str(compiled()) else None
    assert_trains_as_alone(build, POINTS, y, weights, compiled=compiled, **validated(POINTS, y, weights))


@pytest.mark.slow
@pytest.mark.parametrize("samples", [3, 21, 41])
def test_val_loss_is_of_the_default_batches_when_none_are_given(samples):
    compiled = lambda: {"loss": cross_entropy(reduction="sum"), "metrics": [share_of_hits]}  # noqa: E731
    assert_trains_as_alone(network(), POINTS, LABELS, compiled=compiled, validation_data=(POINTS[:samples], LABELS[:samples]))


@pytest.mark.slow
def test_a_sum_that_is_0_at_first_is_evaluated_in_fits_batches():
    build = lambda: keras.Sequential([keras.Input((6,)), L.Dense(1, kernel_initializer="zeros")])  # noqa: E731
    y = np.r_[np.zeros(20), np.ones(30)]
    compiled = lambda: {"loss": keras.losses.MeanSquaredError(reduction="sum")}  # noqa: E731
    assert_trains_as_alone(
        build,
        POINTS,
        y,
        compiled=compiled,
        optimizer=lambda: keras.optimizers.SGD(1e-3),
        validation_data=(POINTS, y),
        validation_batch_size=9,
    )


class OwnMask(L.Layer):
    def __init__(self):
        super().__init__()
        self.supports_masking, self.dense = True, L.Dense(3)

    def compute_mask(self, inputs, mask=None):
        return ops.any(ops.not_equal(inputs, 0), axis=-1)

    def call(self, inputs):
        return self.dense(inputs)


def tagged(*layers):
    return lambda: keras.Sequential([keras.Input((7,)), L.Embedding(9, 4, mask_zero=True), *(make() for make in layers), L.Dense(3)])


MASKED = {
    "mask_zero": (tagged(), TOKENS, None),
    "mask_zero and weights of tokens": (tagged(lambda: L.Dense(4, "relu")), TOKENS, RANDOM.uniform(size=(50, 7))),
    "Masking": (lambda: keras.Sequential([keras.Input((7, 4)), L.Masking(), L.TimeDistributed(L.Dense(3))]), SERIES, None),
    "own mask": (lambda: keras.Sequential([keras.Input((7, 4)), OwnMask()]), SERIES, None),
    "recurrent": (tagged(lambda: L.SimpleRNN(3, return_sequences=True)), TOKENS, None),
}


if keras.__version__.startswith("3.8."):
    del MASKED["Masking"]  # in which TimeDistributed itself fails with a mask


@pytest.mark.slow
@pytest.mark.parametrize(("build", "x", "weights"), MASKED.values(), ids=MASKED)
def test_what_is_masked_counts_neither_in_losses_nor_in_metrics(build, x, weights):
    compiled = lambda: {"loss": cross_entropy(), "metrics": ["accuracy"], "weighted_metrics": ["accuracy"]}  # noqa: E731
    assert_trains_as_alone(build, x, TAGS, weights, compiled=compiled, **validated(x, TAGS, weights))


@pytest.mark.slow
@pytest.mark.skipif(keras.__version__.startswith("3.8."), reason="Keras 3.8 counts padding, and a stack does as Keras does")
def test_accuracy_leaves_padding_out():
    stack = stack_of(tagged(), lambda: {"loss": cross_entropy(), "metrics": ["accuracy"]})
    classes, kept = stack.predict(TOKENS, verbose=0)[:, 1].argmax(-1), TOKENS != 0
    measured = stack.evaluate(TOKENS, TAGS, return_dict=True, per_member=True)["accuracy"][1]
    np.testing.assert_allclose(measured, np.mean(classes[kept] == TAGS[kept]), rtol=1e-6)
    assert abs(measured - np.mean(classes == TAGS)) > 1e-4


def two_headed(kind):
    def build():
        points, series = keras.Input((6,), name="points"), keras.Input((7, 4), name="series")
        hidden = L.concatenate([L.Dense(4)(points), L.GlobalAveragePooling1D()(L.Conv1D(3, 2)(series))])
        heads = [L.Dense(3, name="kind")(hidden), L.Dense(2, name="size")(hidden)]
        if kind is dict:
            return keras.Model({"points": points, "series": series}, {"kind": heads[0], "size": heads[1]})
        return keras.Model(kind([points, series]), kind(heads))

    return build


class Pair(keras.Model):
    """Outputs and nested inputs of a model that is not functional."""

    def __init__(self):
        super().__init__()
        self.first, self.second = L.Dense(3), L.Dense(2)

    def call(self, inputs):
        return {"kind": self.first(inputs["pair"][0]), "size": self.second(inputs["pair"][1])}


def pair():
    model = Pair()
    model({"pair": [np.zeros((1, 6), "float32")] * 2})
    return model


def padded_heads():
    tokens = keras.Input((7,))
    hidden = L.Embedding(9, 4, mask_zero=True)(tokens)
    return keras.Model(tokens, [L.Dense(3, name="tags")(hidden), L.Dense(3, name="kind")(L.GlobalAveragePooling1D()(hidden))])


SIZES = POINTS[:, :2]
NAMED_X, NAMED_Y = {"points": POINTS, "series": SERIES}, {"kind": LABELS, "size": SIZES}
SEVERAL = {
    "dict": (
        two_headed(dict),
        NAMED_X,
        NAMED_Y,
        {"kind": WEIGHTS, "size": WEIGHTS[::-1].copy()},
        lambda: {
            "loss": {"kind": cross_entropy(), "size": "mse"},
            "loss_weights": {"kind": 1.0, "size": 0.3},
            "metrics": {"kind": ["accuracy"], "size": ["mae"]},
            "weighted_metrics": {"kind": [], "size": ["mae"]},
        },
    ),
    "list": (
        two_headed(list),
        [POINTS, SERIES],
        [LABELS, SIZES],
        None,
        lambda: {"loss": [cross_entropy(), "mse"], "loss_weights": [1.0, 0.3], "metrics": [["accuracy"], ["mae"]]},
    ),
    "tuple": (two_headed(tuple), (POINTS, SERIES), (LABELS, SIZES), (WEIGHTS, WEIGHTS), lambda: {"loss": [cross_entropy(), "mae"]}),
    "by names": (two_headed(list), NAMED_X, [LABELS, SIZES], None, lambda: {"loss": {"kind": cross_entropy(), "size": "mse"}}),
    "an output without loss": (two_headed(list), [POINTS, SERIES], [LABELS, SIZES], None, lambda: {"loss": [cross_entropy(), None]}),
    "own class": (
        pair,
        {"pair": [POINTS, POINTS[::-1].copy()]},
        NAMED_Y,
        None,
        lambda: {"loss": {"kind": cross_entropy(), "size": "mse"}, "metrics": {"kind": ["accuracy"]}},
    ),
    "one of two masked": (
        padded_heads,
        TOKENS,
        [TAGS, LABELS],
        None,
        lambda: {"loss": [cross_entropy(), cross_entropy()], "metrics": [["accuracy"], ["accuracy"]]},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("build", "x", "y", "weights", "compiled"), SEVERAL.values(), ids=SEVERAL)
def test_several_inputs_and_outputs_train_and_are_logged_as_alone(build, x, y, weights, compiled):
    first = lambda part: keras.tree.map_structure(lambda values: values[:21], part)  # noqa: E731
    validation = (first(x), first(y)) if weights is None else (first(x), first(y), first(weights))
    stack, _ = assert_trains_as_alone(build, x, y, weights, compiled=compiled, validation_data=validation)
    assert set(stack.history.history) - {"learning_rate", "train_grad_norm"} == set(stack.records[0]) - {
        "epoch",
        "learning_rate",
        "train_grad_norm",
    }


VECTORS = {
    "a loss per sample": ({"loss": cross_entropy(reduction=None)}, "the loss has the shape"),
    "a metric per class": (
        {"loss": "mse", "metrics": [keras.metrics.F1Score(name="f1")]},
        "metric f1",
    ),
    "no loss": ({"loss": None}, "no loss"),
}


@pytest.mark.parametrize(("compiled", "message"), [pytest.param(*case, id=name, marks=pytest.mark.slow) for name, case in VECTORS.items()])
def test_what_is_not_one_number_is_refused(compiled, message):
    y = np.eye(3)[LABELS] if compiled["loss"] == "mse" else LABELS
    with pytest.raises(NotStackable, match=message):
        stack_of(network(), lambda: compiled).fit(POINTS, y, verbose=0)


@pytest.mark.slow
def test_a_loss_that_layers_add_is_enough():
    build = lambda: keras.Sequential([keras.Input((6,)), L.Dense(4), Penalty(ops.sum)])  # noqa: E731
    assert_trains_as_alone(build, POINTS, compiled=dict)
