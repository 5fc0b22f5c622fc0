"""The controls of Experiment A on made-up tables in which each cause is at work, and in which it is not; and what they draw."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import exp_a_loss
from common.course_report import deciding, loss_figures
from common.course_report.control_runs import ControlRuns
from common.course_report.controls import SPOKEN, arms_of
from common.course_report.loss_controls import CONTROLS
from common.course_report.runs import Runs
from common.experiment.cell import Cell
from common.experiment.knobs import CONTROL, UNCHANGED, changes, words_of
from common.experiment.measures import registry
from tests.support.frames import every

EXPERIMENT = exp_a_loss.EXPERIMENT
BASE = {"loss": "cross_entropy", "base_learning_rate": 0.001, "init": "pytorch", "batch_size": 64, "batch_norm": False, "dropout": 0.0}
MEASURES = registry(EXPERIMENT)
SEEDS, EPOCHS = 10, 30
FAR = {"log": 1.0, "share": 0.1}  # from a margin, by the scale of the measure
CASES = [pytest.param(control, part, id=f"{control.id}-{part}") for control in CONTROLS for part in (None, *range(len(control.parts)))]


def place(control, failing):
    """Values of the control's measures, `{measure: {arm's position in arms_of: values by seed}}`, in which its parts hold but for one."""
    random, arms, found = np.random.default_rng(0), arms_of([control]), {}
    for i, part in enumerate(control.parts):
        (measure, of), (than_measure, than) = (part.arms * 2)[:2]
        far = (-1 if i == failing else 1) * part.sign * FAR.get("log" if part.times else MEASURES[measure].kind, 0.3)
        noise = 0.01 * random.standard_normal(SEEDS)
        if len(part.arms) == 1:
            found.setdefault(measure, {})[arms.index(of)] = part.limit * np.exp(far + noise)
            continue
        size = (np.log(part.times) if part.times else part.margin("digits")) + far + noise
        ones, others = found.setdefault(measure, {}), found.setdefault(than_measure, {})
        if arms.index(than) in others:  # by an earlier part
            than_values = others[arms.index(than)]
            ones[arms.index(of)] = than_values * np.exp(size) if part.times else than_values + size
        else:
            of_values = ones.setdefault(arms.index(of), np.full(SEEDS, 0.5))
            others[arms.index(than)] = of_values / np.exp(size) if part.times else of_values - size
    return found


def tables_of(arms, columns):
    """Rows of all arms, `{table: DataFrame}`: the plain ones, and those of controls with their column."""
    found = {}
    for place, arm in enumerate(arms):
        settings = {**BASE, **arm}
        control = words_of(changes(settings, BASE, EXPERIMENT))
        values = {**dict.fromkeys(MEASURES, np.nan), **{name: of[place] for name, of in columns.items() if place in of}}
        rows = every(dataset=["digits"], loss=[settings["loss"]], seed=range(SEEDS)).assign(control=control, **values)
        found.setdefault("summary" if control == UNCHANGED else f"{CONTROL}summary", []).append(rows)
    return {name: pd.concat(of, ignore_index=True) for name, of in found.items()}


@pytest.mark.parametrize(("control", "failing"), CASES)
def test_a_control_speaks_for_its_cause_if_all_its_parts_hold_and_against_it_if_one_fails(control, failing):
    tables = tables_of([*arms_of([control]), {"loss": "unused"}], place(control, failing))
    tables["summary"] = tables["summary"].drop(columns="control")
    runs = Runs(tables["summary"], ("loss",), MEASURES, EPOCHS, settings=EXPERIMENT.settings)
    runs = ControlRuns.of(runs, {**tables, "history": tables["summary"]}, "digits", BASE)
    found = deciding.decide([control], {"digits": runs})[0]
    assert SPOKEN.get(found.verdict) == ("yes" if failing is None else "no"), found
    assert failing is None or found.part == failing


def test_the_controls_turn_settings_and_knobs_that_the_script_reads():
    known = {setting.name for setting in EXPERIMENT.settings} | exp_a_loss.KNOBS.keys()
    assert {name for arm in arms_of(CONTROLS) for name in arm} <= known
    assert len({control.id for control in CONTROLS} | {claim.id for claim in EXPERIMENT.report.claims}) == len(CONTROLS) + len(
        EXPERIMENT.report.claims
    )


def test_each_question_of_the_experiment_has_a_control_and_no_text_has_a_number_that_was_measured():
    assert {control.question for control in CONTROLS} == {"A1", "A2", "A3", "A4", "Q2"}
    for control in CONTROLS:
        assert all((control.reason, control.cause, control.done, control.speaks_for, control.speaks_against, control.holds, control.fails))
        assert not re.search(r"%|\d[.,]\d", control.holds + control.fails)


def results(with_controls):
    """The results of a dataset, as far as figures need them, and the figures that controls name."""
    figures = dict.fromkeys(figure for control in CONTROLS if (figure := control.figure))
    arms = [{"loss": name} for name in exp_a_loss.LOSSES] + [arm for arm in arms_of(CONTROLS) if set(arm) != {"loss"}] * with_controls
    tables = {}
    for place, arm in enumerate(arms):
        control = words_of(changes({**BASE, **arm}, BASE, EXPERIMENT))
        rows = every(dataset=["digits"], loss=[arm["loss"]], seed=range(3), epoch=[1, 2]).assign(train_accuracy=0.3 + 0.02 * place)
        name = "history" if control == UNCHANGED else f"{CONTROL}history"
        tables.setdefault(name, []).append(rows if control == UNCHANGED else rows.assign(control=control))
    tables = {name: pd.concat(of, ignore_index=True) for name, of in tables.items()}
    tables["by_sample"] = every(
        loss=list(exp_a_loss.LOSSES), seed=range(3), group=["easy", "hard", "right", "wrong"], epoch=[0, 1, 2]
    ).assign(sample_grad_mean=0.5)
    first = Cell(EXPERIMENT.name, "digits", BASE, (0, 1, 2), 2, "")
    found = SimpleNamespace(tables=tables, cells=[first], measures=MEASURES, arm_columns=("loss",), experiment=EXPERIMENT)
    found.on_control_seeds = lambda: found
    found.figure = lambda draw, kind, *content, title: (kind, draw(*content))
    return found, list(figures)


def test_each_figure_that_a_control_names_is_drawn_of_the_arms_that_the_tables_have():
    found, named = results(with_controls=True)
    drawn = dict(loss_figures.plan(found))
    assert set(drawn) == set(named)
    both = pd.concat([found.tables["history"].assign(control=UNCHANGED), found.tables["control_history"]])
    accuracy = both.groupby(["loss", "control"])["train_accuracy"].first()
    panels = drawn["confident_start"].figure.axes
    for ax, loss in zip(panels, ("mse_softmax", "cross_entropy"), strict=True):
        expected = [accuracy[loss, control] for control in (UNCHANGED, "logit_scale=10", "logit_scale=100")]
        assert [line.get_ydata()[-1] for line in ax.lines] == pytest.approx(expected)


def test_without_controls_the_gradients_of_samples_alone_are_drawn():
    found, _ = results(with_controls=False)
    assert [kind for kind, _ in loss_figures.plan(found)] == ["sample_gradients"]
