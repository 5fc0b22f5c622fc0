"""Figures show what is in the tables: means and intervals computed here with NumPy and SciPy, and every diverged run marked."""

import matplotlib.image
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import stats

from common import figures as plots
from common.figures import curves

SEEDS, EPOCHS = 4, 30
STYLES = plots.Styles(color="optimizer", dashes=("schedule",), colors=("sgd", "adam"))


def history(diverged=0, seeds=SEEDS, epochs=EPOCHS):
    random = np.random.default_rng(0)
    rows = []
    for optimizer in ("sgd", "adam"):
        for schedule in ("constant", "exponential"):
            for seed in range(seeds):
                loss = np.exp(-np.arange(epochs) / 10) * random.lognormal(0, 0.3, epochs)
                if optimizer == "adam" and seed < diverged:
                    loss[epochs // 2 :] = np.nan
                rows.append(
                    pd.DataFrame(
                        {
                            "dataset": "digits",
                            "optimizer": optimizer,
                            "schedule": schedule,
                            "seed": seed,
                            "epoch": np.arange(1, epochs + 1),
                            "learning_rate": 0.1,
                            "train_loss": loss,
                            "test_loss": loss,
                            "test_accuracy": 1 - np.minimum(np.nan_to_num(loss, nan=0.9), 1),
                            "train_grad_norm": loss,
                        }
                    )
                )
    return pd.concat(rows, ignore_index=True)


def lines_of(table, scale):
    ax = Figure().subplots()
    curves.draw_curves(ax, table, STYLES, plots.Panel("train_loss", "training loss", scale))
    return ax


@pytest.mark.parametrize("scale", ["log", "linear"])
def test_a_line_is_the_mean_over_seeds_and_its_band_the_interval(scale):
    ax = lines_of(history(), scale)
    table = history().query("optimizer == 'sgd' and schedule == 'constant'")
    values = table["train_loss"].to_numpy().reshape(SEEDS, EPOCHS)
    values = np.log(values) if scale == "log" else values
    low, high = stats.t.interval(0.95, SEEDS - 1, loc=values.mean(0), scale=stats.sem(values, axis=0))
    expected = [np.exp(v) if scale == "log" else v for v in (values.mean(0), low, high)]
    line = next(line for line in ax.lines if line.get_label() == "SGD, constant")
    np.testing.assert_allclose(line.get_ydata(), expected[0])
    corners = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert corners.min() == pytest.approx(expected[1].min()) and corners.max() == pytest.approx(expected[2].max())


def test_arms_differ_by_marker_and_dashes_so_that_grey_suffices():
    lines = [line for line in lines_of(history(), "log").lines if not line.get_label().startswith("_")]
    looks = {(line.get_marker(), line._unscaled_dash_pattern[1] is None) for line in lines}
    assert len(lines) == len(looks) == 4


def test_diverged_runs_are_counted_in_the_legend_and_each_ends_in_a_cross():
    ax = lines_of(history(diverged=2), "log")
    labels = [line.get_label() for line in ax.lines]
    assert "Adam, constant (2 of 4 diverged)" in labels and "SGD, constant" in labels
    crosses = [line for line in ax.lines if line.get_marker() == "x"]
    assert len(crosses) == 4 and {line.get_xdata()[0] for line in crosses} == {EPOCHS // 2}


def test_an_arm_of_which_all_runs_diverged_is_still_there():
    labels = [line.get_label() for line in lines_of(history(diverged=SEEDS), "log").lines]
    assert "Adam, exponential (4 of 4 diverged)" in labels


def test_zero_on_a_log_axis_is_drawn_at_the_floor_and_said_so():
    table = history()
    table.loc[table["epoch"] == EPOCHS, "train_loss"] = 0
    ax = lines_of(table, "log")
    assert "1e-12" in ax.get_xlabel()
    line = next(line for line in ax.lines if line.get_label() == "SGD, constant")
    assert line.get_ydata()[-1] == pytest.approx(1e-12)


def test_the_smoothed_loss_is_the_moving_average_of_five_epochs_of_each_run():
    runs = pd.DataFrame({0: np.arange(10.0), 1: np.arange(10.0) ** 2})
    for seed in (0, 1):
        np.testing.assert_allclose(curves.smoothed(runs)[seed].iloc[4:], np.convolve(runs[seed], np.ones(5) / 5, "valid"))
    assert len(curves.close_up(pd.DataFrame({0: np.arange(100)}))) == 20


@pytest.mark.parametrize(
    ("seeds", "epochs", "diverged"),
    [(4, 30, 2), *(pytest.param(*case, marks=pytest.mark.slow) for case in ((4, 30, 0), (4, 30, 4), (1, 1, 0)))],
)
def test_sheets_are_drawn_whatever_the_runs_did(seeds, epochs, diverged, tmp_path):
    table = history(diverged, seeds, epochs)
    layers = pd.concat([table.assign(layer=layer, grad_norm=table["train_loss"]) for layer in ("hidden_1", "logits")])
    summary = table.groupby(["optimizer", "schedule", "seed"], sort=False).last().reset_index()
    summary = summary.assign(final_test_accuracy=summary["test_accuracy"], diverged=summary["train_loss"].isna())
    drawn = [
        plots.curves_sheet(table, STYLES, plots.OPTIMIZER_CURVES, "title", "note", tmp_path / "curves.png"),
        plots.layers_sheet(layers, "grad_norm", STYLES, "title", "note", tmp_path / "layers.png"),
        plots.accuracy_sheet(summary, ("optimizer", "schedule"), "title", "note", tmp_path / "accuracy.png"),
    ]
    for sheet in drawn:
        assert sheet.title == "title" and sheet.finding.endswith(".") and sheet.shows.endswith(".")
        assert matplotlib.image.imread(tmp_path / sheet.name).shape[0] > 200
    assert sorted(path.name for path in tmp_path.iterdir()) == ["accuracy.png", "curves.png", "layers.png"]
