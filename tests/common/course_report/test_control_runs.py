"""Controls on tables made by hand: which runs they compare, how far two curves lie apart, and what they say of a cause."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

import exp_c_optimizer
from common.course_report import deciding
from common.course_report.claims import Above, AtLeast
from common.course_report.control_runs import ControlRuns
from common.course_report.controls import SPOKEN, Apart, Control
from common.course_report.runs import Runs
from common.experiment.measures import registry
from tests.support.frames import every

COLUMNS, BASE = ("optimizer", "base_learning_rate", "schedule"), {"batch_norm": False}
SGD, MOMENTUM = ({"optimizer": name, "base_learning_rate": 0.01, "schedule": "constant"} for name in ("sgd", "momentum"))
WORDS = ("question", "cause", "done", "speaks_for", "speaks_against", "holds", "fails")
control = partial(Control, datasets=("digits",), least_epochs=2, **dict.fromkeys(WORDS, "x"))
JUMP = control("jump", "a jump costs", (Above("final_test_accuracy", MOMENTUM, {**MOMENTUM, "jump": 3}, by=0.01),))


def made_up(seeds, jumped, distance=0.3, epochs=10):
    """The tables of two arms with some seeds, whose training losses lie so many decades apart, and of one with a jump, which costs two
    points; `jumped` are its seeds."""
    arms = every(dataset=["digits"], optimizer=["sgd", "momentum"], base_learning_rate=[0.01], schedule=["constant"], seed=seeds)
    noise = np.random.default_rng(0).normal(0, 0.001, len(arms))
    tables = {"summary": arms.assign(final_test_accuracy=0.9 + noise)}
    history = arms.merge(pd.DataFrame({"epoch": np.arange(1, epochs + 1)}), how="cross")
    falls = 10.0 ** -np.where(history["optimizer"] == "sgd", 0, distance) / history["epoch"]
    tables["history"] = history.assign(train_loss=falls * np.exp(np.random.default_rng(1).normal(0, 0.01, len(history))))
    if jumped:
        of_jump = tables["summary"].query("optimizer == 'momentum' and seed in @jumped").assign(control="jump=3")
        tables["control_summary"] = of_jump.assign(
            final_test_accuracy=of_jump["final_test_accuracy"] - 0.02 + 0.001 * noise[: len(of_jump)]
        )
        tables["control_history"] = tables["history"].query("optimizer == 'momentum' and seed in @jumped").assign(control="jump=3")
    return tables


def runs_of(tables):
    measures = registry(exp_c_optimizer.EXPERIMENT)
    plain = Runs(tables["summary"], COLUMNS, measures, 10, settings=exp_c_optimizer.EXPERIMENT.settings)
    return ControlRuns.of(plain, tables, "digits", BASE)


def verdict(one, tables):
    return deciding.decide([one], {"digits": runs_of(tables)})[0]


def test_an_arm_is_found_by_its_knobs_and_a_setting_that_is_not_changed_needs_no_name():
    runs = runs_of(made_up(range(4), jumped=[0, 1, 2, 3]))
    assert (runs.of_arm({**MOMENTUM, "jump": 3})[0]["control"] == "jump=3").all()
    assert (runs.of_arm({**MOMENTUM, "batch_norm": False})[0]["control"] == "none").all()
    assert runs.in_words({**MOMENTUM, "jump": 3}, runs.of_arm({**MOMENTUM, "jump": 3})[0]) == "momentum 0.01 constant jump=3"


def test_an_arm_of_controls_that_differs_in_its_own_columns_alone_is_compared_on_its_seeds():
    tables = made_up(range(5), jumped=[0, 2, 4])
    for name in ("control_summary", "control_history"):
        tables[name] = tables[name].assign(control="none", base_learning_rate=0.1)
    apart = Apart("train_loss", SGD, {**MOMENTUM, "base_learning_rate": 0.1}, beyond=0.1)
    found = verdict(control("apart", "the curves lie apart", (apart,)), tables)
    assert (found.verdict, found.n) == ("supported", 3)


def test_each_control_is_decided_by_the_seeds_that_all_its_arms_have():
    tables = made_up(range(6), jumped=[1, 2, 4])
    runs, apart = runs_of(tables), Apart("train_loss", SGD, MOMENTUM, beyond=0.1)
    few, all_seeds = runs.for_claim(JUMP), runs.for_claim(control("apart", "the curves lie apart", (apart,)))
    assert few.of_arm(MOMENTUM)[0]["seed"].tolist() == [1, 2, 4] and few.curve(MOMENTUM, "train_loss").shape == (3, 10)
    assert all_seeds.of_arm(SGD)[0]["seed"].tolist() == [*range(6)] and all_seeds.curve(SGD, "train_loss").shape == (6, 10)
    found = verdict(JUMP, tables)
    costs = tables["summary"].query("optimizer == 'momentum' and seed in [1, 2, 4]")["final_test_accuracy"].to_numpy()
    costs = costs - tables["control_summary"]["final_test_accuracy"].to_numpy()
    assert found.n == 3 and found.estimate == pytest.approx(costs.mean(), abs=1e-5) and SPOKEN[found.verdict] == "yes"


def test_a_measure_between_runs_is_that_of_the_seeds_of_which_it_was_taken_and_one_that_is_missing_among_these_is_told():
    tables = made_up(range(6), jumped=[])
    ends = tables["summary"].query("seed in [0, 2, 3, 5]")[["dataset", *COLUMNS, "seed"]]
    barriers = np.where(ends["optimizer"] == "sgd", np.nan, 0.3 + 0.01 * ends["seed"])
    ridge = control("ridge", "a ridge lies between", (AtLeast("barrier", MOMENTUM, limit=0.1),))
    found = verdict(ridge, tables | {"control_ends": ends.assign(barrier=barriers)})
    assert (found.n, found.verdict) == (4, "supported") and found.estimate == pytest.approx(0.325)
    lost = ends["optimizer"].eq("momentum") & ends["seed"].eq(3)
    found = verdict(ridge, tables | {"control_ends": ends.assign(barrier=np.where(lost, np.nan, barriers))})
    assert found.verdict == "undecided" and "1 of 4 runs" in found.remark
    found = verdict(ridge, tables | {"control_ends": ends.assign(barrier=barriers, dataset="another")})
    assert found.verdict == "not run" and found.note == "needs --controls"


@pytest.mark.parametrize(("distance", "word"), [(0.3, "supported"), (0.01, "contradicted"), (0.1, "undecided")])
def test_curves_lie_apart_by_the_median_of_the_logarithms_of_their_ratio(distance, word):
    apart = control("apart", "the curves differ", (Apart("train_loss", SGD, MOMENTUM, beyond=0.1),))
    tables = made_up(range(5), jumped=[], distance=distance)
    found = verdict(apart, tables)
    curves = [
        tables["history"].query("optimizer == @name").pivot(index="seed", columns="epoch", values="train_loss")
        for name in ("sgd", "momentum")
    ]
    by_seed = np.median(np.abs(np.log10(curves[0].to_numpy() / curves[1].to_numpy())), axis=1)
    assert found.estimate == pytest.approx(by_seed.mean(), rel=1e-12) and found.verdict == word


def test_a_run_that_diverged_lies_far_from_all():
    tables = made_up(range(5), jumped=[])
    tables["history"].loc[tables["history"]["optimizer"] == "sgd", "train_loss"] = np.nan
    apart = control("apart", "the curves differ", (Apart("train_loss", SGD, MOMENTUM, beyond=0.1),))
    assert verdict(apart, tables).estimate == np.inf


def test_a_control_whose_arms_were_not_run_names_the_flag_that_runs_them():
    found = verdict(JUMP, made_up(range(5), jumped=[]))
    assert found.verdict == "not run" and found.flags == {"controls": ["x"]} and found.note == "needs --controls"


def test_fewer_seeds_than_three_decide_no_control():
    assert verdict(JUMP, made_up(range(5), jumped=[0, 1])).verdict == "not run"
    assert verdict(JUMP, made_up(range(5), jumped=[0, 1, 2])).verdict != "not run"
