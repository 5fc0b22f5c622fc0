"""Arms described: against SciPy, by kind of quantity."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from common import stats

LOSSES = np.array([0.02, 0.05, 0.03, 0.11, 0.04])


def test_a_log_quantity_has_the_t_interval_of_its_logarithms():
    found, logs = stats.describe(LOSSES, "log"), np.log(LOSSES)
    expected = scipy_stats.t.interval(0.95, 4, logs.mean(), scipy_stats.sem(logs))
    assert found.location == pytest.approx(scipy_stats.gmean(LOSSES)) and found.sd == pytest.approx(LOSSES.std(ddof=1))
    assert (found.low, found.high) == pytest.approx(tuple(np.exp(expected))) and found.method == "log Student"


@pytest.mark.parametrize("correction", [0, 0.25])
def test_a_linear_quantity_has_the_t_interval_and_a_share_far_from_its_bounds_nearly_the_same(correction):
    values = np.array([0.501, 0.502, 0.4995, 0.4985])
    half = scipy_stats.t.ppf(0.975, 3) * values.std(ddof=1) * np.sqrt(1 / 4 + correction)
    for kind, exactness in (("linear", 1e-12), ("share", 1e-3)):
        found = stats.describe(values, kind, correction)
        assert (found.low, found.high) == pytest.approx((values.mean() - half, values.mean() + half), rel=exactness)


def test_nothing_beyond_the_bounds_is_ever_inside_an_interval():
    random = np.random.default_rng(0)
    for _ in range(100):
        accuracies = (0.1 + random.exponential(0.01, 5), random.binomial(50, 0.98, 5) / 50)
        found = [(stats.describe(values, "share", lowest=0.1), 0.1, 1) for values in accuracies]
        found += [(stats.describe(random.integers(1, 4, 5), "time", epochs=3), 1, 3)]
        for arm, lowest, highest in found:
            assert arm.method in ("runs", "groups") or lowest <= arm.low < arm.location < arm.high < highest
    assert stats.describe([0.61, 0.7, 0.8], "share", lowest=0.5).low == 0.5 > stats.describe([0.61, 0.7, 0.8], "share").low
    assert stats.describe([0.1, 0.2, 0.9, 0.3], "linear", lowest=0.0).low == 0 and stats.describe([0.1, 0.2, 0.9, 0.3], "linear").low < 0
    found = stats.describe([-0.1, -0.2, -0.9, -0.3], "linear", lowest=0.0)
    assert found.low == found.location  # the cut never moves an end across the mean


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([1, 1, 1, 1, 0.9993], True),
        ([1, 1, 1, 0.997, 0.9993], False),
        ([0.1, 0.11, 0.14, 0.1, 0.12], True),
        ([0.5, 0.61, 0.54, 0.7, 0.5], False),
    ],
)
def test_runs_at_a_bound_or_near_chance_are_shown_and_judged_by_their_median(values, shown):
    found = stats.describe(values, "share", lowest=0.1)
    assert np.isnan([found.low, found.high]).all() == (found.method == "runs") == shown and found.location == pytest.approx(np.mean(values))
    assert stats.judge(values, bounds=(0, 1), chance=0.1).method == ("sign" if shown else "bounded")
    curve = stats.mean_curve(np.transpose([values, [0.5, 0.6, 0.7, 0.8, 0.9]]), lowest=0.1)
    assert np.isnan(curve).tolist() == [[False, False], [shown, False], [shown, False]]


@pytest.mark.parametrize("correction", [0, 0.25])
@pytest.mark.parametrize("values", [[1, 1, 1, 1, 0.9993], [1, 1, 1, 0.999, 0.9993, 1, 1, 1, 1, 1], [0.0002, 0, 0.0031, 0, 0.0008]])
def test_an_interval_at_a_bound_is_at_most_three_times_as_wide_as_students_and_never_narrow(values, correction):
    *_, low, high = stats.bounded_interval(values, correction=correction)
    *_, from_, to = stats.mean_interval(values, correction=correction)
    assert 0.5 < (high - low) / (to - from_) < 3 and 0 < low < np.mean(values) < high < 1


def test_runs_in_two_groups_are_shares():
    found = stats.describe([0.1, 0.61, 0.6, 0.1, 0.58], "share", lowest=0.1)
    assert found.method == "groups" and np.isnan([found.location, found.low, found.high]).all()
    below, above = found.groups
    assert (below.low, below.high, below.runs, below.n) == (0.1, 0.1, 2, 5) and (above.low, above.high) == (0.58, 0.61)
    expected = scipy_stats.binomtest(3, 5).proportion_ci()
    assert (above.share, above.share_low, above.share_high) == pytest.approx((0.6, expected.low, expected.high))
    assert stats.describe([0.5, 0.85, 0.5, 0.85, 0.5, 0.85], "share").method == "groups"  # without any spread within
    assert stats.describe(10.0 ** np.array([-6, -6.1, -1, -1.2, -5.9, -1.1, -6.2]), "log").groups[1].runs == 3


def test_runs_that_never_got_there_are_a_group_of_their_own():
    found = stats.describe([30, np.nan, 90, 100, 97, np.nan], "time", epochs=100)
    reached, never = found.groups
    assert (reached.low, reached.high, reached.runs) == (30, 100, 4) and (never.location, never.runs) == (101, 2)
    assert stats.describe([np.nan] * 5, "time", epochs=100)[0::4] == (101, "runs")


@pytest.mark.parametrize("runs", range(1, 8))
def test_of_runs_that_do_or_do_not_the_share_has_the_exact_interval(runs):
    found = stats.describe([1.0] * runs + [0.0] * (8 - runs), "share")
    assert (found.location, found.method) == (runs / 8, "exact")
    assert (found.low, found.high) == pytest.approx(tuple(scipy_stats.binomtest(runs, 8).proportion_ci()))


def test_no_run_is_dropped_one_that_diverged_is_infinite():
    found = stats.describe([*LOSSES, np.inf], "log")
    assert found.location == pytest.approx(np.sqrt(0.04 * 0.05))
    assert (found.low, found.high, found.method) == (pytest.approx(0.02), np.inf, "sign")
    found = stats.describe([*LOSSES, *LOSSES, np.nan], "log")  # whatever the unknown one is: P(at most 1 of 11 coins) = 12 / 2048
    assert (found.location, found.low, found.high) == pytest.approx((0.04, 0.02, 0.11))


@pytest.mark.parametrize("values", [[0.3] * 6, [0.3], [0.3, np.nan, np.inf]])
@pytest.mark.parametrize("kind", ["linear", "log", "share"])
def test_without_spread_or_enough_runs_the_runs_are_shown(values, kind):
    found = stats.describe(values, kind)
    assert found.method == "runs" and np.isnan([found.low, found.high]).all() and not found.groups


def test_a_kind_that_is_none_is_refused():
    with pytest.raises(ValueError, match="linear, log, share, time"):
        stats.describe([1.0], "percent")
    with pytest.raises(ValueError, match="epochs"):
        stats.describe([1.0], "time")


def test_a_curve_of_shares_ends_in_the_arms_own_interval():
    runs = np.array([[0.1, 0.93, 0.96], [0.1, 0.95, 0.97], [0.1, 0.99, 0.99]])
    mean, low, high = stats.mean_curve(runs, lowest=0.1)
    found = stats.describe(runs[:, -1], "share", lowest=0.1)
    assert (mean[-1], low[-1], high[-1]) == pytest.approx((found.location, found.low, found.high))
    assert np.isnan([low[0], high[0]]).all() and (low[1:] > 0.1).all() and (high[1:] < 1).all()


def test_a_time_that_was_not_reached_is_later_than_all_that_were():
    np.testing.assert_array_equal(stats.censored_times([3, np.nan, 10], 10), [3, 11, 10])
    with np.errstate(all="raise"):
        assert np.isnan(stats.paired_differences([np.inf, np.nan], [np.inf, 1])).all()
