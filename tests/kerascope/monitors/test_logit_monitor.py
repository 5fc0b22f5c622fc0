"""Gradients by the logits, the history of each unit, and predictions, against NumPy float64, of an ordinary model and a SeedStack."""

import numpy as np
import pytest

from kerascope.monitors import ActivationMonitor, LogitMonitor, PredictionMonitor
from kerascope.monitors.units import unit_histories
from kerascope.seed_stack import SeedStack
from tests.support.closed_forms import LOSSES, closed_form, softmax_and_onehot
from tests.support.frames import columns, of_seed
from tests.support.perceptron import FEATURES, forward


def outputs(weights, x):
    """The outputs of the three layers, float64."""
    return [of_layer for _, of_layer in forward(weights, x, "relu")]


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
    of_wrong = wrong.mean(), vanished.mean(), norms[wrong].mean() if wrong.any() else np.nan
    return [loss, loss / first_loss, np.median(norms), norms.mean(), *of_wrong, z.mean(), z.std()]


@pytest.mark.parametrize("loss", [pytest.param(loss, marks=() if loss == "mse_softmax" else pytest.mark.slow) for loss in LOSSES])
def test_logit_quantities_are_those_of_their_definitions(train, probe, loss):
    monitor = LogitMonitor(*probe, stages=[0, 2, 4])
    # A learning rate at which MSE on softmax drives some samples into the wrong corner, where their gradient vanishes.
    _, seen = train("relu", [monitor], LOSSES[loss], {"mse_softmax": 300.0, "mse_linear": 0.05}.get(loss, 0.5), epochs=4)
    frame, arrays = monitor.frame(), monitor.arrays()
    assert frame["epoch"].unique().tolist() == [0, 1, 2, 3, 4]
    vanished = []
    for member in range(len(seen[0])):
        rows = of_seed(frame, member)
        logits = [outputs(of_epoch[member], probe[0])[-1] for of_epoch in seen]
        start = expected_row(loss, logits[0], probe[1], None)
        for epoch, z in enumerate(logits):
            expected = expected_row(loss, z, probe[1], (start[0], start[2]))
            measured = rows[rows["epoch"] == epoch][columns(monitor)].to_numpy()[0]
            np.testing.assert_allclose(measured, expected, rtol=5e-4, atol=1e-6)
            vanished.append(expected[5])
        for stage, epoch in enumerate([0, 2, 4]):
            np.testing.assert_allclose(arrays["logits"][stage, member], logits[epoch], rtol=1e-3, atol=1e-4)
            norms = np.linalg.norm(closed_form(loss, logits[epoch], probe[1]), axis=1)
            np.testing.assert_allclose(arrays["gradient_norm"][stage, member], norms, rtol=5e-4, atol=1e-6)
    assert (max(vanished) > 0) == (loss == "mse_softmax")
    np.testing.assert_array_equal(arrays["labels"], probe[1])


@pytest.mark.slow
def test_the_activity_of_each_unit_is_the_share_of_samples_that_switch_it_on(train, probe):
    monitor = ActivationMonitor(probe[0], units=True)
    model, seen = train("relu", [monitor])
    arrays = monitor.units.arrays()
    assert arrays["epochs"].tolist() == [0, 1, 2, 3] and set(arrays) == {"epochs", "hidden_1", "hidden_2"}
    for member in range(len(seen[0])):
        for epoch, weights in enumerate(seen):
            for layer, expected in enumerate(outputs(weights[member], probe[0])[:2]):
                measured = arrays[f"hidden_{layer + 1}"][member, epoch]
                np.testing.assert_allclose(measured, (expected > 0).mean(axis=0), atol=1e-6)
    units = monitor.units.frame()
    assert ("seed" in units.columns) == isinstance(model, SeedStack) and len(units) == (8 + 6) * len(seen[0])
    at_end = monitor.frame().query("epoch == 3 and layer != 'logits'")["always_off_fraction"]
    keys = ["seed", "layer"] if "seed" in units.columns else ["layer"]
    np.testing.assert_allclose(units.groupby(keys)["off_at_end"].mean(), at_end, atol=1e-6)


def test_the_history_of_a_unit_is_when_it_was_first_off_how_long_and_how_often_it_came_back():
    on = np.array([[0.5, 0.5, 0.0, 0.2, np.nan], [0.5, 0.0, 0.0, 0.0, 0.5], [0.1, 0.0, 0.3, 0.1, 0.0], [0.1, 0.0, 0.0, 0.0, np.nan]])
    history = unit_histories(on, [0, 10, 20, 30])
    np.testing.assert_array_equal(history["first_off_epoch"], [np.nan, 10, 0, 10, 20])
    assert history["off_epochs"].tolist() == [0, 3, 3, 2, 1]
    assert history["revivals"].tolist() == [0, 0, 1, 1, 0]
    assert history["off_at_end"].tolist() == [False, True, True, True, False]


@pytest.mark.slow
def test_predictions_are_the_outputs_of_the_trained_model(train, probe):
    points = np.random.default_rng(1).normal(size=(7, FEATURES)).astype("float32")
    monitor = PredictionMonitor(points)
    _, seen = train("relu", [monitor])
    arrays = monitor.arrays()
    np.testing.assert_array_equal(arrays["x"], points)
    for member, weights in enumerate(seen[-1]):
        np.testing.assert_allclose(arrays["outputs"][member], outputs(weights, points)[-1], rtol=1e-4, atol=1e-5)
