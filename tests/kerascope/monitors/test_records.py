"""The records of monitors: they keep their meaning whatever becomes of the model, over several trainings, and in copies."""

import copy
import functools
import pickle
import warnings

import keras
import numpy as np
import pandas as pd
import pytest

from kerascope import SeedStack
from kerascope.monitors import (
    ActivationMonitor,
    GradientMonitor,
    HessianTraceMonitor,
    HistogramMonitor,
    LogitMonitor,
    MonitorWarning,
    NoiseMonitor,
    PredictionMonitor,
    RewindMonitor,
    SharpnessMonitor,
    UpdateMonitor,
)

random = np.random.default_rng(0)
X, Y = random.normal(size=(24, 6)).astype("float32"), random.integers(0, 3, 24)


def transfer_model():
    """A backbone within a model, and a head; the names of its layers are paths."""
    keras.utils.set_random_seed(0)
    backbone = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(5, "tanh", name="early"), keras.layers.LayerNormalization(name="norm")], name="backbone"
    )
    model = keras.Sequential([keras.Input((6,)), backbone, keras.layers.Dense(3, name="head")])
    return compiled(model)


def compiled(model):
    model.compile(keras.optimizers.SGD(0.1), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def fit(model, *callbacks, epochs=2):
    return model.fit(X, Y, batch_size=8, epochs=epochs, verbose=0, callbacks=list(callbacks))


class Weights(keras.callbacks.Callback):
    """The weights of the layers after each epoch, float64, by name of the layer."""

    def on_train_begin(self, logs=None):
        self.seen = []

    def on_epoch_begin(self, epoch, logs=None):
        if not self.seen:
            self.seen.append(self.now())

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(self.now())

    def now(self):
        backbone, head = self.model.layers
        layers = {"backbone/early": backbone.layers[0], "backbone/norm": backbone.layers[1], "head": head}
        return {name: np.concatenate([w.ravel() for w in layer.get_weights()]).astype("float64") for name, layer in layers.items()}


class FreezeAt(keras.callbacks.Callback):
    """Sets `trainable` of the backbone before an epoch, and compiles anew."""

    def __init__(self, trainable_at):
        super().__init__()
        self.trainable_at = trainable_at

    def on_epoch_begin(self, epoch, logs=None):
        if epoch in self.trainable_at:
            self.model.layers[0].trainable = self.trainable_at[epoch]
            compiled(self.model)
            self.model.make_train_function(force=True)


def distances(frame):
    return frame.set_index(["epoch", "layer"])["distance"]


def test_freezing_layers_between_trainings_leaves_the_rows_of_the_first_one_as_they_were():
    model, monitor, weights = transfer_model(), UpdateMonitor(), Weights()
    fit(model, monitor, weights)
    first, seen = monitor.frame(), weights.seen
    assert "fit" not in first
    for (epoch, layer), distance in distances(first).items():
        assert distance == pytest.approx(np.linalg.norm(seen[epoch][layer] - seen[0][layer]), rel=1e-4), (epoch, layer)
    model.layers[0].trainable = False
    compiled(model)
    pd.testing.assert_frame_equal(monitor.frame(), first)
    fit(model, monitor, weights)
    both = monitor.frame()
    assert list(both.columns[:3]) == ["fit", "epoch", "layer"]
    pd.testing.assert_frame_equal(both[both["fit"] == 1].drop(columns="fit"), first)
    second = both[both["fit"] == 2]
    assert second["layer"].tolist() == ["head", "head"] and second["epoch"].tolist() == [1, 2]
    for (epoch, layer), distance in distances(second).items():
        assert distance == pytest.approx(np.linalg.norm(weights.seen[epoch][layer] - weights.seen[0][layer]), rel=1e-4)
    monitor.clear()
    assert monitor.frame().empty
    fit(model, monitor)
    assert "fit" not in monitor.frame()


@pytest.mark.slow
def test_freezing_and_unfreezing_within_a_training_changes_the_measured_layers_and_nothing_else():
    """The frozen layer is not measured; when it learns again, the first measurement is its beginning."""
    ends = []
    for with_monitors in (False, True):
        model, weights = transfer_model(), Weights()
        updates = [UpdateMonitor(every=every, logs=False) for every in (1, "1 steps")]
        monitors = [updates[0], GradientMonitor(X, Y), HistogramMonitor(X, Y), updates[1]] if with_monitors else []
        with warnings.catch_warnings():
            warnings.simplefilter("error", MonitorWarning)
            history = fit(model, *monitors, FreezeAt({1: False, 3: True}), weights, epochs=5).history
        ends.append([history["loss"], *model.get_weights()])
    assert len(ends[0][0]) == 5
    for bare, monitored in zip(*ends, strict=True):
        np.testing.assert_array_equal(bare, monitored)
    every = ["backbone/early", "backbone/norm", "head"]
    for monitor in monitors[:2]:
        by_epoch = monitor.frame().groupby("epoch")["layer"].apply(list)
        assert by_epoch.tolist() == [every, ["head"], ["head"], every, every]
    measured = distances(monitors[0].frame())
    for epoch, since in ((1, 0), (5, 4)):
        expected = np.linalg.norm(weights.seen[epoch]["backbone/early"] - weights.seen[since]["backbone/early"])
        assert measured[epoch, "backbone/early"] == pytest.approx(expected, rel=1e-4)
    assert np.isnan(measured[4, "backbone/early"])
    for epoch in (1, 2, 3, 4, 5):
        expected = np.linalg.norm(weights.seen[epoch]["head"] - weights.seen[0]["head"])
        assert measured[epoch, "head"] == pytest.approx(expected, rel=1e-4)
    counts = monitors[2].arrays()["gradient/backbone/norm/counts"].sum(axis=(1, 2))
    assert counts.tolist() == [10, 10, 0, 0, 10, 10]


def test_a_loss_compiled_anew_between_trainings_is_the_one_that_is_measured():
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    monitor = GradientMonitor(X, Y.astype("float32")[:, None])
    norms = []
    for loss in ("mse", "mae"):
        model.compile(keras.optimizers.SGD(0.0), loss)
        model.fit(X, Y.astype("float32"), verbose=0, callbacks=[monitor])
        error = X.astype("float64").sum(1) - Y
        by_output = 2 * error if loss == "mse" else np.sign(error)
        norms.append(np.linalg.norm(X.T @ by_output / len(X)))
    np.testing.assert_allclose(monitor.frame()["grad_norm"], norms, rtol=1e-4)


@pytest.mark.parametrize("stacked", [False, True])
@pytest.mark.parametrize("make", [UpdateMonitor, functools.partial(ActivationMonitor, X, linear=True)], ids=["updates", "activations"])
def test_the_state_of_a_monitor_is_arrays_that_numpy_saves_and_makes_an_equal_monitor(make, stacked, tmp_path):
    model = compiled(SeedStack(transfer_model, [4, 2])) if stacked else transfer_model()
    monitor = make(every=[0, 1, 3])
    fit(model, monitor, *([] if stacked else [FreezeAt({2: False})]), epochs=3)
    fit(model, monitor, epochs=1)
    np.savez(tmp_path / "state.npz", **monitor.get_state())
    again = make(every=[0, 1, 3])
    with np.load(tmp_path / "state.npz", allow_pickle=False) as state:
        again.set_state(dict(state))
    for scope in monitor.scopes:
        pd.testing.assert_frame_equal(again.frame(per=scope), monitor.frame(per=scope))
    assert again.frame()["fit"].unique().tolist() == [1, 2]


def all_monitors():
    return [
        GradientMonitor(X, Y),
        ActivationMonitor(X, units=True),
        UpdateMonitor(),
        UpdateMonitor(every="2 steps", logs=False),
        HistogramMonitor(X, Y),
        LogitMonitor(X, Y, stages=[0, 1]),
        SharpnessMonitor(X, Y, iterations=2),
        HessianTraceMonitor(X, Y, samples=1),
        NoiseMonitor(X, Y),
        PredictionMonitor(X),
        RewindMonitor(X, Y),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("make", [copy.deepcopy, lambda monitor: pickle.loads(pickle.dumps(monitor))], ids=["deepcopy", "pickle"])
def test_a_copy_has_the_records_and_measures_another_training(make):
    monitors = all_monitors()
    fresh = [make(monitor) for monitor in monitors]
    fit(transfer_model(), *monitors)
    copies = [make(monitor) for monitor in monitors]
    with warnings.catch_warnings():
        warnings.simplefilter("error", MonitorWarning)
        fit(transfer_model(), *copies)
        fit(transfer_model(), *fresh)
    for monitor, of_both, unused in zip(monitors, copies, fresh, strict=True):
        if isinstance(monitor, PredictionMonitor):
            np.testing.assert_array_equal(of_both.arrays()["outputs"], monitor.arrays()["outputs"])
            continue
        one, both = monitor.frame(), of_both.frame()
        pd.testing.assert_frame_equal(unused.frame(), one)
        for number in (1, 2):
            of_fit = both[both["fit"] == number].drop(columns="fit").reset_index(drop=True)
            pd.testing.assert_frame_equal(of_fit, one, check_dtype=False)
    units = copies[1].units.frame()
    assert units["fit"].unique().tolist() == [1, 2] and "fit" not in monitors[1].units.frame()


def test_the_reason_why_nothing_was_measured_stays_with_the_monitor(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    model, monitor = transfer_model(), UpdateMonitor(layers="no such layer")
    with pytest.warns(MonitorWarning, match="no such layer"):
        fit(model, monitor)
    monitor = pickle.loads(pickle.dumps(monitor))
    with pytest.warns(MonitorWarning, match="no such layer"):
        frame = monitor.frame()
    assert frame.empty and len(monitor.problems) == 1 and frame.attrs["problems"] == monitor.problems
    figure = monitor.plot()
    assert "no such layer" in " ".join(text.get_text() for text in figure.texts).replace("\n", " ")
    good = UpdateMonitor()
    fit(model, good)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert good.frame().attrs["problems"] == [] and not good.plot().texts


def test_epochs_are_those_of_csv_logger_and_history_plus_one(tmp_path):
    monitor = UpdateMonitor(every=2, logs="distance/head")
    history = fit(transfer_model(), monitor, keras.callbacks.CSVLogger(str(tmp_path / "log.csv")), epochs=4)
    log, head = pd.read_csv(tmp_path / "log.csv"), monitor.frame().query("layer == 'head'")
    joined = head.assign(keras_epoch=head["epoch"] - 1).merge(log, left_on="keras_epoch", right_on="epoch")
    np.testing.assert_allclose(joined["distance"], joined["distance/head"], rtol=1e-6)
    assert history.epoch == [0, 1, 2, 3] and head["epoch"].tolist() == [2, 4] and len(joined) == 2


def test_rows_are_of_what_per_says_and_of_nothing_else():
    keras.utils.set_random_seed(0)
    shared = keras.layers.Dense(4, name="shared")
    inputs = keras.Input((6,))
    gru = keras.layers.GRU(3, name="gru")(keras.layers.Reshape((2, 2))(shared(inputs)))
    model = compiled(keras.Model(inputs, keras.layers.Dense(3, name="out", use_bias=False)(gru)))
    monitor = UpdateMonitor()
    before = {v.path: np.array(v, "float64") for v in model.trainable_variables}
    fit(model, monitor, epochs=1)
    change = {v.path: np.linalg.norm(np.array(v, "float64") - before[v.path]) for v in model.trainable_variables}
    weights = monitor.frame(per="weight")
    assert list(weights.columns[:3]) == ["epoch", "layer", "weight"]
    names = [("shared", "kernel"), ("shared", "bias"), ("out", "kernel")]
    for layer, weight in names:
        row = weights.query("layer == @layer and weight == @weight")
        assert row["distance"].item() == pytest.approx(change[f"{layer}/{weight}"], rel=1e-4)
    assert len(weights) == 6 and not weights.duplicated(["layer", "weight"]).any()
    total = np.sqrt(sum(length**2 for length in change.values()))
    assert monitor.frame(per="model")["distance"].tolist() == pytest.approx([total], rel=1e-4)
    assert monitor.frame()["layer"].nunique() == 3
    with pytest.raises(ValueError, match="model, layer, weight"):
        monitor.frame(per="unit")
    with pytest.raises(ValueError, match=r"'layer'.*SharpnessMonitor.*model"):
        SharpnessMonitor(X, Y).frame(per="layer")


def test_a_loop_without_fit_is_measured_by_measure():
    model, monitor = transfer_model(), UpdateMonitor()
    start = np.concatenate([w.ravel() for w in model.layers[1].get_weights()]).astype("float64")
    assert monitor.measure(model, epoch=0)["distance"].tolist() == [0, 0, 0]
    for epoch in (1, 2):
        model.train_on_batch(X, Y)
        rows = monitor.measure(model)
        now = np.concatenate([w.ravel() for w in model.layers[1].get_weights()]).astype("float64")
        assert rows["epoch"].unique() == [epoch]
        assert rows.set_index("layer").loc["head", "distance"] == pytest.approx(np.linalg.norm(now - start), rel=1e-4)
    assert monitor.frame()["epoch"].unique().tolist() == [0, 1, 2]
    monitor.measure(transfer_model())
    assert monitor.frame()["fit"].tolist()[-1] == 2
    gradients, histograms, logits = GradientMonitor(X, Y), HistogramMonitor(X, Y, bins=4), LogitMonitor(X, Y)
    assert gradients.measure(model)["grad_norm"].gt(0).all()
    assert histograms.measure(model).groupby(["kind", "layer"])["count"].count().unique() == [4]
    assert logits.measure(model)["relative_loss"].tolist() == [1]
    with pytest.raises(ValueError, match="matches no"):
        UpdateMonitor(layers="nothing").measure(model)


def test_measuring_goes_on_after_clear_as_the_first_training_with_its_seeds():
    stack = SeedStack(lambda: keras.Sequential([keras.Input((6,)), keras.layers.Dense(3, name="head")]), [4, 7])
    monitor = UpdateMonitor()
    monitor.measure(stack, 5)
    monitor.clear()
    assert monitor.frame().empty
    rows = monitor.measure(stack)
    assert rows["seed"].tolist() == [4, 7] and rows["epoch"].tolist() == [1, 1] and "fit" not in monitor.measure(stack)
    assert monitor.fit == 1
