"""LogitMonitor on targets of each kind, against NumPy float64 written from the definitions."""

import warnings

import keras
import numpy as np
import pytest

from kerascope import SeedStack
from kerascope.monitors import LogitMonitor, MonitorWarning

layers = keras.layers
SAMPLES, CLASSES, TIME = 24, 4, 5
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(SAMPLES, 6)).astype("float32")
LABELS = RANDOM.integers(0, CLASSES, SAMPLES)
BINARY = RANDOM.integers(0, 2, SAMPLES)


def measure(model, x, y, loss, **arguments):
    """The monitor after an epoch that changes nothing, the outputs in float64, and the warnings."""
    model.compile(keras.optimizers.SGD(0.0), loss=loss)
    monitor = LogitMonitor(x, y, stages=[1], **arguments)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(x, y, verbose=0, callbacks=[monitor])
    return monitor, model.predict(x, verbose=0).astype("float64"), [w for w in caught if issubclass(w.category, MonitorWarning)]


def check(monitor, wrong, norms):
    row = monitor.frame().iloc[-1]
    assert 0 < np.mean(wrong) < 1
    assert row["misclassified_fraction"] == pytest.approx(np.mean(wrong))
    assert row["logit_grad_median"] == pytest.approx(np.median(norms), rel=1e-4)
    assert row["logit_grad_mean"] == pytest.approx(np.mean(norms), rel=1e-4)


def dense(units, *after, shape=(6,)):
    keras.utils.set_random_seed(1)
    kernel = keras.initializers.RandomNormal(stddev=1.0)
    return keras.Sequential([keras.Input(shape), layers.Dense(units, kernel_initializer=kernel), *after])


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@pytest.mark.parametrize("y", [BINARY, BINARY[:, None].astype("float32")], ids=["a list", "a column"])
def test_a_single_logit_is_wrong_on_the_wrong_side_of_zero(y):
    monitor, z, told = measure(dense(1), X, y, keras.losses.BinaryCrossentropy(from_logits=True))
    z = z[:, 0]
    check(monitor, (z > 0) != BINARY, np.abs(sigmoid(z) - BINARY))
    assert not told


@pytest.mark.parametrize("loss", ["binary_crossentropy", keras.losses.BinaryFocalCrossentropy(), "mse"], ids=["name", "object", "squares"])
def test_a_sigmoid_is_wrong_on_the_wrong_side_of_a_half(loss):
    monitor, p, told = measure(dense(1, layers.Activation("sigmoid")), X, BINARY[:, None], loss)
    assert monitor.frame().iloc[-1]["misclassified_fraction"] == pytest.approx(np.mean((p[:, 0] > 0.5) != BINARY)) and not told
    if isinstance(loss, str):
        slope = 1 if loss == "binary_crossentropy" else 2 * p * (1 - p)
        check(monitor, (p[:, 0] > 0.5) != BINARY, np.abs(slope * (p - BINARY[:, None])))


@pytest.mark.parametrize("form", ["argument", "layer"])
def test_the_logits_of_a_softmax_are_what_goes_into_it(form):
    inner = keras.layers.Dense(CLASSES, name="inner", activation="softmax" if form == "argument" else None)
    model = keras.Sequential([keras.Input((6,)), inner, *([layers.Softmax()] if form == "layer" else [])])
    monitor, p, _ = measure(model, X, LABELS, "sparse_categorical_crossentropy")
    check(monitor, p.argmax(1) != LABELS, np.linalg.norm(p - np.eye(CLASSES)[LABELS], axis=1))
    z = X @ inner.kernel.numpy().astype("float64")
    np.testing.assert_allclose(monitor.arrays()["logits"][0, 0], z, rtol=1e-4, atol=1e-5)


def test_a_hinge_takes_targets_of_plus_and_minus_one():
    monitor, z, _ = measure(dense(1), X, 2.0 * BINARY[:, None] - 1, "hinge")
    signs = 2 * BINARY - 1
    check(monitor, np.sign(z[:, 0]) != signs, (signs * z[:, 0] < 1).astype("float64"))


@pytest.mark.parametrize("outputs", [1, 3])
def test_regression_has_gradients_and_no_misclassified_share_which_is_told_once(outputs):
    y = RANDOM.normal(size=(SAMPLES, outputs)).astype("float32")
    monitor, z, told = measure(dense(outputs), X, y, "mse")
    row = monitor.frame().iloc[-1]
    assert np.isnan(row["misclassified_fraction"]) and np.isnan(row["vanished_fraction"]) and len(told) == 1
    norms = np.linalg.norm(2 * (z - y) / outputs, axis=1)
    assert row["logit_grad_mean"] == pytest.approx(norms.mean(), rel=1e-4)
    assert row["probe_loss"] == pytest.approx(((z - y) ** 2).mean(), rel=1e-4)


def test_a_threshold_makes_classes_of_a_number():
    monitor, z, told = measure(dense(1), X, BINARY[:, None], "mse", threshold=0.3)
    check(monitor, (z[:, 0] > 0.3) != BINARY, np.abs(2 * (z[:, 0] - BINARY)))
    assert not told


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("stacked", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_one_hot_targets_and_probabilities_name_their_largest_class(smoothing, stacked):
    y = np.eye(CLASSES)[LABELS] * (1 - smoothing) + smoothing / CLASSES
    model = SeedStack(lambda: dense(CLASSES), [3]) if stacked else dense(CLASSES)
    if stacked:
        model.compile(keras.optimizers.SGD(0.0), loss="mse", metrics=[])
        monitor = LogitMonitor(
            X, y, loss=lambda m, batch: keras.losses.CategoricalCrossentropy(from_logits=True)(batch["y"], m(batch["x"]))
        )
        model.fit(X, y.astype("float32"), verbose=0, callbacks=[monitor])
        z = model.member(0).predict(X, verbose=0).astype("float64")
    else:
        monitor, z, _ = measure(model, X, y, keras.losses.CategoricalCrossentropy(from_logits=True))
        np.testing.assert_array_equal(monitor.arrays()["labels"], LABELS)
    check(monitor, z.argmax(1) != LABELS, np.linalg.norm(softmax(z) - y, axis=1))


def test_several_labels_at_a_time_are_no_classes():
    y = (RANDOM.random((SAMPLES, CLASSES)) < 0.5).astype("float32")
    monitor, z, told = measure(dense(CLASSES), X, y, keras.losses.BinaryCrossentropy(from_logits=True))
    row = monitor.frame().iloc[-1]
    assert np.isnan(row["misclassified_fraction"]) and len(told) == 1
    assert row["logit_grad_mean"] == pytest.approx(np.linalg.norm((sigmoid(z) - y) / CLASSES, axis=1).mean(), rel=1e-4)


@pytest.mark.parametrize("one_hot", [False, True])
def test_each_position_of_a_sequence_is_a_sample(one_hot):
    x = RANDOM.normal(size=(SAMPLES, TIME, 6)).astype("float32")
    labels = RANDOM.integers(0, CLASSES, (SAMPLES, TIME))
    kind = keras.losses.CategoricalCrossentropy if one_hot else keras.losses.SparseCategoricalCrossentropy
    monitor, z, _ = measure(dense(CLASSES, shape=(TIME, 6)), x, np.eye(CLASSES)[labels] if one_hot else labels, kind(from_logits=True))
    norms = np.linalg.norm(softmax(z) - np.eye(CLASSES)[labels], axis=-1)
    check(monitor, z.argmax(-1) != labels, norms)
    assert monitor.arrays()["gradient_norm"].shape == (1, 1, SAMPLES * TIME)


def test_masked_and_ignored_positions_do_not_count():
    tokens = RANDOM.integers(0, 9, (SAMPLES, TIME))
    tokens[:, 3:][::2] = 0
    labels = RANDOM.integers(0, CLASSES, (SAMPLES, TIME))
    labels[:, 0] = 2
    keras.utils.set_random_seed(1)
    big = keras.initializers.RandomNormal(stddev=1.0)
    embedding = layers.Embedding(9, 3, mask_zero=True, embeddings_initializer=big)
    model = keras.Sequential([keras.Input((TIME,)), embedding, layers.Dense(CLASSES, kernel_initializer=big)])
    for ignored in (None, 2):
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=ignored)
        monitor, z, _ = measure(model, tokens, labels, loss)
        counted = (tokens != 0) & (labels != -1 if ignored is None else labels != ignored)
        norms = np.linalg.norm(softmax(z) - np.eye(CLASSES)[labels], axis=-1)[counted]
        check(monitor, (z.argmax(-1) != labels)[counted], norms)
        expected = -np.log(np.take_along_axis(softmax(z), labels[..., None], -1))[..., 0][counted].mean()
        assert monitor.frame().iloc[-1]["probe_loss"] == pytest.approx(expected, rel=1e-4)


def test_the_axis_of_the_classes_is_that_of_the_loss():
    x = RANDOM.normal(size=(SAMPLES, TIME, 6)).astype("float32")
    labels = RANDOM.integers(0, CLASSES, (SAMPLES, TIME))
    y = np.moveaxis(np.eye(CLASSES)[labels], -1, 1)
    model = dense(CLASSES, layers.Permute((2, 1)), shape=(TIME, 6))
    monitor, z, _ = measure(model, x, y, keras.losses.CategoricalCrossentropy(from_logits=True, axis=1))
    z = np.moveaxis(z, 1, -1)
    check(monitor, z.argmax(-1) != labels, np.linalg.norm(softmax(z) - np.eye(CLASSES)[labels], axis=-1))


def test_targets_that_do_not_go_with_the_outputs_are_told_with_both_shapes():
    model = dense(CLASSES)
    model.compile("sgd", loss="mse")
    monitor = LogitMonitor(X, np.zeros((SAMPLES, 3)), loss=lambda model, batch: keras.ops.mean(model(batch["x"])))
    with pytest.warns(MonitorWarning, match=r"24, 3.*24, 4"):
        model.fit(X, np.zeros((SAMPLES, CLASSES)), verbose=0, callbacks=[monitor])
    with pytest.raises(ValueError, match="targets"):
        LogitMonitor(X)


def test_the_stages_of_the_last_training_are_kept_and_its_start_is_its_own():
    model = dense(CLASSES)
    model.compile(keras.optimizers.SGD(0.5), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    monitor = LogitMonitor(X, LABELS, stages=[0, 2])
    for _ in range(2):
        model.fit(X, LABELS, epochs=2, verbose=0, callbacks=[monitor])
    frame = monitor.frame()
    assert frame.query("epoch == 0")["relative_loss"].tolist() == [1, 1] and monitor.arrays()["epochs"].tolist() == [0, 2]
    np.testing.assert_allclose(monitor.arrays()["logits"][1, 0], model.predict(X, verbose=0), rtol=1e-5)


@pytest.mark.parametrize(
    "y", [RANDOM.normal(size=SAMPLES), LABELS + 0.5, LABELS + 1, LABELS - 1], ids=["numbers", "halves", "above", "below"]
)
def test_numbers_for_several_outputs_are_no_classes(y):
    def pinball(y_true, y_pred):
        error = keras.ops.reshape(keras.ops.cast(y_true, "float32"), (-1, 1)) - y_pred
        return keras.ops.mean(keras.ops.maximum(0.1 * error, -0.9 * error), axis=-1)

    monitor, _, told = measure(dense(CLASSES), X, y.astype("float32"), pinball)
    assert np.isnan(monitor.frame().iloc[-1]["misclassified_fraction"]) and len(told) == 1


@pytest.mark.parametrize("form", [dict, list])
def test_the_settings_of_a_loss_given_by_output_count(form):
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    inputs = keras.Input((6,))
    model = keras.Model(inputs, layers.Dense(1, name="out")(inputs))
    monitor, z, told = measure(model, X, BINARY[:, None], {"out": loss} if form is dict else [loss])
    check(monitor, (z[:, 0] > 0) != BINARY, np.abs(sigmoid(z[:, 0]) - BINARY))
    assert not told


def test_a_sigmoid_that_is_the_last_layer_but_not_the_output_names_no_threshold():
    class Gated(keras.Model):
        def __init__(self):
            super().__init__()
            self.value, self.gate = layers.Dense(1), layers.Dense(1, activation="sigmoid")

        def call(self, x):
            return self.value(x) * self.gate(x)

    keras.utils.set_random_seed(1)
    gated = Gated()
    gated(X)
    monitor, _, told = measure(gated, X, BINARY[:, None], "mse")
    assert np.isnan(monitor.frame().iloc[-1]["misclassified_fraction"]) and "threshold=" in str(told[0].message)
    inputs = keras.Input((6,))
    functional = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(inputs))
    monitor, p, _ = measure(functional, X, BINARY[:, None], "mse")
    assert monitor.frame().iloc[-1]["misclassified_fraction"] == pytest.approx(np.mean((p[:, 0] > 0.5) != BINARY))
