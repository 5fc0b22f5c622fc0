"""Heatmaps, distributions, boundaries and doses show what is in the tables and arrays, diverged runs included."""

import matplotlib.image
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from common import figures as plots
from common.figures import boundaries, distributions, heatmaps, scores

EPOCHS, SEEDS = 6, 3


@pytest.fixture
def figures(monkeypatch):
    """The figures that the sheets make, kept for a look at what they drew."""
    kept = []
    for module in (boundaries, distributions, heatmaps, scores):
        monkeypatch.setattr(module, "save", lambda figure, *words, save=module.save: (kept.append(figure), save(figure, *words))[1])
    return kept


def layer_rows(diverged=False):
    random = np.random.default_rng(0)
    rows = [
        {"seed": seed, "epoch": epoch, "layer": layer, "dead_fraction": random.random(), "update_ratio": random.lognormal()}
        for seed in range(SEEDS)
        for epoch in range(1, EPOCHS + 1)
        for layer in ("hidden_1", "hidden_2")
    ]
    table = pd.DataFrame(rows)
    if diverged:
        table.loc[(table["seed"] == 1) & (table["epoch"] > 2), ["dead_fraction", "update_ratio"]] = np.nan
    return table


def images(figure):
    return [ax.images[0].get_array() for ax in figure.axes if ax.images]


def test_a_layer_heatmap_holds_means_over_seeds_in_percent(figures, tmp_path):
    rows = layer_rows()
    plots.layers_heatmap([("ReLU", rows)], {"dead_fraction": "dead, %"}, "title", "note", tmp_path / "x.png")
    values = rows["dead_fraction"].to_numpy().reshape(SEEDS, EPOCHS, 2).mean(axis=0)
    np.testing.assert_allclose(images(figures[0])[0], 100 * values.T)
    texts = [text.get_text() for text in figures[0].axes[0].texts]
    assert texts == [f"{100 * value:.0f} %" for value in values[-1]]


def test_a_layer_heatmap_says_which_runs_it_leaves_out(figures, tmp_path):
    ratio = {"update_ratio": "update ratio"}
    arms = [("ReLU", layer_rows(diverged=True)), ("Sigmoid", layer_rows())]
    plots.layers_heatmap(arms, ratio, "title", "note", tmp_path / "x.png", log=True)
    assert [ax.get_title() for ax in figures[0].axes[:2]] == ["ReLU (1 of 3 diverged, left out)", "Sigmoid"]
    values = arms[0][1]["update_ratio"].to_numpy().reshape(SEEDS, EPOCHS, 2)
    np.testing.assert_allclose(images(figures[0])[0], np.nanmean(values, axis=0).T)


def units_table(on):
    off = on == 0
    return pd.concat(
        [
            pd.DataFrame(
                {"seed": seed, "layer": "hidden_1", "off_epochs": off.sum(0) + seed, "revivals": 0, "off_at_end": off[-1]},
            )
            for seed in (4, 5)
        ]
    )


def test_a_unit_heatmap_shows_the_first_seed_with_silent_units_apart_and_sorted_by_when_they_last_were_on(figures, tmp_path):
    on = np.array([[0.5, 0.5, 0.5, 0.0], [0.25, 0.0, 1.0, 0.0], [0.125, 0.0, 0.75, 0.0]])
    arrays = {"epochs": np.array([0, 1, 2]), "hidden_1": np.stack([on, 1 - on])}
    plots.units_heatmap([("ReLU", arrays, units_table(on))], "title", "note", tmp_path / "x.png")
    np.testing.assert_allclose(images(figures[0])[0], [[-1, -1, -1], [50, -1, -1], [50, 25, 12.5], [50, 100, 75]])
    title = figures[0].axes[0].get_title()
    assert "hidden_1: 4 of 4" in title and "2 are off at the end" in title


def logits_arrays(diverged=False):
    random = np.random.default_rng(1)
    logits = random.normal(size=(2, SEEDS, 50, 3)).astype("float32")
    norms = random.lognormal(size=(2, SEEDS, 50)).astype("float32")
    if diverged:
        logits[1, 0], norms[1, 0] = np.nan, np.nan
    return {"epochs": np.array([0, 9]), "labels": random.integers(0, 3, 50), "logits": logits, "gradient_norm": norms}


def test_logits_are_shown_as_shares_of_each_group(figures, tmp_path):
    plots.logits_sheet([("MSE", logits_arrays())], "title", "note", tmp_path / "x.png")
    for ax in figures[0].axes:
        assert [patch.get_label() for patch in ax.patches] == ["true class", "other classes"]
        for patch in ax.patches:
            assert patch.get_data().values.sum() == pytest.approx(100)
    assert [ax.get_title() for ax in figures[0].axes] == ["before training", "epoch 9"]


@pytest.mark.parametrize("diverged", [False, True])
def test_logit_gradients_are_relative_to_the_runs_own_median_before_training(figures, tmp_path, diverged):
    arrays = logits_arrays(diverged)
    plots.logit_gradients_sheet([("MSE", arrays)], 0.3, "title", "note", tmp_path / "x.png")
    relative = arrays["gradient_norm"][1] / np.median(arrays["gradient_norm"][0], axis=1, keepdims=True)
    finite = np.isfinite(relative)
    wrong = arrays["logits"][1].argmax(-1) != arrays["labels"]
    ax = figures[0].axes[1]
    for patch, chosen in zip(ax.patches, (~wrong, wrong), strict=True):
        expected = 100 * np.histogram(relative[finite & chosen], patch.get_data().edges)[0] / finite.sum()
        np.testing.assert_allclose(patch.get_data().values, expected, atol=1e-6)
    shares = 100 * wrong[finite].mean(), 100 * (wrong & (relative < 0.3))[finite].mean()
    assert ax.texts[0].get_text() == f"wrong {shares[0]:.1f} %\nvanished {shares[1]:.2f} %"


def test_activations_are_shown_as_percent_of_all_seeds_values(figures, tmp_path):
    counts = np.random.default_rng(0).integers(0, 99, size=(2, SEEDS, 7))
    edges = np.stack([np.linspace(0, 1, 8), np.linspace(-1, 2, 8)])
    histograms = {"epochs": np.array([0, 3]), "activation/hidden_1/counts": counts, "activation/hidden_1/edges": edges}
    plots.activations_sheet(histograms, "title", "note", tmp_path / "x.png")
    for ax, of_stage, at in zip(figures[0].axes, counts, edges, strict=True):
        drawn = ax.patches[0].get_data()
        np.testing.assert_allclose(drawn.values, 100 * of_stage.sum(0) / of_stage.sum())
        np.testing.assert_allclose(drawn.edges, at)


def plane(members):
    """A 3 x 3 grid; the members' boundaries are vertical lines."""
    x = np.stack(np.meshgrid([0.0, 1, 2], [0.0, 1, 2]), -1).reshape(-1, 2)
    logits = np.stack([np.stack([np.zeros(9), 5 * (x[:, 0] - at)], -1) for at in members])
    return {"x": x, "outputs": logits}


def test_boundaries_show_the_first_runs_probability_and_the_share_of_runs_that_agree(figures, tmp_path):
    arms = [("ReLU", (0, 1, 2), plane([0.5, 1.5, 1.5])), ("Sigmoid", (0, 1, 2), plane([-9, -9, -9]))]
    points, labels = np.array([[0.2, 0.2], [1.8, 1.0]]), np.array([0, 1])
    plots.boundaries_sheet(arms, points, labels, "title", "note", tmp_path / "x.png")
    first, _, agreed, of_one_mind = images(figures[0])
    row = 100 / (1 + np.exp(-5 * (np.array([0.0, 1, 2]) - 0.5)))
    np.testing.assert_allclose(first, np.tile(row, (3, 1)))
    np.testing.assert_allclose(agreed, np.tile([100, 200 / 3, 100], (3, 1)))
    np.testing.assert_allclose(of_one_mind, 100)
    assert "agree on 67 % of the plane" in figures[0].axes[2].get_title()


def test_a_diverged_run_has_no_boundary_and_no_vote_is_made_up_for_it(figures, tmp_path):
    arrays = plane([0.5, 1.5])
    arrays["outputs"][1] = np.nan
    plots.boundaries_sheet([("ReLU", (0, 1), arrays)], np.zeros((1, 2)), np.array([0]), "title", "note", tmp_path / "x.png")
    assert np.isnan(np.ma.filled(images(figures[0])[1], np.nan)).all()
    assert figures[0].axes[1].get_title() == "ReLU: 1 of 2 seeds diverged"


def test_a_dose_sheet_draws_means_with_students_interval(figures, tmp_path):
    random = np.random.default_rng(0)
    keys = [(arm, drop, seed) for arm in ("relu", "sigmoid") for drop in (0.0, 0.1) for seed in range(4)]
    table = pd.DataFrame(keys, columns=["activation", "bias_drop", "seed"]).assign(final_test_accuracy=random.random(16))
    plots.dose_sheet(
        table, plots.Styles("activation"), ("bias_drop",), {"final_test_accuracy": "accuracy"}, "title", "note", tmp_path / "x.png"
    )
    (ax,) = figures[0].axes
    line, _, (bars,) = ax.containers[0].lines
    values = 100 * table["final_test_accuracy"].to_numpy().reshape(2, 2, 4)[0]
    np.testing.assert_allclose(line.get_ydata(), values.mean(axis=1))
    for segment, of_dose in zip(bars.get_segments(), values, strict=True):
        expected = stats.t.interval(0.95, 3, loc=of_dose.mean(), scale=stats.sem(of_dose))
        np.testing.assert_allclose(segment[:, 1], expected)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "0.1"]


def test_long_footers_and_legends_stay_within_the_figure(tmp_path, figures):
    table = pd.DataFrame({"activation": [f"a rather long name {i}" for i in range(9)], "bias_drop": 0.0, "final_test_accuracy": 0.5})
    note = "a footer of many words " * 12
    plots.dose_sheet(
        table, plots.Styles("activation"), ("bias_drop",), {"final_test_accuracy": "accuracy"}, "title", note, tmp_path / "x.png"
    )
    figure = figures[0]
    box = figure.legends[0].get_window_extent()
    assert box.x0 >= 0 and box.x1 <= figure.bbox.width
    assert matplotlib.image.imread(tmp_path / "x.png").shape[0] > 200
