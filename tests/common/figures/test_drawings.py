"""Heatmaps, distributions, boundaries and scores show what is in the tables and arrays, diverged runs included."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from common import figures

EPOCHS, SEEDS = 6, 3


def images(drawing):
    return [np.ma.filled(ax.images[0].get_array(), np.nan) for ax in drawing.figure.axes if ax.images]


def numbers(text):
    return [float(number) for number in re.findall(r"(?<!_)\d+\.?\d*", text)]


def layer_rows():
    keys = pd.MultiIndex.from_product([range(SEEDS), range(1, EPOCHS + 1), ("hidden_1", "hidden_2")], names=["seed", "epoch", "layer"])
    return keys.to_frame(index=False).assign(fraction=np.random.default_rng(0).random(len(keys)))


def test_a_layer_heatmap_holds_means_over_seeds_in_percent():
    rows = layer_rows()
    drawing = figures.layers_heatmap([("ReLU", rows)], {"fraction": "dead, %"})
    values = 100 * rows["fraction"].to_numpy().reshape(SEEDS, EPOCHS, 2).mean(axis=0)
    np.testing.assert_allclose(images(drawing)[0], values.T)
    assert [text.get_text() for text in drawing.figure.axes[0].texts] == [f"{value:.0f} %" for value in values[-1]]


def test_a_layer_heatmap_says_how_many_runs_it_leaves_out():
    diverged = layer_rows()
    diverged.loc[(diverged["seed"] == 1) & (diverged["epoch"] > 2), "fraction"] = np.nan
    drawing = figures.layers_heatmap([("ReLU", diverged), ("Sigmoid", layer_rows())], {"fraction": "update ratio"}, log=True)
    assert [numbers(ax.get_title()) for ax in drawing.figure.axes[:2]] == [[1, SEEDS], []]
    np.testing.assert_allclose(images(drawing)[0], np.nanmean(diverged["fraction"].to_numpy().reshape(SEEDS, EPOCHS, 2), axis=0).T)


def test_a_unit_heatmap_shows_the_first_seed_with_silent_units_apart_and_sorted_by_when_they_last_were_on():
    on = np.array([[0.5, 0.5, 0.5, 0.0], [0.25, 0.0, 1.0, 0.0], [0.125, 0.0, 0.75, 0.0]])
    fates = pd.DataFrame({"layer": "hidden_1", "off_epochs": (on == 0).sum(axis=0), "revivals": 0, "off_at_end": on[-1] == 0})
    units = pd.concat([fates.assign(seed=4), fates.assign(seed=5, off_epochs=3, revivals=3, off_at_end=True)])
    drawing = figures.units_heatmap([("ReLU", {"epochs": np.array([0, 1, 2]), "hidden_1": np.stack([on, 1 - on])}, units)])
    np.testing.assert_allclose(images(drawing)[0], [[-1, -1, -1], [50, -1, -1], [50, 25, 12.5], [50, 100, 75]])
    assert numbers(drawing.figure.axes[0].get_title()) == [2, 4, 0, 2]  # were off, of all, came back, are off


def logits_arrays(diverged=False):
    random = np.random.default_rng(1)
    logits, norms = random.normal(size=(2, SEEDS, 50, 3)), random.lognormal(size=(2, SEEDS, 50))
    if diverged:
        logits[1, 0], norms[1, 0] = np.nan, np.nan
    return {"epochs": np.array([0, 9]), "labels": random.integers(0, 3, 50), "logits": logits, "gradient_norm": norms}


def test_logits_are_shown_as_shares_of_each_group():
    arrays = logits_arrays()
    is_true = np.arange(3) == arrays["labels"][:, None]
    drawing = figures.logits_figure([("MSE", arrays)])
    last = arrays["logits"][-1]
    assert f"{last[:, is_true].mean() - last[:, ~is_true].mean():.2g}" in drawing.finding
    for ax, logits in zip(drawing.figure.axes, arrays["logits"], strict=True):
        for patch, values in zip(ax.patches, (logits[:, is_true], logits[:, ~is_true]), strict=True):
            expected = np.histogram(values, patch.get_data().edges)[0] / values.size
            np.testing.assert_allclose(patch.get_data().values, 100 * expected)
            assert expected.sum() == pytest.approx(1)


@pytest.mark.parametrize("diverged", [False, True])
def test_logit_gradients_are_relative_to_the_runs_own_median_before_training(diverged):
    arrays = logits_arrays(diverged)
    drawing = figures.logit_gradients_figure([("MSE", arrays)], 0.3)
    ax = drawing.figure.axes[1]
    relative = arrays["gradient_norm"][1] / np.median(arrays["gradient_norm"][0], axis=1, keepdims=True)
    finite = np.isfinite(relative)
    wrong = arrays["logits"][1].argmax(-1) != arrays["labels"]
    for patch, chosen in zip(ax.patches, (~wrong, wrong), strict=True):
        expected = 100 * np.histogram(relative[finite & chosen], patch.get_data().edges)[0] / finite.sum()
        np.testing.assert_allclose(patch.get_data().values, expected)
    shares = 100 * wrong[finite].mean(), 100 * (wrong & (relative < 0.3))[finite].mean()
    np.testing.assert_allclose(numbers(ax.texts[0].get_text()), shares, atol=0.05)
    np.testing.assert_allclose(numbers(drawing.finding), [] if diverged else shares[1:], atol=0.05)


def test_activations_are_shown_as_percent_of_all_seeds_values():
    counts = np.random.default_rng(0).integers(0, 99, size=(2, SEEDS, 7))
    edges = np.stack([np.linspace(0, 1, 8), np.linspace(-1, 2, 8)])
    arrays = {"epochs": np.array([0, 3]), "activation/hidden_1/counts": counts, "activation/hidden_1/edges": edges}
    for ax, stage, at in zip(figures.activations_figure(arrays).figure.axes, counts, edges, strict=True):
        drawn = ax.patches[0].get_data()
        np.testing.assert_allclose(drawn.values, 100 * stage.sum(0) / stage.sum())
        np.testing.assert_allclose(drawn.edges, at)


def boundaries_of(*runs_by_arm):
    """The figure of runs whose boundary is a vertical line, on a 3 x 3 grid; a run without a boundary has diverged."""
    x = np.stack(np.meshgrid([0.0, 1, 2], [0.0, 1, 2]), -1).reshape(-1, 2)
    arms = []
    for runs in runs_by_arm:
        logits = np.stack([np.stack([np.zeros(9), 5 * (x[:, 0] - at)], -1) for at in runs])
        arms.append(("ReLU", range(len(runs)), {"x": x, "outputs": logits}))
    return figures.boundaries_figure(arms, np.array([[0.2, 0.2], [1.8, 1.0]]), np.array([0, 1]))


def test_boundaries_show_the_first_runs_probability_and_the_share_of_runs_that_agree():
    drawing = boundaries_of([0.5, 1.5, 1.5], [-9, -9, -9])
    first, _, agreed, unanimous = images(drawing)
    row = 100 / (1 + np.exp(-5 * (np.array([0.0, 1, 2]) - 0.5)))
    np.testing.assert_allclose(first, np.tile(row, (3, 1)))
    np.testing.assert_allclose(agreed, np.tile([100, 200 / 3, 100], (3, 1)))
    np.testing.assert_allclose(unanimous, 100)
    assert [numbers(ax.get_title()) for ax in drawing.figure.axes[2:4]] == [[3, 67], [3, 100]]


def test_a_diverged_run_has_no_boundary_and_no_vote_is_made_up_for_it():
    drawing = boundaries_of([0.5, np.nan])
    assert np.isnan(images(drawing)[1]).all() and numbers(drawing.figure.axes[1].get_title()) == [1, 2]


def test_doses_and_accuracies_are_drawn_with_students_interval():
    keys = pd.MultiIndex.from_product([("relu", "sigmoid"), (0.0, 0.1), range(4)], names=["activation", "bias_drop", "seed"])
    table = keys.to_frame(index=False).assign(final_test_accuracy=np.random.default_rng(0).random(16), diverged=False)
    values = 100 * table["final_test_accuracy"].to_numpy().reshape(4, 4)
    low, high = stats.t.interval(0.95, 3, loc=values.mean(axis=1), scale=stats.sem(values, axis=1))
    measures = {"final_test_accuracy": "accuracy"}
    (doses,) = figures.dose_figure(table, figures.Styles("activation"), ("bias_drop",), measures).figure.axes
    (accuracies,) = figures.accuracy_figure(table, ("activation", "bias_drop")).figure.axes
    for ax, axis in ((doses, 1), (accuracies, 0)):
        means = np.concatenate([bars.lines[0].get_data()[axis] for bars in ax.containers])
        ends = np.concatenate([[segment[:, axis] for segment in bars.lines[2][0].get_segments()] for bars in ax.containers])
        np.testing.assert_allclose(means, values.mean(axis=1))
        np.testing.assert_allclose(ends, np.stack([low, high], axis=1))
    assert [label.get_text() for label in doses.get_xticklabels()] == ["0", "0.1"]
