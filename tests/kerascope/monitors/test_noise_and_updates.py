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


def test_updates_of_the_model_and_of_single_weights_are_those_of_their_definitions(train):
    monitor = UpdateMonitor(every=[2, 3])
    _, seen = train("tanh", [monitor])
    names = [(layer, weight) for layer in ("hidden_1", "hidden_2", "logits") for weight in ("kernel", "bias")]
    for member in range(len(seen[0])):
        at = [weights[member] for weights in seen]
        for per, groups in (("model", {(): range(6)}), ("weight", {name: [i] for i, name in enumerate(names)})):
            rows = of_seed(monitor.frame(per=per), member)
            assert len(rows) == 2 * len(groups)
            for name, indices in groups.items():
                start, before, now = (np.concatenate([at[epoch][i].ravel() for i in indices]) for epoch in (0, 2, 3))
                first, last = before - start, now - before
                with np.errstate(invalid="ignore", divide="ignore"):
                    expected = [
                        np.linalg.norm(last) / np.linalg.norm(before),
                        np.linalg.norm(now - start),
                        np.linalg.norm(now - start) / np.linalg.norm(start) if start.any() else np.nan,
                        first @ last / np.linalg.norm(first) / np.linalg.norm(last),
                    ]
                row = rows[rows["epoch"] == 3].set_index(list(rows.columns[rows.columns.isin(["layer", "weight"])]) or "epoch")
                measured = row.loc[name or 3, columns(monitor)].astype("float64")
                np.testing.assert_allclose(measured, expected, rtol=2e-3, atol=1e-6, err_msg=str(name))


def last_layer(model):
    return np.concatenate([w.ravel() for w in model.layers[-1].get_weights()]).astype("float64")


def test_the_first_measurement_of_a_model_that_its_first_batch_builds_is_unknown_and_then_counts_as_the_beginning(probe):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(3, name="out")])
    model.compile(keras.optimizers.Adam(0.01), loss=cross_entropy())
    monitor, seen = UpdateMonitor(), []
    keep = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(last_layer(model)))
    model.fit(*probe, epochs=3, verbose=0, callbacks=[monitor, keep])
    out = monitor.frame().query("layer == 'out'").set_index("epoch")
    assert out.loc[1, columns(monitor)].isna().all()
    for epoch in (2, 3):
        assert out.loc[epoch, "distance"] == pytest.approx(np.linalg.norm(seen[epoch - 1] - seen[0]), rel=1e-4)
        assert out.loc[epoch, "relative_distance"] == pytest.approx(out.loc[epoch, "distance"] / np.linalg.norm(seen[0]), rel=1e-4)
    assert np.isnan(out.loc[2, "update_alignment"]) and np.isfinite(out.loc[3, "update_alignment"])


def test_what_would_be_divided_by_zero_is_nan(probe):
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3, kernel_initializer="zeros", name="zero")])
    model.compile(keras.optimizers.SGD(0.1), loss=cross_entropy())
    monitor = UpdateMonitor()
    model.fit(*probe, epochs=2, verbose=0, callbacks=[monitor])
    first, second = monitor.frame().to_dict("records")
    assert np.isnan([first["update_ratio"], first["relative_distance"], first["update_alignment"], second["relative_distance"]]).all()
    assert first["distance"] > 0 and np.isfinite(second["update_ratio"]) and np.isfinite(second["update_alignment"])


class LastLayer(keras.callbacks.Callback):
    """The weights of the last layer after each epoch, by number of completed epochs."""

    def on_train_begin(self, logs=None):
        self.seen = {}

    def on_epoch_end(self, epoch, logs=None):
        self.seen[epoch + 1] = last_layer(self.model)


@pytest.mark.slow
@pytest.mark.parametrize("monitor_first", [True, False])
def test_beside_backup_and_restore_updates_are_measured_from_the_restored_weights(probe, monitor_first, tmp_path):
    ends = []
    for epochs in (2, 4):
        keras.utils.set_random_seed(epochs)  # the second model begins elsewhere, and is restored
        model = build("tanh")
        model.compile(keras.optimizers.SGD(0.5), loss=cross_entropy())
        monitor, weights = UpdateMonitor(), LastLayer()
        backup = keras.callbacks.BackupAndRestore(str(tmp_path), delete_checkpoint=False)
        model.fit(*probe, epochs=epochs, verbose=0, callbacks=[*((monitor, backup) if monitor_first else (backup, monitor)), weights])
        ends.append(last_layer(model))
    measured = monitor.frame().query("layer == 'logits'").set_index("epoch")
    assert list(measured.index) == [3, 4]
    for epoch in (3, 4):
        assert measured.loc[epoch, "distance"] == pytest.approx(np.linalg.norm(weights.seen[epoch] - ends[0]), rel=1e-4)
    assert measured.loc[3, "update_ratio"] == pytest.approx(measured.loc[3, "distance"] / np.linalg.norm(ends[0]), rel=1e-4)


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
