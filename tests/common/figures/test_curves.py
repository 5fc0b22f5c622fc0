"""Curves show the tables: means and intervals computed here with NumPy and SciPy, every diverged run marked."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from common import figures
from common.experiment import Measure
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


def test_zero_on_a_log_axis_is_drawn_at_the_floor_and_the_axis_says_so():
    table = history()
    table.loc[table["epoch"] == EPOCHS, "train_loss"] = 0
    ax, lines = panel(table)
    assert lines[ARMS[0]].get_ydata()[-1] == pytest.approx(1e-12) and "1e-12" in ax.get_xlabel()


def test_the_smoothed_loss_is_the_moving_average_of_five_epochs_of_each_run():
    runs = pd.DataFrame({0: np.arange(10.0), 1: np.arange(10.0) ** 2})
    for seed in (0, 1):
        np.testing.assert_allclose(figures.smoothed(runs)[seed].iloc[4:], np.convolve(runs[seed], np.ones(5) / 5, "valid"))
    assert figures.close_up(pd.DataFrame({0: np.arange(100)}))[0].tolist() == list(range(80, 100))


def test_layers_have_a_panel_each_but_those_that_were_never_measured():
    table = history()
    factors = {"a": 1, "b": np.nan, "c": 2}
    layers = pd.concat([table.assign(layer=name, grad_norm=table["train_loss"] * factor) for name, factor in factors.items()])
    first, second = figures.layers_figure(layers, GRAD_NORM, STYLES).figure.axes
    assert (first.get_title(), second.get_title()) == ("a", "c")
    for one, other in zip(first.lines, second.lines, strict=True):
        np.testing.assert_allclose(2 * one.get_ydata(), other.get_ydata())


def test_sharpness_stands_beside_the_limit_of_each_rate():
    table = history(diverged=1)
    table["base_learning_rate"], table["sharpness"] = np.where(table["seed"] < 2, 0.1, 0.01), 9 * table["train_loss"]
    table["stability_limit"] = (2 / table["base_learning_rate"]).where(table["optimizer"] == "sgd")
    drawing = figures.sharpness_figure(table, Measure("sharpness", "largest eigenvalue"), "optimizer", ("schedule",))
    assert drawing.legend[1] == ["lr 0.1", "lr 0.01"]
    drawn = [[line.get_ydata()[-1] for line in ax.lines if line.is_dashed()] for ax in drawing.figure.axes]
    np.testing.assert_allclose(drawn, [[20, 200], [np.nan, np.nan]] * 2)


@pytest.mark.parametrize("runs", [{"diverged": 2}, {"diverged": SEEDS}, {"seeds": 1, "epochs": 1}])
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
