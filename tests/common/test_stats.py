"""Intervals and tests: against SciPy and enumeration, and in simulated experiments whose truth is known."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from common import stats

# What is measured: differences of arms, say, around 0; of final losses, skewed; of accuracies near their upper end, counts of 360.
DRAWS = {
    "normal": (lambda random, shape: random.normal(1, 2, shape), 1.0),
    "skewed": (lambda random, shape: random.lognormal(0, 0.75, shape), np.exp(0.75**2 / 2)),
    "bounded": (lambda random, shape: random.binomial(360, random.beta(98, 2, shape)) / 360, 0.98),
}
# Of 2,000 experiments (300 for the bootstrap) so many intervals must hold the truth: what they promise where values are normal, less where
# they are skewed, for few runs cannot show the long tail.
LEAST = {"normal": (0.935, 0.935, 0.91), "bounded": (0.87, 0.91, 0.90), "skewed": (0.83, 0.86, 0.88)}


@pytest.mark.parametrize("n", [5, 10, 30])
@pytest.mark.parametrize("kind", DRAWS)
def test_nominal_95_percent_intervals_cover_the_truth(kind, n):
    draw, truth = DRAWS[kind]
    experiments = draw(np.random.default_rng(n), (300 if n >= stats.STUDENT_BELOW else 2000, n))
    assert {stats.method_for(values) for values in experiments} == {"BCa" if n >= stats.STUDENT_BELOW else "Student"}
    intervals = np.array([stats.location_interval(values) for values in experiments])
    covered = ((intervals[:, 0] <= truth) & (truth <= intervals[:, 1])).mean()
    assert LEAST[kind][(5, 10, 30).index(n)] <= covered <= 0.98, covered


@pytest.mark.slow
@pytest.mark.parametrize("n", [6, 10, 30])
def test_the_interval_for_values_of_which_some_are_infinite_or_unknown_covers_their_median(n):
    values = np.random.default_rng(n).lognormal(0, 1, (2000, n))
    values[values > 4] = np.inf
    low, high = np.transpose([stats.location_interval(np.r_[run[:-1], np.nan]) for run in values])
    assert ((low <= 1) & (high >= 1)).mean() >= 0.95  # an unknown value never makes it narrower


def test_order_statistics_give_the_tightest_interval_that_keeps_its_promise():
    values = [1.0, 2, 3, 4, 5, 6, 7, 8, 9, np.inf]
    assert stats.location_interval(values) == (2, 9)  # P(at most 1 of 10 coins) = 11 / 1024, twice that is below 0.05; of 2, 56 / 1024, not
    assert stats.location_interval(values, 1 - 2 * 11 / 1024 + 1e-9) == (1, np.inf)
    assert stats.location_interval([1, 2, 3, 4, np.inf]) == (-np.inf, np.inf)  # five coins: 1 / 16 at best
    assert stats.location([1, 2, np.inf]) == 2


@pytest.mark.parametrize("n", [5, 10])
def test_p_values_are_those_of_the_t_test(n):
    a, b = np.random.default_rng(n).normal([[0.8], [0]], 1, (2, n))
    differences = stats.paired_differences(a, b)
    assert stats.p_above(differences) == pytest.approx(scipy_stats.ttest_rel(a, b, alternative="greater").pvalue)
    assert stats.p_below(differences, 0.3) == pytest.approx(scipy_stats.ttest_1samp(differences, 0.3, alternative="less").pvalue)


def test_without_a_finite_value_the_sign_test_decides_and_what_is_unknown_counts_against_both_sides():
    values = np.array([1.0] * 8 + [np.inf, np.nan])
    assert stats.p_above(values) == pytest.approx(scipy_stats.binomtest(9, 10, alternative="greater").pvalue)
    assert stats.p_below(values, 2) == pytest.approx(scipy_stats.binomtest(8, 10, alternative="greater").pvalue)


@pytest.mark.parametrize("n", [10, 30])
def test_a_p_value_is_the_level_at_which_the_interval_leaves_the_margin(n):
    values = np.random.default_rng(2).exponential(1, n)
    below, above = (values.mean() + sign * 1.3 * values.std() / np.sqrt(n) for sign in (-1, 1))
    assert stats.location_interval(values, 1 - 2 * stats.p_above(values, below))[0] == pytest.approx(below, abs=0.01)
    assert stats.location_interval(values, 1 - 2 * stats.p_below(values, above))[1] == pytest.approx(above, abs=0.01)


def test_values_without_spread_are_certain_and_one_value_says_nothing():
    assert stats.location_interval([0.1] * 30) == (pytest.approx(0.1), pytest.approx(0.1)) and stats.p_below([0.1] * 30, 0.15) == 0
    assert stats.p_above([0.1] * 5, 0.1) == 1 and stats.p_above([3.0]) == 1


@pytest.mark.filterwarnings("error")
def test_values_that_are_equal_up_to_rounding_are_as_good_as_certain_without_a_warning():
    assert stats.p_above([0.5] * 4 + [0.5 + 2e-16], 0.4) < 1e-12 and stats.p_below([0.5] * 4 + [0.5 + 2e-16], 0.4) == 1


def test_the_bootstrap_is_scipys_and_the_same_each_time():
    values = np.random.default_rng(0).exponential(1, 25)
    low, high = stats.location_interval(values)
    expected = scipy_stats.bootstrap((values,), np.mean, n_resamples=99999, method="BCa").confidence_interval
    assert (low, high) == pytest.approx(tuple(expected), rel=0.03) and stats.location_interval(values) == (low, high)


def test_holm_by_hand():
    """0.01 x 4, 0.02 x 3, 0.03 x 2, 0.5 x 1, none smaller than the one before; the second is the first that is not below 0.05."""
    adjusted, levels = stats.holm([0.03, 0.01, 0.5, 0.02])
    np.testing.assert_allclose(adjusted, [0.06, 0.04, 0.5, 0.06])
    np.testing.assert_allclose(levels, [0.05 / 3, 0.05 / 4, 0.05 / 3, 0.05 / 3])
    assert [len(part) for part in stats.holm([])] == [0, 0]


def test_a_time_that_was_not_reached_is_later_than_all_that_were():
    np.testing.assert_array_equal(stats.censored_times([3, np.nan, 10], 10), [3, 11, 10])
    with np.errstate(all="raise"):
        assert np.isnan(stats.paired_differences([np.inf, np.nan], [np.inf, 1])).all()
