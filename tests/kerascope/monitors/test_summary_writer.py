"""SummaryWriter, read back by TensorBoard's own reader."""

import builtins
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascope.monitors import GradientMonitor, HistogramMonitor, PredictionMonitor, SummaryWriter, UpdateMonitor
from kerascope.seed_stack import SeedStack
from tests.support.perceptron import build, cross_entropy

pytest.importorskip("tensorboard", reason="TensorBoard, which is optional, is not installed")


def read(folder):
    """TensorBoard's reader of a folder."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    return events.Reload()


def series(events, tag):
    return [event.step for event in events.Tensors(tag)], [tf.make_ndarray(event.tensor_proto) for event in events.Tensors(tag)]


@pytest.mark.slow
@pytest.mark.parametrize("stacked", [False, True])
def test_scalars_and_histograms_are_those_that_were_measured(probe, tmp_path, stacked):
    model = SeedStack(build, [0, 1]) if stacked else build()
    model.compile(keras.optimizers.SGD(0.1), loss=cross_entropy())
    updates, histograms = UpdateMonitor(), HistogramMonitor(*probe, bins=5)
    for _ in range(2):
        history = model.fit(*probe, epochs=3, verbose=0, callbacks=[updates, histograms, SummaryWriter(tmp_path, updates, histograms)])
    assert "distance/logits" not in history.history
    for number, folder in ((1, tmp_path), (2, tmp_path / "fit_2")):
        events = read(folder)
        rows = updates.frame().query(f"fit == {number} and layer == 'logits'").groupby("epoch")["distance"].mean()
        steps, values = series(events, "distance/logits")
        assert steps == [1, 2, 3]
        np.testing.assert_allclose(values, rows, rtol=1e-6)
        whole = updates.frame(per="model").query(f"fit == {number}").groupby("epoch")["update_ratio"].mean()
        np.testing.assert_allclose(series(events, "update_ratio")[1], whole, rtol=1e-6)
        assert "gradient/logits" in events.PluginTagToContent("histograms")
        steps, bins = series(events, "gradient/logits")
        assert steps == [0, 1, 2, 3]
        table = histograms.frame().query(f"fit == {number} and epoch == 2 and kind == 'gradient' and layer == 'logits'")
        expected = table.groupby(["left", "right"], as_index=False)["count"].sum().to_numpy()
        np.testing.assert_allclose(bins[2], expected, rtol=1e-6)


def test_measurements_after_steps_stand_at_their_steps(probe, tmp_path):
    model = build()
    model.compile(keras.optimizers.SGD(0.1), loss=cross_entropy())
    gradients = GradientMonitor(*probe, every="2 steps", logs=False)
    model.fit(*probe, batch_size=10, epochs=1, verbose=0, callbacks=[gradients, SummaryWriter(tmp_path, gradients)])
    steps, values = series(read(tmp_path), "grad_norm/hidden_1")
    assert steps == [2, 4]
    np.testing.assert_allclose(values, gradients.frame().query("layer == 'hidden_1'")["grad_norm"], rtol=1e-6)


def test_what_cannot_be_written_is_refused(probe, tmp_path, monkeypatch):
    with pytest.raises(TypeError, match="PredictionMonitor"):
        SummaryWriter(tmp_path, PredictionMonitor(probe[0]))
    importing = builtins.__import__

    def without_tensorboard(name, *args, **kwargs):
        if name.startswith("tensorboard"):
            raise ImportError(name)
        return importing(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_tensorboard)
    with pytest.raises(ImportError, match="pip install tensorboard"):
        SummaryWriter(tmp_path, UpdateMonitor())


def test_scalars_leave_out_members_that_diverged(probe, tmp_path):
    stack = SeedStack(build, [0, 1])
    stack.compile(keras.optimizers.SGD(0.1), loss=cross_entropy())
    stack.member_learning_rates = [0.1, np.inf]
    gradients = GradientMonitor(*probe)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stack.fit(*probe, verbose=0, callbacks=[gradients, SummaryWriter(tmp_path, gradients)])
    norms = gradients.frame().query("layer == 'logits'")["weight_norm"].tolist()
    assert np.isnan(norms[1]) and series(read(tmp_path), "weight_norm/logits")[1] == [pytest.approx(norms[0])]
