"""Each control of Experiment C on a table in which the cause that it names is at work, and on one in which it is not."""

import numpy as np
import pandas as pd
import pytest

import exp_c_optimizer
from common.course_report import deciding
from common.course_report.control_runs import ControlRuns
from common.course_report.controls import SPOKEN, Apart, arms_of
from common.course_report.runs import Runs
from common.experiment.knobs import words_of
from common.experiment.measures import registry
from tests.support.frames import every

CONTROLS, COLUMNS = exp_c_optimizer.EXPERIMENT.report.controls, ("optimizer", "base_learning_rate", "schedule")
MEASURES, EPOCHS, SEEDS = registry(exp_c_optimizer.EXPERIMENT), 100, 10


class Table:
    """Runs of the arms of a control, with values by which each of its parts holds, or fails."""

    def __init__(self, control, holds):
        self.summary, self.random = {}, np.random.default_rng(0)
        self.history = []
        for part in control.parts:
            (self._curves if isinstance(part, Apart) else self._pair if len(part.arms) == 2 else self._level)(part, holds)

    def runs(self):
        rows = [
            {**dict(key), "seed": seed, **{m: v[seed] for m, v in of.items()}} for key, of in self.summary.items() for seed in range(SEEDS)
        ]
        summary = pd.DataFrame(rows).assign(dataset="digits")
        plain = Runs(summary, COLUMNS, MEASURES, EPOCHS, settings=exp_c_optimizer.EXPERIMENT.settings)
        return ControlRuns(**vars(plain) | {"arm_columns": (*COLUMNS, "control")}, history=self._history(), base={})

    def _history(self):
        return pd.concat(self.history) if self.history else pd.DataFrame()

    def _set(self, arm, measure, values):
        key = {name: arm[name] for name in COLUMNS}
        key["control"] = words_of({name: value for name, value in arm.items() if name not in COLUMNS})
        self.summary.setdefault(tuple(key.items()), {})[measure] = values
        return key

    def _noise(self, size):
        return size * self.random.normal(size=SEEDS)

    def _level(self, part, holds):
        log = MEASURES[part.measure].kind in ("log", "time")
        up = part.sign * (1 if holds else -1)
        self._set(
            part.of, part.measure, part.limit * np.exp(0.3 * up + self._noise(0.01)) if log else part.limit + 0.3 * up + self._noise(0.01)
        )

    def _pair(self, part, holds):
        (measure, of), (than_measure, than) = part.arms
        values = 0.5 + self._noise(0.01)
        self._set(than, than_measure, values)
        if part.times is not None:
            self._set(of, measure, values * np.exp((np.log(part.times) + 0.3 if holds else -0.3) + self._noise(0.01)))
        else:
            self._set(of, measure, values + (part.margin("digits") + 0.1 if holds else -0.1) + self._noise(0.001))

    def _curves(self, part, holds):
        for arm, away in ((part.of, 0.0), (part.than, part.beyond * (3 if holds else 0.1))):
            rows = every(seed=range(SEEDS), epoch=range(1, EPOCHS + 1))
            loss = 10.0 ** (-rows["epoch"] / EPOCHS - away) * np.exp(0.01 * self.random.normal(size=len(rows)))
            self.history.append(rows.assign(**self._set(arm, "final_test_accuracy", 0.5 + self._noise(0.01)), **{part.curve: loss}))


@pytest.mark.parametrize("control", CONTROLS, ids=[control.id for control in CONTROLS])
@pytest.mark.parametrize("holds", [True, False])
def test_a_control_speaks_for_its_cause_where_it_is_at_work_and_against_it_where_it_is_not(control, holds, monkeypatch):
    monkeypatch.setattr(deciding, "MOST_SEEDS", 0)
    found = deciding.decide([control], {control.datasets[0]: Table(control, holds).runs()})[0]
    assert SPOKEN[found.verdict] == ("yes" if holds else "no"), found


def test_every_question_of_the_experiment_that_a_cause_answers_has_a_control():
    assert {control.question for control in CONTROLS} == {"B4", "C1", "C2", "C3", "C4", "C5", "Q2", "Q4", "Q5"}
    assert len({control.id for control in CONTROLS}) == len(CONTROLS)
    assert all(control.id.startswith(control.question) and control.reason for control in CONTROLS)


def test_every_measure_that_a_control_compares_is_declared_and_every_arm_can_be_built():
    assert all(part.measure in MEASURES for control in CONTROLS for part in control.parts)
    for arm in arms_of(CONTROLS):
        assert arm["optimizer"] in {**exp_c_optimizer.OPTIMIZERS, **exp_c_optimizer.CONTROL_OPTIMIZERS}
        assert arm["schedule"] in {*exp_c_optimizer.SCHEDULES, exp_c_optimizer.LATE}
        assert arm.keys() <= {*COLUMNS, "batch_norm", "dropout", "rewound", *exp_c_optimizer.KNOBS}


def test_what_is_measured_between_runs_is_known_to_controls_alone_and_only_of_unchanged_arms():
    keys = {"dataset": ["digits"], "optimizer": ["sgd", "adam"], "base_learning_rate": [0.1], "schedule": ["constant"], "seed": range(4)}
    summary = every(**keys).assign(final_test_accuracy=0.5)
    history = summary.assign(epoch=1, train_loss=1.0)
    jumped = {f"control_{name}": table[:4].assign(control="jump=3") for name, table in (("summary", summary), ("history", history))}
    tables = {"summary": summary, "history": history, **jumped, "control_ends": summary[keys.keys()][4:].assign(barrier=0.25)}
    runs = ControlRuns.of(Runs(summary, COLUMNS, MEASURES, 1), tables, "digits", {})
    barrier = runs.summary.set_index(["optimizer", "control"])["barrier"]
    assert (barrier["adam", "none"] == 0.25).all() and barrier["sgd"].isna().all() and len(barrier) == 12
    without = ControlRuns.of(Runs(summary, COLUMNS, MEASURES, 1), {"summary": summary, "history": history}, "digits", {})
    control = next(control for control in CONTROLS if control.parts[0].measure == "barrier")
    assert deciding.decide([control], {"digits": without})[0].note
