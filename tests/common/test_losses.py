"""Losses and their gradients by the logits against the closed forms, written in NumPy float64."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from common.losses import mse_linear, mse_softmax
from tests.support.closed_forms import LOSSES, closed_form, softmax_and_onehot


def samples(classes, n=200, scale=3.0):
    """Logits and labels: some uncertain, some confident, right and wrong."""
    random = np.random.default_rng(classes)
    return (scale * random.normal(size=(n, classes))).astype("float32"), random.integers(0, classes, n).astype("int32")


def through_the_jacobian(z, y):
    """The same for MSE on softmax, by the full matrix of dp_k / dz_j = p_k (1[k = j] - p_j)."""
    p, onehot = softmax_and_onehot(z, y)
    jacobian = p[:, :, None] * (np.eye(z.shape[1]) - p[:, None, :])
    return np.einsum("nk,nkj->nj", 2 / z.shape[1] * (p - onehot), jacobian)


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
    np.testing.assert_allclose(from_tensorflow(name, z, y)[1], closed_form(name, z, y), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_the_closed_form_of_mse_on_softmax_is_the_exact_jacobian(classes):
    z, y = samples(classes)
    np.testing.assert_allclose(closed_form("mse_softmax", z, y), through_the_jacobian(z, y), rtol=1e-9, atol=1e-15)


def test_with_two_classes_the_reports_diagonal_form_is_half_the_gradient():
    z, y = samples(2)
    np.testing.assert_allclose(diagonal_form(z, y), from_tensorflow("mse_softmax", z, y)[1] / 2, rtol=1e-4, atol=1e-6)


def diagonal_error(z, y):
    """Of each sample, how far the diagonal form is from TensorFlow's gradient, relative to its norm."""
    exact = from_tensorflow("mse_softmax", z, y)[1]
    return np.linalg.norm(diagonal_form(z, y) - exact, axis=1) / np.linalg.norm(exact, axis=1)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_where_all_classes_are_equally_likely_the_diagonal_form_is_off_by_one_in_so_many_classes(classes):
    z, y = np.zeros((classes, classes), "float32"), np.arange(classes, dtype="int32")
    np.testing.assert_allclose(diagonal_error(z, y), 1 / classes, rtol=1e-4)


def test_with_ten_classes_and_confident_logits_the_diagonal_form_is_off_by_more_than_half_the_gradient():
    z, y = samples(10, n=20_000, scale=3.0)
    exact = through_the_jacobian(z, y)
    expected = np.linalg.norm(diagonal_form(z, y) - exact, axis=1) / np.linalg.norm(exact, axis=1)
    assert np.median(diagonal_error(z, y)) == pytest.approx(np.median(expected), rel=1e-3)
    assert 0.5 < np.median(expected) < 0.6


@pytest.mark.parametrize("classes", [2, 10])
def test_values_are_means_over_samples_and_classes(classes):
    z, y = samples(classes)
    p, onehot = softmax_and_onehot(z, y)
    assert from_tensorflow("mse_softmax", z, y)[0] == pytest.approx(((p - onehot) ** 2).mean(), rel=1e-5)
    assert from_tensorflow("mse_linear", z, y)[0] == pytest.approx(((z.astype("float64") - onehot) ** 2).mean(), rel=1e-5)


@pytest.mark.parametrize("loss", [mse_softmax, mse_linear])
def test_labels_may_stand_in_a_column(loss):
    z, y = samples(3, n=6)
    np.testing.assert_array_equal(loss(y[:, None], z), loss(y, z))
    assert loss(y, z).shape == (6,)


def test_a_confident_mistake_gets_no_gradient_from_mse_on_softmax_alone():
    z, y = np.array([[30.0, 0, 0]], "float32"), np.array([1], "int32")
    norms = {name: np.linalg.norm(from_tensorflow(name, z, y)[1]) for name in LOSSES}
    assert norms["mse_softmax"] < 1e-9 and norms["cross_entropy"] > 1 and norms["mse_linear"] > 1


def test_a_model_compiled_with_them_can_be_saved_and_loaded(tmp_path):
    for loss in (mse_softmax, mse_linear):
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)])
        model.compile("sgd", loss=loss)
        model.fit(*samples(3), verbose=0)
        model.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras")
        assert loaded.evaluate(*samples(3), verbose=0) == pytest.approx(model.evaluate(*samples(3), verbose=0))
