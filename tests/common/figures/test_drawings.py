"""Heatmaps, distributions, boundaries and scores show what is in the tables and arrays, diverged runs included."""

import re

import matplotlib
import numpy as np
import pytest

from common import figures
from common.experiment import formatting, share
from common.figures.drawing import STYLE, whiskers
from common.figures.saved import png_of
from common.stats import describe
from tests.support.frames import every, result_tables
from tests.support.made_up_figures import boundaries_of, logits_arrays, units_arms

EPOCHS, SEEDS = 6, 3


def images(drawing):
    return [np.ma.filled(ax.images[0].get_array(), np.nan) for ax in drawing.figure.axes if ax.images]


def numbers(text):
    return [float(number) for number in re.findall(r"(?<!_)\d+\.?\d*", text)]


def test_a_layer_heatmap_holds_means_over_the_runs_that_have_values_and_names_those_left_out():
    whole = every(seed=range(SEEDS), epoch=range(1, EPOCHS + 1), layer=["hidden_1", "hidden_2"])
    whole["fraction"] = 0.4 + 0.2 * np.random.default_rng(0).random(len(whole))
    diverged = whole.copy()
    diverged.loc[(diverged["seed"] == 1) & (diverged["epoch"] > 2), "fraction"] = np.nan
    low = whole.assign(fraction=whole["fraction"].where(whole["layer"] == "hidden_2", 0.0))
    arms = [("ReLU", diverged), ("Sigmoid", low), ("LeakyReLU", whole.assign(fraction=0.01)), ("none", whole.assign(fraction=np.nan))]
    ax = (drawing := figures.layers_heatmap(arms, [share("fraction", "dead", missing="not measured")])).figure.axes[0]
    rows = [np.nanmean(table["fraction"].to_numpy().reshape(SEEDS, EPOCHS, 2), axis=0).T for table in (diverged, whole)]
    np.testing.assert_allclose(images(drawing)[0], 100 * np.stack([*rows[0], rows[1][1]]))
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert [name.split(" (")[0] for name in names] == ["ReLU, hidden_1", "ReLU, hidden_2", "Sigmoid, hidden_2"]
    assert [numbers(name) for name in names] == [[1, SEEDS], [1, SEEDS], []]
    assert "Sigmoid, hidden_1; LeakyReLU)" in ax.get_title(loc="left")
    assert [numbers(text.get_text()) for text in ax.texts] == [[round(100 * row[-1])] for row in [*rows[0], rows[1][1]]]


def test_a_mean_over_two_groups_of_runs_is_marked_and_not_in_the_caption():
    table = every(seed=range(10), epoch=[1, 2], layer=["hidden_1", "hidden_2"])
    random = np.random.default_rng(0).random(len(table))
    table["fraction"] = np.where(table["layer"] == "hidden_2", 0.5, 0.02 + 0.9 * (table["seed"] > 4)) + 0.01 * random
    drawing = figures.layers_heatmap([("Sigmoid", table)], [share("fraction", "saturated")])
    marked, single = (text.get_text() for text in drawing.figure.axes[0].texts)
    assert marked.endswith("*") and not single.endswith("*") and "*" in drawing.note
    assert numbers(drawing.finding) == numbers(single)


def test_a_unit_heatmap_shows_the_first_seed_with_silent_units_apart_and_sorted_by_when_they_last_were_on():
    drawing = figures.units_heatmap(units_arms())
    np.testing.assert_allclose(images(drawing)[0], [[-1, -1, -1], [50, -1, -1], [50, 25, 12.5], [50, 100, 75]])
    assert numbers(drawing.figure.axes[0].get_title()) == [2, 4, 2, 0]  # are off, of all, ever were, came back


def test_silent_units_are_brighter_than_any_other_so_that_grey_shows_them():
    drawn = figures.units_heatmap(units_arms()).figure.axes[0].images[0]
    luminance = drawn.cmap(np.linspace(0, 1, 256))[:, :3] @ [0.2126, 0.7152, 0.0722]
    silent = drawn.cmap(drawn.norm(-1.0))[:3] @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(luminance) >= 0).all() and silent - luminance.max() > 0.2


def test_the_units_of_an_activation_that_saturates_are_the_saturated_share_of_the_first_seed():
    ax = figures.units_heatmap(units_arms()).figure.axes[1]
    np.testing.assert_allclose(ax.lines[0].get_xydata(), [[1, 25], [2, 50]])
    assert not ax.images and numbers(ax.get_title()) == [50, 0]


def test_logits_are_shown_as_shares_of_each_group():
    arrays = logits_arrays()
    is_true = np.arange(3) == arrays["labels"][:, None]
    drawing = figures.logits_figure([("MSE", arrays)])
    last = arrays["logits"][-1]
    assert formatting.number(last[:, is_true].mean() - last[:, ~is_true].mean()) in drawing.finding
    for ax, logits in zip(drawing.figure.axes, arrays["logits"], strict=True):
        for patch, values in zip(ax.patches, (logits[:, ~is_true], logits[:, is_true]), strict=True):
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
    np.testing.assert_allclose(numbers(drawing.finding), [] if diverged else shares, atol=0.05)


def test_boundaries_show_the_first_runs_probability_and_the_share_of_runs_that_agree():
    drawing = boundaries_of([0.5, 1.5, 1.5], [-9, -9, -9])
    first, _, agreed, unanimous = images(drawing)
    row = 100 / (1 + np.exp(-5 * (np.array([0.0, 1, 2]) - 0.5)))
    for image, expected in ((first, row), (agreed, [100, 200 / 3, 100]), (unanimous, [100] * 3)):
        np.testing.assert_allclose(image, [expected] * 3)
    assert [numbers(ax.get_title()) for ax in drawing.figure.axes[2:4]] == [[3, 66.7], [3, 100]]
    assert numbers(drawing.finding) == [66.7, 100]


def test_a_diverged_run_has_no_boundary_and_no_vote_is_made_up_for_it():
    drawing = boundaries_of([0.5, np.nan])
    assert np.isnan(images(drawing)[1]).all() and numbers(drawing.figure.axes[1].get_title()) == [1, 2] and numbers(drawing.finding) == []


def test_the_points_of_each_class_differ_in_brightness_from_each_other_and_their_edges_from_themselves():
    ax = boundaries_of([0.5]).figure.axes[0]
    points = [collection for collection in ax.collections if len(collection.get_offsets()) and collection.get_label().startswith("test")]
    faces, edges = ([getattr(one, f"get_{part}")()[0][:3].mean() for one in points] for part in ("facecolor", "edgecolor"))
    assert abs(faces[0] - faces[1]) > 0.9 and all(abs(face - edge) > 0.9 for face, edge in zip(faces, edges, strict=True))


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
    with matplotlib.rc_context(STYLE):
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
