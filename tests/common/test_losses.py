"""Losses and their gradients by the logits against the closed forms, written in NumPy float64."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from common.losses import ScaledSquaredError, matching_factor, mse_linear, mse_softmax
from tests.support.closed_forms import LOSSES, closed_form, softmax_and_onehot


def samples(classes, n=200):
    """Logits and labels: some uncertain, some confident, right and wrong."""
    random = np.random.default_rng(classes)
    return (3 * random.normal(size=(n, classes))).astype("float32"), random.integers(0, classes, n).astype("int32")


def diagonal_form(z, y):
    """The report's (p - y) p (1 - p), which keeps the Jacobian's diagonal only; with the 2 / K that it leaves out."""
    p, onehot = softmax_and_onehot(z, y)
    return 2 / z.shape[1] * (p - onehot) * p * (1 - p)


def from_tensorflow(name, z, y):
    """The gradients of the compiled loss, which is a mean over samples, times the number of samples."""
    model = keras.Sequential([keras.Input((z.shape[1],)), keras.layers.Dense(z.shape[1])])
    model.compile("sgd", loss=LOSSES[name])
    logits = tf.constant(z)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = model.compute_loss(None, tf.constant(y), logits)
    return loss.numpy(), len(z) * tape.gradient(loss, logits).numpy()


@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_by_the_logits_is_the_closed_form(name, classes):
    z, y = samples(classes)
    z[0, 0], y[0] = 60, 1  # a confident mistake, whose gradient vanishes under MSE on softmax
    np.testing.assert_allclose(from_tensorflow(name, z, y)[1], closed_form(name, z, y), rtol=1e-4, atol=1e-6)


def test_with_two_classes_the_reports_diagonal_form_is_half_the_gradient():
    z, y = samples(2)
    np.testing.assert_allclose(diagonal_form(z, y), from_tensorflow("mse_softmax", z, y)[1] / 2, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_the_diagonal_form_is_off_by_one_in_so_many_classes_where_all_are_equally_likely_and_by_half_of_ten_where_logits_are_sure(classes):
    """Relative to the norm of TensorFlow's gradient."""

    def error(z, y):
        exact = from_tensorflow("mse_softmax", z, y)[1]
        return np.linalg.norm(diagonal_form(z, y) - exact, axis=1) / np.linalg.norm(exact, axis=1)

    np.testing.assert_allclose(error(np.zeros((classes, classes), "float32"), np.arange(classes, dtype="int32")), 1 / classes, rtol=1e-4)
    assert classes < 10 or 0.5 < np.median(error(*samples(classes, n=20_000))) < 0.6


@pytest.mark.parametrize("classes", [2, 10])
def test_values_are_means_over_samples_and_classes(classes):
    z, y = samples(classes)
    p, onehot = softmax_and_onehot(z, y)
    for name, outputs in (("mse_softmax", p), ("mse_linear", z.astype("float64"))):
        assert from_tensorflow(name, z, y)[0] == pytest.approx(((outputs - onehot) ** 2).mean(), rel=1e-5)


@pytest.mark.parametrize("loss", [mse_softmax, mse_linear])
def test_labels_may_stand_in_a_column(loss):
    z, y = samples(3, n=6)
    np.testing.assert_array_equal(loss(y[:, None], z), loss(y, z))
    assert loss(y, z).shape == (6,)


@pytest.mark.parametrize("loss", [mse_softmax, mse_linear])
def test_a_model_compiled_with_them_can_be_saved_and_loaded(loss, tmp_path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)])
    model.compile("sgd", loss=loss)
    model.fit(*samples(3), verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.evaluate(*samples(3), verbose=0) == pytest.approx(model.evaluate(*samples(3), verbose=0))


@pytest.mark.parametrize(("softmax", "factor", "target"), [(True, 50.0, 1.0), (False, 1.0, 10.0), (False, 3.0, 0.5)])
def test_a_scaled_squared_error_has_the_gradient_of_its_closed_form_and_a_copy_from_its_configuration_too(softmax, factor, target):
    """Of outputs divided by c the gradient is that at z / c, divided by c."""
    z, y = samples(10)
    expected = factor / target * closed_form("mse_softmax" if softmax else "mse_linear", z / target, y)
    loss = ScaledSquaredError(softmax, factor, target)
    for one in (loss, keras.losses.deserialize(keras.losses.serialize(loss))):
        logits = tf.constant(z)
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = one(tf.constant(y), logits)
        np.testing.assert_allclose(len(z) * tape.gradient(value, logits).numpy(), expected, rtol=1e-4, atol=1e-6 * factor)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_where_all_classes_are_equally_probable_the_matching_factor_gives_mse_the_gradient_of_cross_entropy(classes):
    z, y = np.zeros((classes, classes), "float32"), np.arange(classes, dtype="int32")
    matched = matching_factor(classes) * closed_form("mse_softmax", z, y)
    np.testing.assert_allclose(matched, closed_form("cross_entropy", z, y), rtol=1e-12)
