"""The sentence that each figure's alternative text states is true of the table: computed here by hand or with NumPy."""

import numpy as np
import pandas as pd
import pytest

from common.figures import findings


def history(accuracies, losses=None):
    """Two epochs of runs: `{arm: final accuracy of each seed}`."""
    rows = [
        {
            "optimizer": arm,
            "seed": seed,
            "epoch": epoch,
            "test_accuracy": value if epoch == 2 else 0.99,
            "train_loss": 1.0,
            "test_loss": 1.0,
        }
        for arm, values in accuracies.items()
        for seed, value in enumerate(values)
        for epoch in (1, 2)
    ]
    table = pd.DataFrame(rows)
    for arm, seed in losses or ():
        table.loc[(table["optimizer"] == arm) & (table["seed"] == seed) & (table["epoch"] == 2), "train_loss"] = np.inf
    return table


def test_curves_tell_the_best_and_the_worst_arm_after_the_last_epoch_and_what_diverged():
    table = history({"sgd": [0.5, 0.6], "momentum": [0.9, 0.7], "adam": [0.1, 0.2]}, losses=[("adam", 0), ("sgd", 1)])
    expected = "Test accuracy ends highest at 80.0 % with momentum, and lowest at 15.0 % with Adam. 2 of 6 runs diverged."
    assert findings.of_curves(table, ["optimizer"]) == expected


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"a": 0.5, "b": 0.25}, "highest at 50.0 % with a, and lowest at 25.0 % with b"),
        ({"a": 0.5, "b": np.nan}, "at 50.0 % with a"),
        ({"a": 0.5, "b": 0.5}, "everywhere at 50.0 %"),
        ({"a": np.nan, "b": np.inf}, "unknown, for no run has a finite value"),
        ({}, "unknown, for no run has a finite value"),
    ],
)
def test_extremes_are_those_of_the_finite_values(values, words):
    assert findings.extremes(values, findings.percent) == words


def test_layers_tell_where_a_quantity_is_largest_and_smallest():
    keys = [
        (arm, layer, epoch, seed) for arm in ("relu", "sigmoid") for layer in ("hidden_1", "logits") for epoch in (1, 2) for seed in (0, 1)
    ]
    table = pd.DataFrame(keys, columns=["activation", "layer", "epoch", "seed"])
    table["grad_norm"] = np.random.default_rng(0).lognormal(size=len(table))
    means = table[table["epoch"] == 2].groupby(["activation", "layer"])["grad_norm"].mean()
    names = {"relu": "ReLU", "sigmoid": "Sigmoid"}
    (top, top_layer), (low, low_layer) = means.idxmax(), means.idxmin()
    sentence = findings.of_layers(table, "grad_norm", ["activation"], findings.number)
    assert f"highest at {means.max():.2g} in {top_layer} under {names[top]}" in sentence
    assert f"lowest at {means.min():.2g} in {low_layer} under {names[low]}" in sentence
    rows = {names[arm]: part for arm, part in table.groupby("activation")}
    assert f"highest at {means.max():.2g}" in findings.of_heatmap(list(rows.items()), {"grad_norm": "norm"}, findings.number)


def test_units_activations_and_shares_are_told_arm_by_arm():
    fates = {"ReLU": pd.DataFrame({"off_at_end": [True, False, True]}), "Sigmoid": pd.DataFrame({"off_at_end": [False]})}
    assert findings.of_units(fates).endswith(": 2 of 3 under ReLU, 0 of 1 under Sigmoid.")
    counts, edges = {"hidden_1": np.array([1, 6, 1])}, {"hidden_1": np.array([0.0, 0.5, 1.0, 1.5])}
    assert "75.0 % of those of hidden_1 between 0.5 and 1" in findings.of_activations(counts, edges)
    assert (
        findings.of_boundaries({"ReLU": 0.5, "Sigmoid": np.nan})
        == "All seeds agree on 50.0 % (ReLU), nothing finite (Sigmoid) of the plane."
    )
