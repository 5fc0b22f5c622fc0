"""Monitors beside Keras's own callbacks, in an example, and with wrong arguments."""

import os
import subprocess
import sys
import warnings

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from kerascope.monitors import (
    ActivationMonitor,
    GradientMonitor,
    HessianTraceMonitor,
    HistogramMonitor,
    LogitMonitor,
    MonitorWarning,
    NoiseMonitor,
    SharpnessMonitor,
    UpdateMonitor,
)
from kerascope.monitors.core.probe import Probe
from kerascope.seed_stack import SeedStack
from tests.support.fashion_files import made_up, write
from tests.support.frames import columns
from tests.support.perceptron import build, cross_entropy
from tests.support.scripts import ROOT


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    model = build()
    model.compile(keras.optimizers.SGD(0.1), loss=cross_entropy())
    return model


def test_csv_logger_has_all_columns_though_the_first_epoch_is_not_measured(model, probe, tmp_path):
    monitor = GradientMonitor(*probe, every=2, logs="grad_norm/*")
    model.fit(*probe, epochs=4, verbose=0, callbacks=[monitor, keras.callbacks.CSVLogger(str(tmp_path / "log.csv"))])
    log, frame = pd.read_csv(tmp_path / "log.csv"), monitor.frame()
    for layer in ("hidden_1", "hidden_2", "logits"):
        logged = log[f"grad_norm/{layer}"]
        assert logged.isna().tolist() == [True, False, True, False]
        np.testing.assert_allclose(logged[1::2], frame.loc[frame["layer"] == layer, "grad_norm"], rtol=1e-6)


def test_early_stopping_can_watch_a_monitor(model, probe):
    stop = keras.callbacks.EarlyStopping(monitor="grad_norm/logits", mode="max", patience=1)  # a norm that training lowers
    history = model.fit(*probe, epochs=50, verbose=0, callbacks=[GradientMonitor(*probe, logs="grad_norm/*"), stop]).history
    norms = history["grad_norm/logits"]
    assert len(norms) == 2 + np.argmax(np.diff(norms) < 0) < 50


@pytest.mark.slow
def test_tensorboard_shows_a_monitor(model, probe, tmp_path):
    pytest.importorskip("tensorboard", reason="TensorBoard, which is optional, is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    monitor = ActivationMonitor(probe[0], logs="dead_fraction/*")
    model.fit(*probe, epochs=3, verbose=0, callbacks=[monitor, keras.callbacks.TensorBoard(str(tmp_path), write_graph=False)])
    events = EventAccumulator(str(tmp_path / "train"))
    events.Reload()
    shown = [float(tf.make_ndarray(event.tensor_proto)) for event in events.Tensors("epoch_dead_fraction/hidden_1")]
    np.testing.assert_allclose(shown, monitor.frame().query("layer == 'hidden_1'")["dead_fraction"], rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("stacked", [False, True])
def test_plot_draws_a_panel_per_quantity_and_a_line_per_layer(model, probe, stacked, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    if stacked:
        model = SeedStack(build, [0, 1])
        model.compile(keras.optimizers.SGD(0.1), loss=cross_entropy())
    monitor = GradientMonitor(*probe)
    model.fit(*probe, epochs=3, verbose=0, callbacks=[monitor])
    figure = monitor.plot()
    for ax, quantity in zip(figure.axes, monitor.quantities, strict=True):
        assert (ax.get_title(), ax.get_yscale()) == (quantity.label, quantity.scale)
        assert [line.get_label() for line in ax.lines] == ["hidden_1", "hidden_2", "logits"]
        means = monitor.frame().query("layer == 'logits'").groupby("epoch")[quantity.name].mean()
        np.testing.assert_allclose(ax.lines[2].get_ydata(), means)
        assert len(ax.collections) == (3 if stacked else 0)
    figure.canvas.draw()
    assert len(UpdateMonitor().plot().axes) == 1  # an empty panel before the first measurement


def test_a_monitor_that_fails_warns_once_and_training_goes_on(model, probe):
    class Broken(GradientMonitor):
        def record(self, epoch, logs):
            if epoch == 2:
                raise RuntimeError("out of ideas")
            super().record(epoch, logs)

    monitor = Broken(*probe)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(*probe, epochs=5, verbose=0, callbacks=[monitor])
    (message,) = [str(w.message) for w in caught if issubclass(w.category, MonitorWarning)]
    assert "Broken" in message and "out of ideas" in message
    assert monitor.frame()["epoch"].unique().tolist() == [1] and len(model.history.history["loss"]) == 5


def test_a_warning_can_be_made_an_error(model, probe):
    with warnings.catch_warnings():
        warnings.simplefilter("error", MonitorWarning)
        with pytest.raises(MonitorWarning, match="nowhere"):
            model.fit(*probe, verbose=0, callbacks=[GradientMonitor(*probe, layers="nowhere")])


@pytest.mark.slow
def test_several_uneven_batches_are_measured_as_one(model, probe):
    batches = tf.data.Dataset.from_tensor_slices(probe).batch(15)
    kinds = HistogramMonitor, lambda *data: LogitMonitor(*data, stages=[1]), GradientMonitor, lambda *data: ActivationMonitor(data[0])
    one, many = ([kind(*data) for kind in kinds] for data in (probe, (batches,)))
    model.fit(*probe, epochs=1, verbose=0, callbacks=[*one, *many])
    for whole, parts in zip(one[:2], many[:2], strict=True):
        a, b = whole.arrays(), parts.arrays()
        assert set(a) == set(b)
        for name, values in a.items():
            if name.endswith("counts"):  # a value on an edge may change its bin
                assert np.abs(values - b[name]).sum() <= 8
            else:
                np.testing.assert_allclose(values, b[name], rtol=1e-4, atol=1e-6)
    for whole, parts in zip(one[1:], many[1:], strict=True):
        np.testing.assert_allclose(*(m.frame()[columns(m)].to_numpy() for m in (whole, parts)), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (lambda x, y: {"x": x, "y": y[:-1]}, ValueError, "same number of samples"),
        (lambda x, y: {"x": x[:0]}, ValueError, "at least one"),
        (lambda x, y: {"x": {"a": x, "b": x[:3]}}, ValueError, "same number of samples"),
        (lambda x, y: {"x": 3.0}, ValueError, "same number of samples"),
        (lambda x, y: {"x": iter(x)}, TypeError, "arrays"),
        (lambda x, y: {"x": tf.data.Dataset.from_tensors((x, y)).repeat()}, ValueError, "endless"),
        (lambda x, y: {"x": tf.data.Dataset.from_tensors(x).take(0)}, ValueError, "empty"),
        (lambda x, y: {"x": tf.data.Dataset.from_tensors(x), "y": y}, ValueError, "in its elements"),
    ],
)
def test_a_probe_that_cannot_be_one_is_refused(probe, arguments, error, words):
    with pytest.raises(error, match=words):
        GradientMonitor(**arguments(*probe))


def test_a_probe_takes_what_fit_takes():
    lists = Probe([[1.0, 2.0], [3.0, 4.0]], [0, 1])
    assert lists.batches[0]["x"].shape == (2, 2) and lists.batches[0]["x"].dtype == keras.config.floatx()
    pair = Probe([np.zeros((3, 2)), np.zeros((3, 4))])
    assert [tuple(part.shape) for part in pair.batches[0]["x"]] == [(3, 2), (3, 4)] and len(pair) == 3
    table = Probe(pd.DataFrame({"a": [1.0, 2.0]}), pd.Series([0, 1]))
    assert table.batches[0]["x"].shape == (2, 1) and table.batches[0]["y"].dtype == tf.int64


@pytest.mark.parametrize(
    ("monitor", "setting"),
    [
        (SharpnessMonitor, {"iterations": 0}),
        (SharpnessMonitor, {"tolerance": float("nan")}),
        (HessianTraceMonitor, {"samples": 0}),
        (NoiseMonitor, {"batch_size": 0}),
    ],
)
def test_unusable_settings_are_refused(probe, monitor, setting):
    with pytest.raises(ValueError, match=next(iter(setting))):
        monitor(*probe, **setting)


@pytest.mark.parametrize("every", [0, -1, 1.5, True, "2", [], [1, -1], [0.5], None])
def test_every_is_a_number_of_epochs_or_a_collection_of_them(every):
    with pytest.raises(ValueError, match="every"):
        UpdateMonitor(every=every)


@pytest.mark.slow
def test_every_can_name_the_epochs(model, probe):
    epochs = [0, 1, 4]
    quantities = [ActivationMonitor(probe[0], every=epochs), GradientMonitor(*probe, every=epochs)]
    units, logits = ActivationMonitor(probe[0], every=[2], units=True), LogitMonitor(*probe, every=[2])
    histograms = [HistogramMonitor(*probe, every=epochs), HistogramMonitor(*probe, every=[2]), HistogramMonitor(*probe, every=2)]
    model.fit(*probe, epochs=4, verbose=0, callbacks=[*quantities, units, logits, *histograms])
    for monitor in quantities:
        assert monitor.frame()["epoch"].unique().tolist() == epochs
    assert units.frame()["epoch"].unique().tolist() == [2] and units.units.arrays()["epochs"].tolist() == [0, 2]
    assert logits.frame()["epoch"].tolist() == [0, 2]  # it needs the start
    assert set(logits.arrays()) == {"epochs", "labels"}  # no stages were asked for
    assert [monitor.arrays()["epochs"].tolist() for monitor in histograms] == [epochs, [2], [0, 2, 4]]


@pytest.mark.slow
def test_the_example_runs_and_says_what_it_found(tmp_path):
    write(tmp_path / "home" / "datasets" / "fashion-mnist", made_up((600, 100)), "idx.gz")
    command = [sys.executable, str(ROOT / "examples" / "fashion_cnn.py")]
    environment = {**os.environ, "KERAS_HOME": str(tmp_path / "home"), "MPLBACKEND": "agg"}
    process = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    assert "grad_norm" in process.stdout and "dead_fraction" in process.stdout
    assert (tmp_path / "gradients.png").stat().st_size > 10_000 and "grad_norm/conv_1" in (tmp_path / "log.csv").read_text()


def test_histograms_of_a_model_with_a_train_step_of_its_own_are_of_activations_alone_until_it_is_told_the_loss(probe):
    class Own(keras.Sequential):
        def train_step(self, data):
            return {"loss": tf.constant(0.0)}

    keras.utils.set_random_seed(0)
    own = Own([keras.Input((5,)), keras.layers.Dense(3, activation="tanh", name="only")])
    own.compile("sgd", "mse")
    histograms = HistogramMonitor(*probe, bins=4)
    told = HistogramMonitor(probe[0], bins=4, loss=lambda model, batch: tf.reduce_sum(model(batch["x"])) * 3.0)
    with pytest.warns(MonitorWarning, match=r"activations alone.*train_step.*loss="):
        own.fit(*probe, verbose=0, callbacks=[histograms, told])
    assert histograms.frame()["kind"].unique().tolist() == ["activation"] and len(histograms.problems) == 1
    (kernel, bias), x = (np.array(w, "float64") for w in own.get_weights()), probe[0].astype("float64")
    slope = 3 * (1 - np.tanh(x @ kernel + bias) ** 2)
    gradient = np.concatenate([(x.T @ slope).ravel(), slope.sum(0)])
    rows = told.frame().query("kind == 'gradient' and epoch == 1")
    assert rows["count"].sum() == gradient.size
    np.testing.assert_array_equal(rows["count"], np.histogram(gradient, [*rows["left"], rows["right"].iloc[-1]])[0])
