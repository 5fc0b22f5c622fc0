"""From runs to the effect of a part of a claim: by what it is judged, within which bounds, and what is said of the runs."""

import numpy as np
import pytest
import scipy.stats

import exp_b_activation
from common.course_report.claims import Above, Below
from common.course_report.effects import effect_of
from common.course_report.runs import Runs
from common.experiment.measures import registry
from common.results.units import unit_measures
from tests.support.frames import every

MEASURES = registry(exp_b_activation.EXPERIMENT, unit_measures(["hidden_1"]))
EPOCHS, N = 300, 10
SLOW, FAST = {"activation": "sigmoid"}, {"activation": "relu"}
QUICK = np.array([45, 40, 42, 37, 47, 52, 48, 48, 46, 41.0])
LATE = np.array([216, 286, 213, 264, 220, 248, 251, 226, 239, 230.0])


def effect(part, *arms, epochs=EPOCHS):
    """The effect of a part in runs of Sigmoid and ReLU, with these values of its measure, on a dataset of two classes."""
    keys = every(dataset=["moons"], activation=["sigmoid", "relu"][: len(arms)], seed=range(N))
    measures = {name: measure.on(0.0, 0.5) for name, measure in MEASURES.items()}
    return effect_of(part, Runs(keys.assign(**{part.measure: np.concatenate(arms)}), ("activation",), measures, epochs))


def test_times_that_never_came_count_as_the_epoch_after_the_last_in_students_ratio():
    late = np.where(np.arange(N) < 3, np.nan, LATE)
    found = effect(Above("epochs_to_target", SLOW, FAST, times=1.1), late, QUICK)
    logs = np.log(np.where(np.isnan(late), EPOCHS + 1, late)) - np.log(QUICK)
    assert found.judged.method == "Student" and not found.statistic.startswith("in most")
    assert found.judged.estimate == pytest.approx(logs.mean())
    assert found.judged.p_above(np.log(1.1)) == pytest.approx(scipy.stats.ttest_1samp(logs, np.log(1.1), alternative="greater").pvalue)
    assert "and never in 3" in found.remark and "count as epoch 301" in found.remark and "301.0" not in found.remark
    assert "the ratio is at least this" in found.remark


def test_ratios_in_two_groups_are_judged_by_most_seeds():
    """Two of ten pairs, which never got there, have a ratio of 1, the others one of about 5."""
    late, quick = np.where(np.arange(N) < 3, np.nan, LATE), np.where(np.arange(N) < 2, np.nan, QUICK)
    found = effect(Above("epochs_to_target", SLOW, FAST, times=1.1), late, quick)
    assert found.judged.method == "sign" and found.statistic.startswith("in most") and "the ratio is at least" not in found.remark
    assert found.judged.p_above(np.log(1.1)) == pytest.approx(scipy.stats.binomtest(8, 10, alternative="greater").pvalue)


def test_two_groups_among_the_times_that_came_are_judged_by_most_seeds():
    late = np.where(np.arange(N) < 2, np.nan, np.where(np.arange(N) < 6, LATE / 50, LATE))
    assert effect(Above("epochs_to_target", SLOW, FAST, times=1.1), late, QUICK).judged.method == "sign"


@pytest.mark.parametrize("part", [Above("epochs_to_target", SLOW, FAST, by=1.0), Below("epochs_to_target", SLOW, limit=30)])
def test_of_a_difference_of_times_or_a_single_one_the_mean_is_not_known(part):
    arms = [np.where(np.arange(N) < 3, np.nan, LATE), QUICK][: len(part.arms)]
    assert effect(part, *arms).judged.method == "sign"


@pytest.mark.parametrize("shift", [0.0, -0.02])
def test_a_single_accuracy_has_no_interval_below_chance_unless_its_mean_lies_there(shift):
    values = 0.51 + shift + np.linspace(-0.03, 0.03, N)
    found = effect(Below("best_test_accuracy", SLOW, limit=0.65), values)
    _, low, _, _ = found.numbers(0.0001)
    assert values.min() < 0.5 and low == pytest.approx(min(0.5, values.mean()))


@pytest.mark.parametrize(
    ("measure", "bounds"), [("accuracy_cost", (-np.inf, np.inf)), ("diverged", (-1, 1)), ("best_test_accuracy", (-1, 1))]
)
def test_the_bounds_of_a_difference_are_those_of_its_measures_kind(measure, bounds):
    values = np.arange(N) % 2 / 2 if measure == "accuracy_cost" else np.arange(N) % 2 == 0
    assert effect(Above(measure, SLOW, FAST), values, values).bounds == bounds
