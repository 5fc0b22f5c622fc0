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


def effect(part, *arms, epochs=EPOCHS, **further):
    """The effect of a part in runs of Sigmoid and ReLU, with these values of its measure, on a dataset of two classes; keyword arguments
    are further columns."""
    keys = every(dataset=["moons"], activation=["sigmoid", "relu"][: len(arms)], seed=range(N))
    measures = {name: measure.on(0.0, 0.5) for name, measure in MEASURES.items()}
    return effect_of(part, Runs(keys.assign(**{part.measure: np.concatenate(arms)}, **further), ("activation",), measures, epochs))


@pytest.mark.parametrize("swapped", [False, True])
def test_a_ratio_of_times_of_which_some_never_came_is_a_bound_tested_in_the_direction_that_it_can_tell(swapped):
    """They count as the epoch after the last in Student's ratio, which the true one exceeds; turned round, it stays below it."""
    late = np.where(np.arange(N) < 3, np.nan, LATE)
    part = Above("epochs_to_target", FAST, SLOW, times=0.2, least=0.1) if swapped else Above("epochs_to_target", SLOW, FAST, times=5.2)
    found, sign = effect(part, late, QUICK), -1 if swapped else 1
    logs = sign * (np.log(np.where(np.isnan(late), EPOCHS + 1, late)) - np.log(QUICK))
    assert found.judged.method == "Student" and not found.statistic.startswith("in most")
    assert found.bound == ("<" if swapped else ">")
    estimate, low, high, _ = found.numbers(0.01)
    interval = np.exp(scipy.stats.t.interval(0.98, N - 1, logs.mean(), scipy.stats.sem(logs)))
    assert estimate == pytest.approx(np.exp(logs.mean()))
    assert (low, high) == (pytest.approx((0, interval[1])) if swapped else (pytest.approx(interval[0]), np.inf))
    margins = [(0.2, "greater"), (0.2, "greater"), (0.2, "less"), (0.1, "less")] if swapped else [(5.2, "greater"), (1, "greater"), 0, 0]
    told = [scipy.stats.ttest_1samp(logs, np.log(m[0]), alternative=m[1]).pvalue if m else 1.0 for m in margins]
    told = [1.0, 1.0, *told[2:]] if swapped else told
    assert found.p_values("moons") == pytest.approx(told)
    assert "never in 3" in found.remark and f"later than epoch {EPOCHS}" in found.remark and "301" not in found.remark
    assert ("at most" if swapped else "at least") in found.remark
    untold = found.seeds_needed("moons", "margin", 1 if swapped else -1, 0.05, 0.8, 100)
    assert untold == (None, False)


def test_where_both_arms_have_runs_that_never_came_no_more_is_told_than_is_known():
    """Of ten pairs two never came in either arm; one is at least 301 to 200, one at most 200 to 301."""
    slow, quick = LATE.copy(), LATE / 5
    slow[:3], quick[:2] = np.nan, np.nan
    quick[2], slow[3], quick[3] = 200, 200, np.nan
    found = effect(Above("epochs_to_target", SLOW, FAST, times=1.1, least=1.05), slow, quick)
    assert found.judged.method == "sign" and found.statistic.startswith("in most") and not found.bound
    beyond = [scipy.stats.binomtest(7, N, alternative="greater").pvalue] * 2  # six pairs of 5 and the one of at least 1.5
    short = [scipy.stats.binomtest(1, N, alternative="greater").pvalue] * 2  # the one of at most 0.66
    assert found.p_values("moons") == pytest.approx(beyond + short)
    _, low, high, _ = found.numbers(scipy.stats.binomtest(8, N, alternative="greater").pvalue * 1.001)
    known = np.sort([0, 0, 0, 301 / 200, *[5.0] * 6])[2], np.sort([200 / 301, *[5.0] * 6, *[np.inf] * 3])[7]
    assert (low, high) == pytest.approx(known)
    never = np.full(N, np.nan)
    nothing_known = effect(Above("epochs_to_target", SLOW, FAST, times=1.1), never, never)
    assert nothing_known.p_values("moons") == [1.0] * 4 and nothing_known.numbers(0.01)[1:3] == (0, np.inf)
    assert nothing_known.seeds_needed("moons", "margin", -1, 0.05, 0.8, 50)[0] is None


def test_ratios_in_two_groups_are_judged_by_most_seeds():
    """Two of ten pairs, which never got there, have an unknown ratio, the others one of about 5."""
    late, quick = np.where(np.arange(N) < 3, np.nan, LATE), np.where(np.arange(N) < 2, np.nan, QUICK)
    found = effect(Above("epochs_to_target", SLOW, FAST, times=1.1), late, quick)
    assert found.judged.method == "sign" and found.statistic.startswith("in most") and "the ratio is at least" not in found.remark
    assert found.p_values("moons")[0] == pytest.approx(scipy.stats.binomtest(8, 10, alternative="greater").pvalue)


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


@pytest.mark.parametrize(("at_chance", "said"), [(4, False), (5, False), (6, True)])
def test_of_a_measure_that_is_no_accuracy_it_is_said_when_most_runs_of_an_arm_learnt_nothing(at_chance, said):
    """Chance is one half; 0.515 is within a twentieth of the way from it to 1, 0.6 is not."""
    ends = np.where(np.arange(2 * N) < at_chance, 0.515, 0.6)
    rise = np.linspace(1, 2, N)
    remark = effect(Above("test_loss_rise", SLOW, FAST, times=1.1), rise, rise + 1, final_test_accuracy=ends).remark
    assert (f"{at_chance} of {N} runs of sigmoid end at chance" in remark) == said and "relu end" not in remark
    gain = effect(Above("best_test_accuracy", SLOW, FAST, by=0.1), rise / 4, rise / 4, final_test_accuracy=ends).remark
    assert "at chance" not in gain  # where the accuracy itself tells it


def test_an_interval_does_not_reach_below_what_is_possible():
    """A fall is never less than none, whatever its spread."""
    falls = np.array([0, 0, 0.01, 0.02, 0.08, 0.2, 0, 0.05, 0.1, 0.01])
    _, low, high, _ = effect(Below("late_fall", FAST, limit=0.1), np.zeros(N), falls).numbers(0.0001)
    assert low == 0 < high
    assert effect(Above("late_fall", SLOW, FAST, by=0.1), falls, falls[::-1]).bounds == (-np.inf, np.inf)


@pytest.mark.parametrize(
    ("measure", "bounds"), [("accuracy_cost", (-np.inf, np.inf)), ("diverged", (-1, 1)), ("best_test_accuracy", (-1, 1))]
)
def test_the_bounds_of_a_difference_are_those_of_its_measures_kind(measure, bounds):
    values = np.arange(N) % 2 / 2 if measure == "accuracy_cost" else np.arange(N) % 2 == 0
    assert effect(Above(measure, SLOW, FAST), values, values).bounds == bounds
