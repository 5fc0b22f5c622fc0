"""Every control of Experiment B on made-up tables: the cause is at work, and, part by part, it is not."""

import numpy as np
import pandas as pd
import pytest

import exp_b_activation
from common.course_report import deciding
from common.course_report.control_runs import ControlRuns
from common.course_report.controls import SPOKEN
from common.course_report.runs import Runs
from common.experiment.knobs import UNCHANGED, words_of
from common.experiment.measures import registry
from tests.support.frames import every
from tests.support.made_up_claims import EPOCHS, SEEDS, START, MadeUp

SCRIPT = exp_b_activation
CONTROLS = SCRIPT.EXPERIMENT.report.controls
BASE = {setting.name: setting.default[0] for setting in SCRIPT.EXPERIMENT.settings if setting.default}
COLUMNS = tuple(setting.name for setting in SCRIPT.EXPERIMENT.settings if setting.always_an_arm)
KNOBS = {"slope", "hidden_layers", "gain", "frozen", "weight_decay", "watched", "rewound", "swapped"}


def key(arm):
    """The columns that tell the runs of an arm."""
    changed = {name: value for name, value in arm.items() if name not in COLUMNS and value != BASE.get(name)}
    return {**{name: arm.get(name, BASE[name]) for name in COLUMNS}, "control": words_of(changed)}


class MadeUpControl(MadeUp):
    """The runs of the arms of one control; `wanted` as for `MadeUp`."""

    def __init__(self, control, dataset, wanted):
        self.random, self.dataset, self.placed = np.random.default_rng(0), dataset, set()
        self.measures, self.claim = registry(SCRIPT.EXPERIMENT), control
        arms = {words_of(key(arm)): key(arm) for part in control.parts for _, arm in part.arms}
        arms |= {words_of(key({})): key({})}  # the first arm of the call, from which all others are told
        self.summary = pd.concat([every(dataset=[dataset], seed=range(SEEDS)).assign(**arm) for arm in arms.values()], ignore_index=True)
        for part in control.parts:
            for measure, _ in part.arms:
                self.summary[measure] = START.get(self.measures[measure].kind, 0.5)
        for part, word in zip(control.parts, wanted, strict=True):
            (self._single if len(part.arms) == 1 else self._pair)(part, word)

    def rows(self, wanted):
        return np.logical_and.reduce([self.summary[column] == value for column, value in key(wanted).items()])

    def verdict(self):
        plain = self.summary["control"] == UNCHANGED
        tables = {"summary": self.summary[plain].drop(columns="control"), "control_summary": self.summary[~plain]}
        tables |= {"history": tables["summary"], "control_history": tables["control_summary"]}
        runs = Runs(tables["summary"], COLUMNS, self.measures, EPOCHS)
        return deciding.decide([self.claim], {self.dataset: ControlRuns.of(runs, tables, self.dataset, BASE)})[0]


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.id)
def test_a_control_speaks_for_its_cause_where_all_its_parts_hold_and_against_it_where_one_fails(control, monkeypatch):
    monkeypatch.setattr(deciding, "MOST_SEEDS", 0)
    words = ["holds"] * len(control.parts)
    assert SPOKEN[MadeUpControl(control, control.datasets[0], words).verdict().verdict] == "yes"
    for i in range(len(control.parts)):
        failing = MadeUpControl(control, control.datasets[0], [*words[:i], "fails", *words[i + 1 :]]).verdict()
        assert (SPOKEN[failing.verdict], failing.part) == ("no", i)


def test_controls_turn_knobs_that_the_script_reads_and_settings_that_it_has():
    turned = {name for control in CONTROLS for part in control.parts for _, arm in part.arms for name in arm}
    assert turned - BASE.keys() - {"batch_size"} == KNOBS
    assert len({control.id for control in CONTROLS}) == len(CONTROLS)
    assert all(control.id.startswith(f"{control.question}-") and control.reason for control in CONTROLS)
    assert {control.question for control in CONTROLS} == {"B1", "B2", "B3", "B4", "Q2", "Q3", "Q4"}


def test_what_a_control_says_of_a_cause_names_no_measured_number_of_a_run():
    """Percentages are measured; they stand in the verdict, which is computed."""
    said = [getattr(control, name) for control in CONTROLS for name in ("holds", "fails", "speaks_for", "speaks_against")]
    assert all(said) and not any("%" in sentence for sentence in said)
