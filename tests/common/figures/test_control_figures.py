"""The figures of Experiment C's controls: what they say can be read from them, whatever the runs did, and is what the tables hold."""

import re
from types import SimpleNamespace

import matplotlib
import numpy as np
import pandas as pd
import pytest

from common import figures
from common.experiment import Measure, share
from common.figures import controls
from common.figures.drawing import STYLE
from common.figures.quantities import decades_apart
from common.figures.saved import png_of
from common.results.controlled import middle_of
from tests.support.drawn import cut_off, not_drawn, small_texts, titles_that_overlap
from tests.support.frames import every

LOSS, ACCURACY = Measure("train_loss", "training loss"), share("test_accuracy", "test accuracy")
STYLES = figures.Styles("optimizer", ("schedule",), ("sgd", "momentum", "adam"))
SHADED = figures.Styles("optimizer", (), ("sgd", "momentum", "adam"), shade="base_learning_rate", shades=(0.1, 0.01, 0.001))
LEVELS = {"optimizer": ["sgd", "momentum", "adam"], "base_learning_rate": [0.1, 0.01, 0.001], "schedule": ["constant", "exponential"]}


def history(runs="learn", **levels):
    """Runs whose loss falls with the sum of their rates, momentum's at ten times; `runs` says what else becomes of them."""
    epochs, seeds = (1, 1) if runs == "one run, one epoch" else (40, 5)
    rows = every(**(levels or LEVELS), seed=range(seeds), epoch=range(1, epochs + 1))
    decay = 0.95 ** (rows["epoch"] - 1)
    rows["learning_rate"] = rows["base_learning_rate"] * np.where(rows["schedule"] == "constant", 1, decay)
    spent = rows.groupby([*rows.columns.difference(["epoch", "learning_rate"])])["learning_rate"].cumsum()
    noise = np.random.default_rng(0).lognormal(0, 0.02, len(rows))
    loss = 2.3 * np.exp(-2 * spent * np.where(rows["optimizer"] == "momentum", 10, 1)) * noise
    adam, late = rows["optimizer"] == "adam", rows["epoch"] > epochs // 2
    if runs == "some diverge":
        loss[adam & late & (rows["seed"] < 2)] = np.nan
    if runs == "some reach zero":
        loss[adam & late & (rows["seed"] < 3)] = 0
    accuracy = 0.98 - 0.3 * loss.clip(upper=2.9).fillna(2.9)
    if runs == "two groups":
        accuracy[adam & (rows["seed"] < 3)] = 0.1 + 0.001 * noise[: (adam & (rows["seed"] < 3)).sum()]
    return rows.assign(train_loss=loss, test_accuracy=accuracy)


def matched(rows):
    return figures.matched_figure(rows[rows["schedule"] == "constant"], [(0.01, 0.1), (0.001, 0.01)], SHADED, figures.Panel.of(LOSS))


def sums(rows):
    return figures.sums_figure(
        rows[rows["base_learning_rate"] == 0.01], STYLES, ACCURACY, [("sgd", "momentum"), ("adam",)], {"momentum": 10}
    )


def recovery(rows):
    rows = rows[(rows["base_learning_rate"] == 0.01) & (rows["schedule"] == "constant")]
    jumped = rows.assign(control="jumped", test_accuracy=rows["test_accuracy"] - 0.3 * (rows["epoch"] == 21))
    both = pd.concat([rows.assign(control="undisturbed"), jumped])
    return figures.intervention_figure(
        both, figures.Styles("optimizer", ("control",), STYLES.colors), [*PANELS], middle_of(int(rows["epoch"].max()))
    )


PANELS = figures.Panel.of(ACCURACY), figures.Panel.of(LOSS)


def between(rows):
    lines = every(optimizer=["momentum", "adam"], base_learning_rate=[0.01], seed=rows["seed"].unique(), share=np.linspace(0, 1, 11))
    hill = np.where(lines["optimizer"] == "adam", np.exp(-((lines["share"] - 0.5) ** 2) / 0.02), 0)
    ends = lines[lines["share"] == 1].assign(ends_apart=18.0, from_start=20.5)
    return figures.between_figure(lines.assign(train_loss=0.01 + hill + 0.001 * lines["seed"]), ends, SHADED, LOSS, "SGD at 0.1")


FIGURES = {"matched": matched, "sums": sums, "recovery": recovery, "between": between}
RUNS = [
    "some diverge",
    *(pytest.param(runs, marks=pytest.mark.slow) for runs in ("learn", "some reach zero", "two groups", "one run, one epoch")),
]


@pytest.mark.parametrize("runs", RUNS)
@pytest.mark.parametrize("name", FIGURES)
def test_every_number_of_a_caption_is_drawn_and_the_figure_fits_a_page(name, runs):
    with matplotlib.rc_context(STYLE):
        drawing = FIGURES[name](history(runs))
        png_of(drawing, "A title of so many words that it has to be wrapped, or it would be cut off at both sides", "6 seeds " * 20)
        assert not_drawn(drawing.finding, drawing.figure) == [], drawing.finding
        assert small_texts(drawing.figure) == [] and titles_that_overlap(drawing.figure) == []
        assert drawing.figure.get_figwidth() == 7 and cut_off(drawing.figure) <= 1


def test_momentum_is_near_the_rate_to_which_it_adds_up_and_far_from_its_own():
    rows = history()
    found = [float(number) for number in re.findall(r"([\d.]+)(?: decades)? from SGD", matched(rows).finding)]
    runs = rows[rows["schedule"] == "constant"].groupby(["optimizer", "base_learning_rate"])["train_loss"]
    losses = {arm: np.log10(values.to_numpy().reshape(5, 40)) for arm, values in runs}  # (seeds, epochs)
    others = ("sgd", 0.1), ("sgd", 0.01)
    wanted = [np.median(np.abs(losses["momentum", 0.01] - losses[other]), axis=1).mean() for other in others]
    np.testing.assert_allclose(found[:2], wanted, rtol=0.06)
    assert found[0] < 0.02 < 0.5 < found[1]


def test_a_run_that_diverged_is_infinitely_far():
    assert decades_apart([[1.0, np.nan, np.nan]], [[1.0, 1.0, 1.0]]) == np.inf


def test_decay_ends_where_the_constant_rate_is_at_the_same_sum_of_rates():
    drawing = sums(history())
    decay, then, last = map(
        float, re.search(r"SGD: decay ends at ([\d.]+) %.* is at ([\d.]+) %, and ends at ([\d.]+) %", drawing.finding).groups()
    )
    assert decay == pytest.approx(then, abs=1.5) and last > then + 1
    (cross,) = [line for line in drawing.figure.axes[1].lines if line.get_marker() == "x"]
    assert cross.get_xdata()[0] == pytest.approx(0.01 * (1 - 0.95**40) / 0.05, abs=0.005)


def test_a_jump_is_told_by_the_accuracy_before_at_its_lowest_and_at_the_end():
    rows = history()
    told = re.search(r"SGD, jumped ([\d.]+) %, ([\d.]+) %, ([\d.]+) %", recovery(rows).finding).groups()
    sgd = (
        rows.query("optimizer == 'sgd' and base_learning_rate == 0.01 and schedule == 'constant'").groupby("epoch")["test_accuracy"].mean()
    )
    np.testing.assert_allclose(list(map(float, told)), 100 * np.array([sgd[20], sgd[21] - 0.3, sgd[40]]), atol=0.06)


def test_a_line_rises_between_its_ends_or_does_not():
    finding = between(history()).finding
    assert "nowhere rises above both; Adam" in finding and finding.endswith("rises to 1.0 between.")


class Results:
    """As much of `DatasetResults` as is asked for what to draw."""

    arm_columns = ("optimizer", "base_learning_rate", "schedule")

    def __init__(self, **tables):
        self.tables, self.measures = tables, {"test_accuracy": ACCURACY, "train_loss": LOSS}

    def on_control_seeds(self):
        return self

    def panel(self, name):
        return figures.Panel.of(self.measures[name])

    def figure(self, function, kind, *content, title, **_):
        return SimpleNamespace(kind=kind, draw=lambda: function(*content), content=content)


def planned(results):
    return controls.planned(results, SHADED, 0.01, 10.0, "SGD at 0.1")


def test_what_the_tables_lack_is_not_drawn():
    few = history(optimizer=["adam"], base_learning_rate=[0.01], schedule=["constant"])
    assert planned(Results(history=few)) == []
    assert [figure.kind for figure in planned(Results(history=history()))] == ["matched_rate", "sum_of_rates"]


def test_matched_rates_are_shown_over_all_seeds_that_their_arms_have():
    plain = history()
    jumped = plain.query("optimizer == 'sgd' and seed < 3").assign(control="jump=1000")
    lacking = {"history": plain.query("optimizer != 'sgd'"), "control_history": jumped.assign(control="none")}
    for tables, seeds in (({"history": plain, "control_history": jumped}, {*range(5)}), (lacking, {0, 1, 2})):
        rows = planned(Results(**tables))[0].content[0]
        assert all(set(of_arm) == seeds for _, of_arm in rows.groupby("optimizer")["seed"])


def test_an_intervention_stands_beside_the_same_arms_without_it_alone():
    plain = history()
    jumped = plain.query("optimizer != 'momentum' and base_learning_rate == 0.01 and schedule == 'constant'").assign(control="jump=1000")
    (figure,) = [one for one in planned(Results(history=plain, control_history=jumped)) if one.kind == "recovery"]
    finding = figure.draw().finding
    assert (
        all(arm in finding for arm in ("SGD, undisturbed", "SGD, one gradient x 1000", "Adam, undisturbed", "Adam, one gradient x 1000"))
        and "momentum" not in finding
    )
