"""Curves show the tables: means and intervals computed here with NumPy and SciPy, every diverged run marked."""

import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import rgb_to_hsv, to_rgb
from scipy import stats

from common import figures
from common.experiment import Measure
from common.figures.panels import apart
from common.figures.saved import png_of
from tests.support.frames import every, result_tables

SEEDS, EPOCHS = 4, 30
GRAD_NORM = Measure("grad_norm", "gradient norm")
STYLES = figures.Styles(color="optimizer", dashes=("schedule",), colors=("sgd", "adam"))
ARMS = ("SGD, constant", "SGD, exponential", "Adam, constant", "Adam, exponential")


def history(diverged=0, seeds=SEEDS, epochs=EPOCHS):
    """A history of four arms, in which the first `diverged` runs under Adam diverge halfway."""
    table = every(optimizer=["sgd", "adam"], schedule=["constant", "exponential"], seed=range(seeds), epoch=range(1, epochs + 1))
    loss = np.exp(-table["epoch"] / 10) * np.random.default_rng(0).lognormal(0, 0.3, len(table))
    loss[(table["optimizer"] == "adam") & (table["seed"] < diverged) & (table["epoch"] > epochs // 2)] = np.nan
    accuracy = 1 - loss.fillna(0.9).clip(upper=1)
    return table.assign(learning_rate=0.1, train_loss=loss, test_loss=loss, train_grad_norm=loss, test_accuracy=accuracy)


def panel(table, scale="log"):
    """The axes of a figure with that panel, and its labelled lines by their labels."""
    drawing = figures.curves_figure(table, STYLES, [figures.Panel("train_loss", "loss", scale)] * 3)
    ax = drawing.figure.axes[0]
    return ax, {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}


@pytest.mark.parametrize("scale", ["log", "linear"])
def test_arms_differ_without_colour_and_a_line_is_the_mean_over_seeds_and_its_band_the_interval(scale):
    ax, lines = panel(history(), scale)
    values = history()["train_loss"].to_numpy().reshape(4, SEEDS, EPOCHS)[0]
    values, shown = (np.log(values), np.exp) if scale == "log" else (values, np.array)
    low, high = stats.t.interval(0.95, SEEDS - 1, loc=values.mean(0), scale=stats.sem(values, axis=0))
    np.testing.assert_allclose(lines[ARMS[0]].get_ydata(), shown(values.mean(0)))
    corners = ax.collections[0].get_paths()[0].vertices[:, 1]
    np.testing.assert_allclose((corners.min(), corners.max()), (shown(low).min(), shown(high).max()))
    assert tuple(lines) == ARMS
    assert len({(line.get_marker(), line.get_linestyle()) for line in lines.values()}) == 4


@pytest.mark.parametrize("diverged", [2, SEEDS])
def test_diverged_runs_are_counted_in_the_legend_and_each_ends_in_a_cross(diverged):
    ax, lines = panel(history(diverged))
    assert [re.findall(r"\d+", label) for label in lines] == [[], []] + [[str(diverged), str(SEEDS)]] * 2
    crosses = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "x"]
    assert crosses == [EPOCHS // 2] * 2 * diverged
    finite = np.log(history()["train_loss"].to_numpy().reshape(4, SEEDS, EPOCHS)[2, diverged:])
    expected = np.exp(finite.mean(axis=0)) if len(finite) else np.full(EPOCHS, np.nan)
    np.testing.assert_allclose(list(lines.values())[2].get_ydata(), expected)


def thin_and_thick(ax):
    """Of an axes with one arm: its thin lines, its thick one, and those that stand in the strip below the axis."""
    curves = [line for line in ax.lines if len(line.get_xdata()) == EPOCHS]
    strip = [line for line in curves if line.get_transform() != ax.transData]
    thick = next(line for line in curves if not line.get_label().startswith("_"))
    return [line for line in curves if line is not thick and line not in strip], thick, strip


def test_zeros_on_a_log_axis_stand_in_a_strip_below_it_and_enter_no_mean():
    table = history(seeds=5).query("optimizer == 'sgd' and schedule == 'constant'")
    table.loc[(table["seed"] < 3) & (table["epoch"] > 20), "train_loss"] = 0
    ax, _ = panel(table)
    runs = table["train_loss"].to_numpy().reshape(5, EPOCHS)
    thin, thick, strip = thin_and_thick(ax)
    np.testing.assert_array_equal([line.get_ydata() for line in thin], np.where(runs > 0, runs, np.nan))
    median = np.median(runs, axis=0)
    np.testing.assert_array_equal(thick.get_ydata(), np.where(median > 0, median, np.nan))
    in_strip = [np.isfinite(line.get_ydata()) for line in strip]
    np.testing.assert_array_equal(in_strip, [*(runs[:3] == 0), median == 0])
    heights = [np.nanmax(line.get_ydata()) for line in strip]
    lowest = ax.transAxes.inverted().transform(ax.transData.transform([(1, runs[runs > 0].min())]))[0, 1]
    assert len(set(heights)) == 4 and min(heights) > 0 and max(heights) < lowest and "3 of 5" in ax.get_title()
    assert not any(len(path.vertices) > 9 for one in ax.collections for path in one.get_paths())  # no band


def test_runs_that_part_for_a_while_are_drawn_one_by_one_with_their_median():
    table = history(seeds=5).query("optimizer == 'sgd' and schedule == 'constant'")
    accuracy = np.full((5, EPOCHS), 0.9) + 0.01 * np.random.default_rng(0).random((5, EPOCHS))
    accuracy[:3, 5:10] -= 0.4
    drawn = []
    for values in (accuracy, np.delete(accuracy, range(5, 10), axis=1)):
        epochs = values.shape[1]
        rows = table[table["epoch"] <= epochs].assign(test_accuracy=values.ravel())
        ax = figures.curves_figure(rows, STYLES, [figures.Panel("test_accuracy", "accuracy", "percent")]).figure.axes[0]
        drawn.append(ax)
    thin, thick, _ = thin_and_thick(drawn[0])
    np.testing.assert_array_equal([line.get_ydata() for line in thin], accuracy)
    np.testing.assert_allclose(thick.get_ydata(), np.median(accuracy, axis=0))
    assert not drawn[0].collections and len(drawn[1].collections) == 1


def test_a_band_of_accuracies_stays_between_chance_and_one():
    accuracy = np.clip(np.random.default_rng(0).normal(0.62, 0.13, (4, EPOCHS)), 0.5, 1)
    table = history().query("optimizer == 'sgd' and schedule == 'constant'").assign(test_accuracy=accuracy.ravel())
    one = figures.Panel("test_accuracy", "accuracy", "percent", lowest=0.5)
    ax = figures.curves_figure(table, STYLES, [one]).figure.axes[0]
    edges = np.concatenate([path.vertices[:, 1] for band in ax.collections for path in band.get_paths()])
    assert len(edges) and edges.min() >= 0.5 and edges.max() <= 1


def test_the_smoothed_loss_is_the_moving_average_of_five_epochs_of_each_run_before_the_loss_as_it_is():
    runs = pd.DataFrame({0: np.arange(10.0), 1: np.arange(10.0) ** 2})
    for seed in (0, 1):
        np.testing.assert_allclose(figures.smoothed(runs)[seed].iloc[4:], np.convolve(runs[seed], np.ones(5) / 5, "valid"))
    table = history().query("optimizer == 'sgd' and schedule == 'constant'")
    ax = figures.curves_figure(table, STYLES, [figures.Panel("train_loss", "loss", prepare=figures.smoothed)]).figure.axes[0]
    (behind,), bold, _ = thin_and_thick(ax)
    raw = table["train_loss"].to_numpy().reshape(SEEDS, EPOCHS)
    np.testing.assert_allclose(behind.get_ydata(), stats.gmean(raw))
    np.testing.assert_allclose(bold.get_ydata()[4:], stats.gmean([np.convolve(run, np.ones(5) / 5, "valid") for run in raw]))


def test_the_close_up_is_the_run_of_median_spread_about_its_trend_in_percent():
    epochs, random = np.arange(100), np.random.default_rng(0)
    runs = pd.DataFrame({seed: 5 - 0.01 * epochs + spread * random.normal(size=100) for seed, spread in enumerate((0.3, 0.001, 0.03))})
    line = np.exp(np.polyval(np.polyfit(epochs[80:], np.log(runs[2][80:]), 1), epochs[80:]))
    shown = figures.close_up(runs)
    assert list(shown) == [2] and shown.index.tolist() == list(range(80, 100))
    np.testing.assert_allclose(shown[2], 100 * (runs[2][80:] / line - 1), atol=1e-9)
    assert np.isinf(figures.close_up(runs * np.inf)).all(axis=None) and (figures.close_up(runs[:1]) == 0).all(axis=None)


def test_shades_of_an_arm_have_its_hue_and_fall_in_brightness_by_its_second_setting():
    rows = every(optimizer=["sgd", "adam"], lr=[0.1, 0.01, 0.001], schedule=["constant", "exponential"])
    plain = {arm: style["color"] for arm, style, _ in figures.Styles("optimizer", colors=("sgd", "adam")).arms(rows)}
    styles = figures.Styles("optimizer", ("schedule",), ("sgd", "adam"), shade="lr", shades=(0.1, 0.01, 0.001))
    for optimizer, name in (("sgd", "SGD"), ("adam", "Adam")):
        looks = [style for _, style, _ in styles.arms(rows[rows["optimizer"] == optimizer])]
        hues = [rgb_to_hsv(to_rgb(look["color"]))[0] for look in looks]
        hue = rgb_to_hsv(to_rgb(plain[name]))[0]
        np.testing.assert_allclose(hues, hue, atol=0.02)
        brightness = [to_rgb(look["color"]) @ np.array([0.299, 0.587, 0.114]) for look in looks[::2]]
        assert brightness == sorted(brightness) and min(np.diff(brightness)) > 0.08 and max(brightness) < 0.75  # on white, of 1
        assert len({(look["marker"], str(look["linestyle"])) for look in looks}) == 6  # without any colour


def test_layers_have_a_panel_each_but_those_that_were_never_measured():
    table = history()
    factors = {"a": 1, "b": np.nan, "c": 2}
    layers = pd.concat([table.assign(layer=name, grad_norm=table["train_loss"] * factor) for name, factor in factors.items()])
    first, second = figures.layers_figure(layers, GRAD_NORM, STYLES).figure.axes
    assert (first.get_title(), second.get_title()) == ("a", "c")
    for one, other in zip(first.lines, second.lines, strict=True):
        np.testing.assert_allclose(2 * one.get_ydata(), other.get_ydata())


def test_an_arm_that_parts_in_one_layer_is_drawn_run_by_run_in_all():
    table = history(seeds=5).query("optimizer == 'sgd' and schedule == 'constant'")
    parted = table["train_loss"] * np.where(table["seed"] < 2, 1e-3, 1)
    layers = pd.concat([table.assign(layer=name, grad_norm=loss) for name, loss in (("a", table["train_loss"]), ("b", parted))])
    for ax, name in zip(figures.layers_figure(layers, GRAD_NORM, STYLES).figure.axes, "ab", strict=True):
        runs = layers[layers["layer"] == name]["grad_norm"].to_numpy().reshape(5, EPOCHS)
        thin, thick, _ = thin_and_thick(ax)
        np.testing.assert_array_equal([line.get_ydata() for line in thin], runs)
        np.testing.assert_allclose(thick.get_ydata(), np.median(runs, axis=0))


def test_sharpness_stands_beside_the_limit_of_each_rate():
    table = history(diverged=1)
    table["base_learning_rate"], table["sharpness"] = np.where(table["seed"] < 2, 0.1, 0.01), 9 * table["train_loss"]
    table["stability_limit"] = (2 / table["base_learning_rate"]).where(table["optimizer"] == "sgd")
    table = table.query("optimizer == 'adam' or seed != 0")
    styles = figures.Styles("optimizer", shade="base_learning_rate", shades=(0.1, 0.01))
    drawing = figures.sharpness_figure(table, Measure("sharpness", "largest eigenvalue"), styles, ("schedule",))
    assert drawing.legend[1] == ["lr 0.1", "lr 0.01"]
    drawn = [[line.get_ydata()[-1] for line in ax.lines if line.is_dashed()] for ax in drawing.figure.axes]
    np.testing.assert_allclose(drawn, [[20, 200], [np.nan, np.nan]] * 2)
    sgd = table[(table["optimizer"] == "sgd") & (table["seed"] < 2)]
    means = sgd.groupby(["schedule", "epoch"])["sharpness"].agg(stats.gmean)
    assert f" {means.max():.1f}, where 20.0 is stable" in drawing.finding and f"after {means.idxmax()[1]} epochs" in drawing.finding


@pytest.mark.parametrize(
    "runs", [{"diverged": 2}, *(pytest.param(runs, marks=pytest.mark.slow) for runs in ({"diverged": SEEDS}, {"seeds": 1, "epochs": 1}))]
)
def test_figures_are_drawn_whatever_the_runs_did(runs):
    table = history(**runs)
    last = table[table["epoch"] == table["epoch"].max()]
    last = last.assign(final_test_accuracy=last["test_accuracy"], diverged=last["train_loss"].isna())
    panels = [figures.Panel("train_loss", "loss"), figures.Panel("test_accuracy", "", "percent")] * 3
    for drawing in (
        figures.curves_figure(table, STYLES, panels),
        figures.layers_figure(table.assign(layer="logits", grad_norm=table["train_loss"]), GRAD_NORM, STYLES),
        figures.accuracy_figure(result_tables(last, STYLES.columns), STYLES.columns),
    ):
        assert len(png_of(drawing, "title", "note")) > 5000 and drawing.finding and drawing.shows


@pytest.mark.parametrize(("epochs", "parted"), [(1, False), (2, False), (3, True), (12, True)])
def test_runs_that_seem_to_part_at_an_epoch_or_two_have_a_mean_as_chance_makes_them_do(epochs, parted):
    runs = pd.DataFrame(0.885 + np.random.default_rng(0).normal(0, 0.002, (30, 5)))
    runs.iloc[10 : 10 + epochs] = [[0.60, 0.61, 0.605, 0.90, 0.91]] * epochs
    assert apart(runs, figures.Panel("accuracy", "", "percent")) == parted
