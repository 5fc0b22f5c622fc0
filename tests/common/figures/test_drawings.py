"""Heatmaps, distributions, boundaries and scores show what is in the tables and arrays, diverged runs included."""

import re

import numpy as np
import pandas as pd
import pytest

from common import figures
from common.experiment import Measure, formatting, share
from common.figures.drawing import whiskers
from common.figures.saved import png_of
from common.stats import describe
from tests.support.frames import every, result_tables

EPOCHS, SEEDS = 6, 3


def images(drawing):
    return [np.ma.filled(ax.images[0].get_array(), np.nan) for ax in drawing.figure.axes if ax.images]


def numbers(text):
    return [float(number) for number in re.findall(r"(?<!_)\d+\.?\d*", text)]


def test_a_layer_heatmap_holds_means_over_the_runs_that_have_values_and_says_how_many_it_leaves_out():
    whole = every(seed=range(SEEDS), epoch=range(1, EPOCHS + 1), layer=["hidden_1", "hidden_2"])
    whole["fraction"] = np.random.default_rng(0).random(len(whole))
    diverged = whole.copy()
    diverged.loc[(diverged["seed"] == 1) & (diverged["epoch"] > 2), "fraction"] = np.nan
    measures = [share("fraction", "dead"), Measure("fraction", "update ratio")]
    drawing = figures.layers_heatmap([("ReLU", diverged), ("Sigmoid", whole)], measures)
    assert [numbers(ax.get_title()) for ax in drawing.figure.axes[:2]] == [[1, SEEDS], []]
    means = [np.nanmean(rows["fraction"].to_numpy().reshape(SEEDS, EPOCHS, 2), axis=0).T for rows in (diverged, whole)]
    logs = [np.nanmean(np.log(rows["fraction"]).to_numpy().reshape(SEEDS, EPOCHS, 2), axis=0).T for rows in (diverged, whole)]
    np.testing.assert_allclose(images(drawing), [100 * means[0], 100 * means[1], *np.exp(logs)])
    assert [numbers(text.get_text()) for text in drawing.figure.axes[0].texts] == [[round(100 * value)] for value in means[0][:, -1]]


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
    assert formatting.number(last[:, is_true].mean() - last[:, ~is_true].mean()) in drawing.finding
    for ax, logits in zip(drawing.figure.axes, arrays["logits"], strict=True):
        for patch, values in zip(ax.patches, (logits[:, is_true], logits[:, ~is_true]), strict=True):
            shares, edges, _ = patch.get_data()
            np.testing.assert_allclose(shares, 100 * np.histogram(values, edges)[0] / values.size)
            assert shares.sum() == pytest.approx(100)


@pytest.mark.parametrize("diverged", [False, True])
def test_logit_gradients_are_relative_to_the_runs_own_median_before_training(diverged):
    arrays = logits_arrays(diverged)
    drawing = figures.logit_gradients_figure([("MSE", arrays)], 0.3)
    ax = drawing.figure.axes[1]
    relative = arrays["gradient_norm"][1] / np.median(arrays["gradient_norm"][0], axis=1, keepdims=True)
    finite = np.isfinite(relative)
    wrong = arrays["logits"][1].argmax(-1) != arrays["labels"]
    for patch, chosen in zip(ax.patches, (~wrong, wrong), strict=True):
        drawn, edges, _ = patch.get_data()
        np.testing.assert_allclose(drawn, 100 * np.histogram(relative[finite & chosen], edges)[0] / finite.sum())
    shares = 100 * wrong[finite].mean(), 100 * (wrong & (relative < 0.3))[finite].mean()
    np.testing.assert_allclose(numbers(ax.texts[0].get_text()), shares, atol=0.05)
    np.testing.assert_allclose(numbers(drawing.finding), [] if diverged else shares[1:], atol=0.05)


def test_activations_are_shown_as_percent_of_all_seeds_values():
    counts = np.random.default_rng(0).integers(0, 99, size=(2, SEEDS, 7))
    edges = np.stack([np.linspace(0, 1, 8), np.linspace(-1, 2, 8)])
    arrays = {"epochs": np.array([0, 3]), "activation/hidden_1/counts": counts, "activation/hidden_1/edges": edges}
    for ax, stage, at in zip(figures.activations_figure(arrays).figure.axes, counts, edges, strict=True):
        drawn = ax.patches[0].get_data()
        np.testing.assert_allclose([*drawn.values, *drawn.edges], [*(100 * stage.sum(0) / stage.sum()), *at])


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
    for image, expected in ((first, row), (agreed, [100, 200 / 3, 100]), (unanimous, [100] * 3)):
        np.testing.assert_allclose(image, [expected] * 3)
    assert [numbers(ax.get_title()) for ax in drawing.figure.axes[2:4]] == [[3, 67], [3, 100]]


def test_a_diverged_run_has_no_boundary_and_no_vote_is_made_up_for_it():
    drawing = boundaries_of([0.5, np.nan])
    assert np.isnan(images(drawing)[1]).all() and numbers(drawing.figure.axes[1].get_title()) == [1, 2]


def test_doses_and_accuracies_are_drawn_with_the_intervals_of_shares():
    table = every(activation=["relu", "sigmoid"], bias_drop=[0.0, 0.1], seed=range(4))
    table = table.assign(final_test_accuracy=0.5 + 0.1 * np.random.default_rng(0).random(16), diverged=False)
    values = table["final_test_accuracy"].to_numpy().reshape(4, 4)
    low, high = 100 * np.transpose([describe(arm, "share", lowest=0.1)[2:4] for arm in values])
    measures = [share("final_test_accuracy", "accuracy")._replace(lowest=0.1)]
    (doses,) = figures.dose_figure(table, figures.Styles("activation"), ("bias_drop",), measures).figure.axes
    tables = result_tables(table, ("activation", "bias_drop"))
    (accuracies,) = figures.accuracy_figure(tables, ("activation", "bias_drop")).figure.axes
    for ax, axis in ((doses, 1), (accuracies, 0)):
        means = np.concatenate([bars.lines[0].get_data()[axis] for bars in ax.containers]).astype(float)
        ends = np.concatenate([[segment[:, axis] for segment in bars.lines[2][0].get_segments()] for bars in ax.containers])
        np.testing.assert_allclose(means, 100 * values.mean(axis=1))
        np.testing.assert_allclose(ends, np.stack([low, high], axis=1))
    assert [label.get_text() for label in doses.get_xticklabels()] == ["0", "0.1"]


def test_the_names_of_rows_do_not_overlap_where_arms_have_several_settings():
    arms = [(f"MSE on softmax, lr 0.001, batch size {size}, no batch norm", logits_arrays()) for size in (32, 128)]
    for drawing in (figures.logits_figure(arms), figures.logit_gradients_figure(arms, 0.3)):
        png_of(drawing, "title", "note")
        boxes = [ax.yaxis.label.get_window_extent() for ax in drawing.figure.axes if ax.get_ylabel()]
        assert len(boxes) == 2 and boxes[0].y0 >= boxes[1].y1


def test_whiskers_are_the_sides_of_the_intervals_that_are_known():
    nan = float("nan")
    assert whiskers(2.0, 1.0, 4.0).tolist() == [[1.0], [2.0]]
    lengths = whiskers(np.array([2.0, nan, 3.0]), np.array([1.0, nan, nan]), np.array([4.0, nan, nan]))
    np.testing.assert_array_equal(lengths, [[1, nan, nan], [2, nan, nan]])
    assert whiskers(2.0, nan, nan) is None and whiskers(np.array([1.0, nan]), np.full(2, nan), np.full(2, nan)) is None
