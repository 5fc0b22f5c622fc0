"""Each figure fits a page of paper, and each number of its caption can be read from it, whatever the runs did."""

import re

import matplotlib
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.stats import gmean

from common import figures
from common.experiment import Measure, formatting, share
from common.figures.drawing import STYLE
from common.figures.saved import png_of
from common.figures.words import End, compared
from tests.support.drawn import cut_off, not_drawn, small_texts, titles_that_overlap
from tests.support.frames import every, result_tables

ARM = ("optimizer", "base_learning_rate", "schedule")
LOSS, ACCURACY = Measure("train_loss", "training loss"), share("test_accuracy", "test accuracy")
FINAL = share("final_test_accuracy", "final test accuracy")
STYLES = figures.Styles("optimizer", ("schedule",), ("sgd", "adam"))
SHADED = figures.Styles("optimizer", ("schedule",), ("sgd", "adam"), shade="base_learning_rate", shades=(0.1, 0.001))
DECAY = ("schedule", ("constant", "exponential"), ARM, [FINAL, Measure("oscillation", "oscillation")], ("sgd", "adam"))
TITLE = "A title of so many words that it has to be wrapped, or it would be cut off at both sides of the page"
PANELS = [
    figures.Panel.of(LOSS, "training loss (bold: moving average of 5 epochs)", figures.smoothed),
    figures.Panel.of(ACCURACY),
    figures.Panel.of(LOSS, "training loss about its trend, %", figures.close_up),
]


def table(runs):
    """A history of eight arms, as the runs did: well, or not."""
    seeds, epochs = (1, 1) if runs == "one run, one epoch" else (6, 40)
    levels = {"optimizer": ["sgd", "adam"], "base_learning_rate": [0.1, 0.001], "schedule": ["constant", "exponential"]}
    rows = every(**levels, seed=range(seeds), epoch=range(1, epochs + 1))
    random = np.random.default_rng(0)
    loss = np.exp(-rows["epoch"] * rows["base_learning_rate"] ** 0.5) * random.lognormal(0, 0.3, len(rows))
    accuracy = 0.98 - 0.85 * loss.clip(upper=1)
    adam, late = rows["optimizer"] == "adam", rows["epoch"] > epochs // 2
    if runs == "some diverge":
        loss[adam & late & (rows["seed"] < 2)] = np.nan
    if runs == "all diverge":
        loss[:] = np.inf
    if runs == "some reach zero":
        loss[adam & late & (rows["seed"] < 3)] = 0
    if runs == "two groups":
        accuracy[adam & (rows["seed"] < 3)] = 0.1 + 0.001 * random.random(len(rows))
    accuracy = accuracy.where(np.isfinite(loss), 0.1)
    rate = rows["base_learning_rate"] * np.where(rows["schedule"] == "constant", 1, 0.95 ** rows["epoch"])
    limit = (2 / rate).where(rows["optimizer"] == "sgd")
    return rows.assign(train_loss=loss, test_loss=loss, test_accuracy=accuracy, learning_rate=rate, sharpness=loss, stability_limit=limit)


def final(rows):
    last = rows[rows["epoch"] == rows["epoch"].max()]
    last = last[[*ARM, "seed"]].assign(
        final_test_accuracy=last["test_accuracy"], oscillation=last["train_loss"], diverged=~np.isfinite(last["train_loss"])
    )
    return result_tables(last, ARM)


def layers(rows):
    return pd.concat(
        [rows.assign(layer=name, grad_norm=rows["train_loss"] * factor) for name, factor in {"hidden_1": 1, "logits": 2}.items()]
    )


def spread(rows):
    arms = every(optimizer=["sgd", "adam"], source=["all", "weights"], than=["", "sgd"])
    return arms.assign(sd=0.01, ci_low=0.005, ci_high=0.02)


FIGURES = {
    "curves": lambda rows: figures.curves_figure(rows[rows["base_learning_rate"] == 0.1], STYLES, PANELS),
    "rates": lambda rows: figures.curves_figure(rows[rows["optimizer"] == "adam"], SHADED, PANELS * 2),
    "layers": lambda rows: figures.layers_figure(layers(rows), Measure("grad_norm", "gradient norm"), SHADED),
    "schedule": lambda rows: figures.schedule_figure(rows, figures.Panel("learning_rate", "learning rate"), SHADED),
    "accuracy": lambda rows: figures.accuracy_figure(final(rows), ARM),
    "accuracy by rate": lambda rows: figures.accuracy_by_rate_figure(final(rows), FINAL, SHADED),
    "paired": lambda rows: figures.paired_figure(final(rows)["summary"], *DECAY),
    "loss and accuracy": lambda rows: figures.loss_accuracy_figure(rows, SHADED, LOSS, ACCURACY, "optimizer"),
    "loss and accuracy in one panel": lambda rows: figures.loss_accuracy_figure(rows, SHADED, LOSS, ACCURACY),
    "doses": lambda rows: figures.dose_figure(final(rows)["summary"], figures.Styles("optimizer"), ("base_learning_rate",), [FINAL] * 2),
    "sharpness": lambda rows: figures.sharpness_figure(
        rows, Measure("sharpness", "sharpness"), figures.Styles("optimizer", shade="base_learning_rate"), ("schedule",)
    ),
    "spread": lambda rows: figures.spread_figure(spread(rows), ("optimizer",)),
}
RUNS = ("some diverge", "some reach zero", "two groups")
HARDEST = "two groups"
OTHERS = [
    pytest.param(runs, marks=pytest.mark.slow) for runs in (*RUNS, "all learn", "all diverge", "one run, one epoch") if runs != HARDEST
]


@pytest.mark.parametrize("runs", [HARDEST, *OTHERS])
@pytest.mark.parametrize("name", FIGURES)
def test_every_number_of_a_caption_is_drawn_and_the_figure_fits_a_page(name, runs):
    with matplotlib.rc_context(STYLE):
        drawing = FIGURES[name](table(runs))
        png_of(
            drawing, "A title of so many words that it has to be wrapped, or it would be cut off at both sides of the page", "6 seeds " * 20
        )
        assert not_drawn(drawing.finding, drawing.figure) == [], drawing.finding
        assert small_texts(drawing.figure) == [] and titles_that_overlap(drawing.figure) == []
        assert drawing.figure.get_figwidth() == 7 and cut_off(drawing.figure) <= 1, cut_off(drawing.figure)


@pytest.mark.parametrize(
    ("relu", "sigmoid", "apart", "told"),
    [
        ((0.925, 0.92, 0.93), (0.923, 0.92, 0.926), False, ["92.3", "92.5"]),
        ((0.925, 0.92, 0.93), (0.5, 0.45, 0.55), True, ["92.5", "50.0"]),
        ((0.5, 0.4, 0.6), (0.5, 0.4, 0.6), False, ["50.0"]),
        ((0.5, 0.4, 0.6), (np.nan, np.nan, np.nan), False, ["50.0"]),
        ((np.nan, np.nan, np.nan), (np.inf, np.nan, np.nan), False, []),
    ],
)
def test_the_highest_and_the_lowest_are_named_only_where_their_intervals_are_apart(relu, sigmoid, apart, told):
    words = compared([End("ReLU", *relu), End("Sigmoid", *sigmoid)], "share")
    assert [word for word in words.split() if word[0].isdigit()] == told and ("highest" in words) == apart


def facts(sentence):
    """The numbers and names in a sentence, in their order."""
    return re.findall(r"[\d.]*\d|SGD|momentum|Adam|highest|lowest|hidden|logits", sentence.replace("hidden_1", "hidden"))


def test_curves_tell_the_best_and_the_worst_arm_after_the_last_epoch_and_what_diverged():
    rows = every(optimizer=["sgd", "momentum", "adam"], seed=[0, 1], epoch=[1, 2])
    rows = rows.assign(test_accuracy=0.99, train_loss=1.0)
    rows.loc[rows["epoch"] == 2, "test_accuracy"] = [0.5, 0.6, 0.81, 0.79, 0.11, 0.09]
    panels = [figures.Panel("train_loss", "training loss"), figures.Panel.of(ACCURACY)]
    finding = figures.curves_figure(rows, figures.Styles("optimizer"), panels).finding
    assert facts(finding) == ["highest", "80.0", "momentum", "lowest", "10.0", "Adam"]
    rows.loc[9, "test_accuracy"] = np.nan  # the mean is that of the runs that are drawn whole
    finding = figures.curves_figure(rows, figures.Styles("optimizer"), panels).finding
    assert facts(finding) == ["highest", "80.0", "momentum", "lowest", "9.0", "Adam", "1", "2", "Adam"]


def test_layers_tell_where_a_quantity_is_largest_and_smallest():
    rows = every(optimizer=["sgd", "adam"], layer=["hidden_1", "logits"], epoch=[1, 2], seed=[0, 1])
    rows["grad_norm"] = 10.0 ** (np.arange(16) // 2) * np.random.default_rng(0).lognormal(0, 0.01, 16)
    means = rows[rows["epoch"] == 2].groupby(["optimizer", "layer"])["grad_norm"].apply(gmean)
    assert means.idxmax() == ("adam", "logits") and means.idxmin() == ("sgd", "hidden_1")
    drawing = figures.layers_figure(rows, Measure("grad_norm", "norm"), figures.Styles("optimizer"))
    highest, lowest = (formatting.number(value) for value in (means.max(), means.min()))
    assert facts(drawing.finding) == facts(f"highest {highest} logits Adam lowest {lowest} hidden_1 SGD")


def test_the_effect_of_a_setting_is_that_of_each_seed_with_students_interval():
    rows = table("all learn")
    summary = final(rows)["summary"]
    drawing = figures.paired_figure(summary, *DECAY)
    runs = summary.set_index([*ARM, "seed"])
    for ax, name, change in zip(drawing.figure.axes, ("final_test_accuracy", "oscillation"), (lambda x: 100 * x, np.log), strict=True):
        values = change(runs[name].unstack("seed"))
        differences = values.xs("exponential", level="schedule", drop_level=True) - values.xs("constant", level="schedule")
        differences = differences.loc[[("sgd", 0.1), ("sgd", 0.001), ("adam", 0.1), ("adam", 0.001)]].to_numpy()
        low, high = stats.t.interval(0.95, 5, loc=differences.mean(axis=1), scale=stats.sem(differences, axis=1))
        back = np.exp if name == "oscillation" else np.array
        means = [bars.lines[0].get_xdata()[0] for bars in ax.containers]
        ends = [bars.lines[2][0].get_segments()[0][:, 0] for bars in ax.containers]
        np.testing.assert_allclose(means, back(differences.mean(axis=1)))
        np.testing.assert_allclose(ends, np.transpose(back([low, high])))
        dots = [np.sort(one.get_offsets()[:, 0]) for one in ax.collections if len(one.get_offsets()) == 6]
        np.testing.assert_allclose(dots, np.sort(back(differences), axis=1))


def test_accuracy_by_rate_shows_every_run_and_the_means_of_the_table():
    tables = final(table("all learn"))
    (ax,) = figures.accuracy_by_rate_figure(tables, FINAL, SHADED).figure.axes
    rows = tables["table"].sort_values("base_learning_rate").groupby(["optimizer", "schedule"], sort=False)["final_test_accuracy_mean"]
    drawn = {bars.get_label(): bars.lines[0].get_ydata() for bars in ax.containers}
    for (optimizer, schedule), means in rows:
        np.testing.assert_allclose(drawn[f"{formatting.name_of(optimizer)}, {schedule}"], means)
    runs = np.concatenate([dots.get_offsets()[:, 1] for dots in ax.collections if len(dots.get_offsets()) == 6])
    np.testing.assert_allclose(np.sort(runs), np.sort(tables["summary"]["final_test_accuracy"]))


def test_an_accuracy_of_one_stays_on_the_logit_axis():
    rows = table("all learn")
    (ax,) = figures.accuracy_by_rate_figure(final(rows.assign(test_accuracy=1.0)), FINAL, SHADED).figure.axes
    drawn = np.concatenate([dots.get_offsets()[:, 1] for dots in ax.collections if len(dots.get_offsets()) == 6])
    low, high = ax.get_ylim()
    assert low < drawn.min() and drawn.max() < high < 1


def test_loss_and_accuracy_are_the_medians_of_each_epoch_and_the_loss_falls_to_the_right():
    rows = table("two groups")
    first, _ = figures.loss_accuracy_figure(rows, SHADED, LOSS, ACCURACY, "optimizer").figure.axes
    lines = [line for line in first.lines if not line.get_label().startswith("_")]
    medians = rows[rows["optimizer"] == "sgd"].groupby(["base_learning_rate", "schedule", "epoch"], sort=False)
    for line, name, scale in [*((line, "train_loss", 1) for line in lines[:1]), *((line, "test_accuracy", 100) for line in lines[:1])]:
        expected = scale * medians[name].median().loc[0.1, "constant"]
        np.testing.assert_allclose(line.get_xdata() if scale == 1 else line.get_ydata(), expected)
    assert len(lines) == 4 and first.xaxis_inverted()


def test_one_failed_arm_does_not_squeeze_the_others_and_no_run_hides_another():
    rows = every(optimizer=["sgd", "adam"], base_learning_rate=[0.1, 0.01, 0.001], schedule=["constant"], seed=range(6))
    rows = rows.assign(final_test_accuracy=0.97 + 0.002 * (np.arange(36) % 3), diverged=False)
    rows.loc[:5, "final_test_accuracy"] = 0.1
    low, high = figures.accuracy_figure(result_tables(rows, ARM), ARM).figure.axes
    assert low.get_xlim()[1] < 20 and high.get_xlim()[0] > 90
    dots = np.concatenate([np.asarray(one.get_offsets()) for ax in (low, high) for one in ax.collections if len(one.get_offsets()) == 6])
    assert len(dots) == len(np.unique(dots.round(6), axis=0)) == 36
    np.testing.assert_allclose(np.sort(dots[:, 0]), np.sort(100 * rows["final_test_accuracy"]))


def test_each_number_that_a_caption_has_for_an_arm_is_where_the_line_of_that_arm_ends():
    """Not where another arm's ends, nor one of its runs: of the arms' lines, by their labels, which the numbers stand beside."""
    with matplotlib.rc_context(STYLE):
        drawing = FIGURES["curves"](table("two groups"))
    ax = next(ax for ax in drawing.figure.axes if "accuracy" in ax.get_title())
    ends = {line.get_label().split(" (")[0]: 100 * line.get_ydata()[-1] for line in ax.lines if not line.get_label().startswith("_")}
    told = re.findall(r"([\d.]+) % \(([^()]+?)(?:, others within its interval)?\)", drawing.finding)
    assert told and all(abs(float(value) - ends[arm]) <= 0.05001 for value, arm in told), (told, ends)
    values = [end for end in ends.values() if np.isfinite(end)]
    assert {value for value, _ in told} <= {f"{min(values):.1f}", f"{max(values):.1f}"}
