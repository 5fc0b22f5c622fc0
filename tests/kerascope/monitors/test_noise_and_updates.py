"""NoiseMonitor and UpdateMonitor against NumPy float64 written from their definitions."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascope.monitors import NoiseMonitor, UpdateMonitor, noise
from kerascope.seed_stack import SeedStack
from tests.support.frames import columns, of_seed
from tests.support.perceptron import SAMPLES, backward, build, cross_entropy

BATCH_SIZE = 8


def noise_by_definition(gradients):
    """The quantities from the samples' gradients `(samples, weights)`, float64."""
    samples = len(gradients)
    mean, variances = gradients.mean(0), gradients.var(0, ddof=1)
    trace, square = variances.sum(), mean @ mean
    signal = square - trace / samples
    return [
        (mean[variances > 0] ** 2 / variances[variances > 0]).mean(),
        trace / signal if signal > 0 else np.inf,
        np.sqrt(trace / BATCH_SIZE / square),
        np.sqrt((gradients @ mean).var(ddof=1) / BATCH_SIZE) / square,
    ]


def gradients_by_sample(weights, x, y):
    return np.stack([np.concatenate([g.ravel() for g in backward(weights, x[i : i + 1], y[i : i + 1], "relu")]) for i in range(len(x))])


@pytest.mark.parametrize("most", [pytest.param(2**24, marks=pytest.mark.slow), 2**11], ids=["all samples at once", "a few"])
def test_noise_is_that_of_the_samples_gradients(train, probe, monkeypatch, most):
    monkeypatch.setattr(noise, "MAX_GRADIENT_VALUES", most)
    monitor = NoiseMonitor(*probe, every=3, batch_size=BATCH_SIZE)
    model, seen = train("relu", [monitor])
    assert most > 2**20 or most // sum(w.size for w in seen[0][0]) < SAMPLES
    frame = monitor.frame()
    for member, weights in enumerate(seen[3]):
        row = of_seed(frame, member)[columns(monitor)].to_numpy()[0]
        np.testing.assert_allclose(row, noise_by_definition(gradients_by_sample(weights, *probe)), rtol=5e-3)
    assert model.history.history["noise_scale"][-1] == pytest.approx(frame["noise_scale"].mean(), rel=1e-5)


@pytest.mark.slow
def test_noise_without_signal_has_no_finite_scale_and_equal_samples_have_none(probe):
    x, y = probe
    model = build()
    model.compile(keras.optimizers.SGD(0.0), loss=cross_entropy())
    same = NoiseMonitor(np.repeat(x[:1], 4, axis=0), np.repeat(y[:1], 4))
    model.fit(*probe, verbose=0, callbacks=[same])
    row = same.frame().iloc[0]
    assert row["noise_scale"] == pytest.approx(0, abs=1e-6) and row["norm_test"] == pytest.approx(0, abs=1e-3)

    linear = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
    linear.compile(keras.optimizers.SGD(0.0), loss="mse")
    opposite = NoiseMonitor(np.ones((2, 1)), np.array([[1.0], [-0.9]]))
    linear.fit(np.ones((2, 1)), np.array([[1.0], [-0.9]]), verbose=0, callbacks=[opposite])
    assert opposite.frame()["noise_scale"].item() == np.inf
    with pytest.raises(ValueError, match="two samples"):
        NoiseMonitor(x[:1], y[:1])


@pytest.mark.slow
def test_noise_of_a_recurrent_layer_is_measured_too_and_quietly(capfd):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Embedding(5, 3, mask_zero=True), keras.layers.GRU(3), keras.layers.Dense(2)])
    model.compile(keras.optimizers.SGD(0.1), loss=cross_entropy())
    x, y = np.random.default_rng(0).integers(0, 5, (9, 4)), np.arange(9) % 2
    monitor = NoiseMonitor(x, y, batch_size=BATCH_SIZE)
    model.fit(x, y, verbose=0, callbacks=[monitor])
    gradients = []
    for i in range(len(x)):
        with tf.GradientTape() as tape:
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits(y[i : i + 1], model(x[i : i + 1]))
        parts = tape.gradient(loss, [v.value for v in model.trainable_variables])
        gradients.append(np.concatenate([tf.convert_to_tensor(part).numpy().ravel() for part in parts]).astype("float64"))
    np.testing.assert_allclose(monitor.frame()[columns(monitor)].to_numpy()[0], noise_by_definition(np.stack(gradients)), rtol=5e-3)
    assert "pfor" not in capfd.readouterr().err


def test_updates_are_those_of_their_definitions(train):
    monitor = UpdateMonitor()
    _, seen = train("relu", [monitor])
    frame = monitor.frame()
    for member in range(len(seen[0])):
        rows = of_seed(frame, member)
        for layer, name in enumerate(["hidden_1", "hidden_2", "logits"]):
            at = [np.concatenate([w.ravel() for w in weights[member][2 * layer : 2 * layer + 2]]) for weights in seen]
            changes = np.diff(at, axis=0)
            for epoch in (1, 2, 3):
                now, last = changes[epoch - 1], changes[epoch - 2]
                lengths = np.linalg.norm(now) * np.linalg.norm(last)
                cosine = now @ last / lengths if epoch > 1 and lengths > 0 else np.nan
                distance = np.linalg.norm(at[epoch] - at[0])
                expected = [np.linalg.norm(now) / np.linalg.norm(at[epoch - 1]), distance, distance / np.linalg.norm(at[0]), cosine]
                row = rows[(rows["epoch"] == epoch) & (rows["layer"] == name)]
                np.testing.assert_allclose(row[columns(monitor)].to_numpy()[0], expected, rtol=1e-3, atol=1e-6)


@pytest.mark.slow
def test_updates_of_a_training_that_was_broken_off_go_on(probe):
    def fit(*monitors, epochs=4, initial_epoch=0, state=None, weights=None):
        keras.utils.set_random_seed(0)
        stack = SeedStack(build, [0, 1])
        stack.compile(keras.optimizers.SGD(0.1), loss=cross_entropy())
        if weights:
            stack.set_weights(weights)
        restore = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: state and monitors[0].set_state(state))
        stack.fit(*probe, epochs=epochs, initial_epoch=initial_epoch, verbose=0, callbacks=[*monitors, restore])
        return stack.get_weights()

    whole, first, second = UpdateMonitor(), UpdateMonitor(), UpdateMonitor()
    fit(whole)
    weights = fit(first, epochs=2)
    fit(second, initial_epoch=2, state=first.get_state(), weights=weights)
    assert second.frame().equals(whole.frame())
