"""Gradients by the logits, unit by unit fates, and predictions, against NumPy float64 on an ordinary model and on a SeedStack."""

import keras
import numpy as np
import pytest

from kerascope.monitors import ActivationMonitor, LogitMonitor, PredictionMonitor
from kerascope.monitors.units import unit_fates
from kerascope.seed_stack import SeedStack
from tests.support.closed_forms import LOSSES, closed_form, softmax_and_onehot
from tests.support.mlp import build_mlp
from tests.support.perceptron import Weights
from tests.support.perceptron import forward as forward_with

SAMPLES, FEATURES, CLASSES = 30, 4, 3


@pytest.fixture(scope="module")
def probe():
    random = np.random.default_rng(0)
    return random.normal(size=(SAMPLES, FEATURES)).astype("float32"), random.integers(0, CLASSES, SAMPLES).astype("int32")


def build():
    return build_mlp(FEATURES, CLASSES, hidden=(6, 5))


def forward(weights, x):
    """The outputs of the three layers, float64."""
    return [outputs for _, outputs in forward_with(weights, x, "relu")]


@pytest.fixture(params=[pytest.param("ordinary model", marks=pytest.mark.slow), "SeedStack"])
def train(request, probe):
    """A function that trains four epochs with a monitor; returns the model and the weights by epoch and member."""

    def train(monitor, loss="cross_entropy", rate=1.0):
        keras.utils.set_random_seed(0)
        model = SeedStack(build, [0, 5]) if request.param == "SeedStack" else build()
        model.compile(keras.optimizers.SGD(rate), loss=LOSSES[loss])
        weights = Weights()
        model.fit(*probe, batch_size=10, epochs=4, verbose=0, callbacks=[weights, monitor])
        return model, weights.seen

    return train


def expected_row(name, z, y, first):
    """LogitMonitor's quantities from the logits; `first` is the loss and the median before training, or None if this is before training."""
    p, onehot = softmax_and_onehot(z, y)
    if name == "cross_entropy":
        loss = -np.log(p[np.arange(len(y)), y]).mean()
    else:
        loss = (((p if name == "mse_softmax" else z) - onehot) ** 2).mean()
    norms = np.linalg.norm(closed_form(name, z, y), axis=1)
    wrong = z.argmax(1) != y
    first_loss, first_median = first or (loss, np.median(norms))
    vanished = wrong & (norms < 0.01 * first_median)
    return [loss, loss / first_loss, np.median(norms), norms.mean(), wrong.mean(), vanished.mean(), z.mean(), z.std()]


@pytest.mark.parametrize("loss", LOSSES)
def test_logit_quantities_are_those_of_their_definitions(train, probe, loss):
    monitor = LogitMonitor(*probe, stages=[0, 2, 4])
    # A rate at which MSE on softmax drives some samples into the wrong corner, where their gradient vanishes.
    _, seen = train(monitor, loss, rate={"mse_softmax": 300.0, "mse_linear": 0.05}.get(loss, 0.5))
    frame, arrays = monitor.frame(), monitor.arrays()
    assert frame["epoch"].unique().tolist() == [0, 1, 2, 3, 4]
    vanished = []
    for member, seed in enumerate([0, 5][: len(seen[0])]):
        rows = frame[frame["seed"] == seed] if "seed" in frame.columns else frame
        logits = [forward(of_epoch[member], probe[0])[-1] for of_epoch in seen]
        start = expected_row(loss, logits[0], probe[1], None)
        for epoch, z in enumerate(logits):
            expected = expected_row(loss, z, probe[1], (start[0], start[2]))
            measured = rows[rows["epoch"] == epoch][list(LogitMonitor.quantities)].to_numpy()[0]
            np.testing.assert_allclose(measured, expected, rtol=5e-4, atol=1e-6)
            vanished.append(expected[5])
        for stage, epoch in enumerate([0, 2, 4]):
            np.testing.assert_allclose(arrays["logits"][stage, member], logits[epoch], rtol=1e-3, atol=1e-4)
            norms = np.linalg.norm(closed_form(loss, logits[epoch], probe[1]), axis=1)
            np.testing.assert_allclose(arrays["gradient_norm"][stage, member], norms, rtol=5e-4, atol=1e-6)
    assert (max(vanished) > 0) == (loss == "mse_softmax")
    np.testing.assert_array_equal(arrays["labels"], probe[1])


@pytest.mark.slow
def test_scalars_reach_the_logs_without_a_layer(train, probe):
    monitor = LogitMonitor(*probe, every=2)
    model, _ = train(monitor)
    means = monitor.frame().query("epoch > 0").groupby("epoch")["logit_grad_median"].mean()
    logged = model.history.history["logit_grad_median"]
    np.testing.assert_allclose(logged[1::2], means, rtol=1e-6)
    assert np.isnan(logged[::2]).all()
    assert monitor.frame()["epoch"].unique().tolist() == [0, 2, 4]
    assert set(monitor.arrays()) == {"epochs", "labels"}  # no stages were asked for


def test_a_member_that_is_not_finite_is_measured_as_nan(probe):
    stack = SeedStack(build, [0, 1])
    stack.compile(keras.optimizers.SGD(0.1), loss=LOSSES["cross_entropy"])
    kernel = stack.stacked(stack.template.layers[0].trainable_variables)[0]
    kernel.assign(np.array(kernel) * np.array([1, np.nan])[:, None, None])
    monitor = LogitMonitor(*probe)
    stack.fit(*probe, epochs=1, verbose=0, callbacks=[monitor])
    frame = monitor.frame().set_index("seed")[list(LogitMonitor.quantities)]
    assert np.isfinite(frame.loc[0]).all(axis=None) and np.isnan(frame.loc[1]).all(axis=None)


@pytest.mark.slow
def test_the_activity_of_each_unit_is_the_share_of_samples_that_switch_it_on(train, probe):
    monitor = ActivationMonitor(probe[0], units=True)
    model, seen = train(monitor)
    arrays = monitor.units.arrays()
    assert arrays["epochs"].tolist() == [0, 1, 2, 3, 4] and set(arrays) == {"epochs", "hidden_1", "hidden_2"}
    for member in range(len(seen[0])):
        for epoch, weights in enumerate(seen):
            for layer, outputs in enumerate(forward(weights[member], probe[0])[:2]):
                measured = arrays[f"hidden_{layer + 1}"][member, epoch]
                np.testing.assert_allclose(measured, (outputs > 0).mean(axis=0), atol=1e-6)
    units = monitor.units.frame()
    assert ("seed" in units.columns) == isinstance(model, SeedStack) and len(units) == 11 * len(seen[0])
    at_end = monitor.frame().query("epoch == 4 and layer != 'logits'")["always_off_fraction"]
    keys = ["seed", "layer"] if "seed" in units.columns else ["layer"]
    np.testing.assert_allclose(units.groupby(keys)["off_at_end"].mean(), at_end, atol=1e-6)


def test_the_fate_of_a_unit_is_when_it_was_first_off_how_long_and_how_often_it_came_back():
    on = np.array([[0.5, 0.5, 0.0, 0.2, np.nan], [0.5, 0.0, 0.0, 0.0, 0.5], [0.1, 0.0, 0.3, 0.1, 0.0], [0.1, 0.0, 0.0, 0.0, np.nan]])
    fates = unit_fates(on, [0, 10, 20, 30])
    np.testing.assert_array_equal(fates["first_off_epoch"], [np.nan, 10, 0, 10, 20])
    assert fates["off_epochs"].tolist() == [0, 3, 3, 2, 1]
    assert fates["revivals"].tolist() == [0, 0, 1, 1, 0]
    assert fates["off_at_end"].tolist() == [False, True, True, True, False]


@pytest.mark.slow
def test_predictions_are_the_outputs_of_the_trained_model(train, probe):
    points = np.random.default_rng(1).normal(size=(7, FEATURES)).astype("float32")
    monitor = PredictionMonitor(points)
    _, seen = train(monitor, rate=0.1)
    arrays = monitor.arrays()
    np.testing.assert_array_equal(arrays["x"], points)
    for member, weights in enumerate(seen[-1]):
        np.testing.assert_allclose(arrays["outputs"][member], forward(weights, points)[-1], rtol=1e-4, atol=1e-5)
