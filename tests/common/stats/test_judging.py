"""Effects judged: against SciPy, closed forms and simulation; intervals and tests say the same."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from common import stats

SKEWED = np.random.default_rng(2).exponential(1, 12)
ACCURACIES = np.array([0.96, 0.97, 0.95, 0.99, 0.97])
ENDLESS = np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9, np.inf])


@pytest.mark.parametrize("n", [5, 10])
def test_p_values_are_those_of_the_t_test(n):
    a, b = np.random.default_rng(n).normal([[0.8], [0]], 1, (2, n))
    judged = stats.judge(stats.paired_differences(a, b))
    assert (judged.method, judged.n, judged.estimate) == ("Student", n, pytest.approx(a.mean() - b.mean()))
    assert judged.p_above() == pytest.approx(scipy_stats.ttest_rel(a, b, alternative="greater").pvalue)
    assert judged.p_below(0.3) == pytest.approx(scipy_stats.ttest_1samp(a - b, 0.3, alternative="less").pvalue)
    assert judged.interval(0.9) == pytest.approx(tuple(scipy_stats.ttest_rel(a, b).confidence_interval(0.9)))


@pytest.mark.parametrize(
    "judged",
    [
        stats.judge(SKEWED),
        stats.judge(SKEWED, correction=0.25),
        stats.judge(SKEWED, test_variance=0.1),
        stats.judge(ACCURACIES, bounds=(0, 1)),
        stats.judge(ACCURACIES, correction=0.25, bounds=(0, 1)),
        stats.judge([1, 1, 1, 0.999, 0.9993], correction=0.25, bounds=(0, 1)),
    ],
    ids=lambda judged: f"{judged.method} {judged.correction} {judged.test_variance} {judged.n}",
)
def test_a_p_value_is_the_level_at_which_the_interval_leaves_the_margin(judged):
    below, above = judged.interval(0.83)
    assert judged.interval(1 - 2 * judged.p_above(below))[0] == pytest.approx(below, abs=1e-9) and judged.p_above(below) < 0.09
    assert judged.interval(1 - 2 * judged.p_below(above))[1] == pytest.approx(above, abs=1e-9) and judged.p_below(above) < 0.09
    assert judged.p_above(below) + judged.p_below(below) == pytest.approx(1)  # so no more than one is ever rejected


@pytest.mark.parametrize(
    "judged", [stats.judge(ENDLESS), stats.judge(ENDLESS, correction=0.1), stats.Sign(ENDLESS, 0.05, test_variance=0.4)]
)
@pytest.mark.parametrize("level", [0.002, 0.011, 0.03, 0.1])
def test_the_medians_interval_holds_exactly_the_margins_that_its_test_does_not_reject(judged, level):
    low, high = judged.interval(1 - 2 * level)
    for margin in np.arange(-0.55, 10, 0.1):
        assert (margin < low) == (judged.p_above(margin) <= level) and (margin > high) == (judged.p_below(margin) <= level)


def test_a_test_samples_shift_takes_half_of_the_sign_tests_level():
    """By hand: 9 of 10 beyond the lowest but one, with 11 / 1024; the shift of that half of the level moves the end outwards."""
    judged = stats.Sign(ENDLESS, test_variance=0.04)
    low, high = judged.interval(1 - 4 * 11 / 1024)
    shift = 0.2 * scipy_stats.norm.isf(11 / 1024)
    assert (low, high) == pytest.approx((2 - shift, 9 + shift)) and judged.p_above(low) == pytest.approx(2 * 11 / 1024)


@pytest.mark.parametrize(("own", "shift"), [(1.0, 0.3), (1.0, 1.0), (0.3, 1.0)])
def test_the_sign_test_with_a_test_sample_is_wrong_no_more_often_than_it_says(own, shift):
    random = np.random.default_rng(0)
    effects = own * random.normal(0, 1, (1000, 15)) + shift * random.normal(0, 1, (1000, 1))
    p_values = [stats.Sign(row, test_variance=shift**2).p_above() for row in effects]
    assert np.mean(np.array(p_values) <= 0.025) <= 0.025 + 2 * np.sqrt(0.025 * 0.975 / 1000)


def test_where_some_are_infinite_order_statistics_give_the_tightest_interval_that_keeps_its_promise():
    judged = stats.judge(ENDLESS)
    expected = scipy_stats.quantile_test(ENDLESS, q=0, p=0.5).confidence_interval(0.95)
    assert (judged.method, judged.estimate, judged.interval()) == ("sign", 5.5, (2, 9)) and tuple(expected) == (2, 9)
    assert judged.interval(1 - 2 * 11 / 1024 + 1e-6) == (1, np.inf)  # P(at most 1 of 10 coins) = 11 / 1024
    assert stats.judge([1, 2, 3, 4, np.inf]).interval() == (-np.inf, np.inf)  # five coins: 1 / 16 at best


def test_what_is_unknown_or_at_the_margin_counts_against_both_sides():
    judged = stats.judge([1.0] * 8 + [np.inf, np.nan])
    assert judged.p_above() == pytest.approx(scipy_stats.binomtest(9, 10, alternative="greater").pvalue)
    assert judged.p_below(2) == pytest.approx(scipy_stats.binomtest(8, 10, alternative="greater").pvalue)
    assert judged.p_above(1) == judged.p_above(1 - 1e-12) == pytest.approx(scipy_stats.binomtest(1, 10, alternative="greater").pvalue)
    assert np.isnan(stats.judge([1, 3, np.nan]).estimate)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("values", [[0.1] * 8, [0.1] * 7 + [0.1 + 2e-17]], ids=["equal", "equal up to rounding"])
def test_equal_runs_are_coins_that_fell_alike_not_certainty(values):
    judged = stats.judge(values)
    assert judged.method == "sign" and judged.p_above() == judged.p_below(0.2) == pytest.approx(2.0**-8)
    assert judged.interval(0.99) == (pytest.approx(0.1), pytest.approx(0.1)) and judged.interval(0.999) == (-np.inf, np.inf)
    assert stats.judge(values[:5]).interval() == (-np.inf, np.inf)


def test_one_effect_or_none_says_nothing():
    for values in ([], [3.0]):
        judged = stats.judge(values)
        assert (judged.method, judged.interval(), judged.p_above(), judged.p_below(9)) == ("runs", (-np.inf, np.inf), 1, 1)


def test_effects_in_two_groups_are_judged_by_their_median():
    judged = stats.judge([0.5, 0.51, 0.02, 0.49, 0.5, 0.01, 0.52, 0.5])
    assert judged.method == "sign" and judged.estimate == 0.5 and judged.p_above() == 2.0**-8


def test_splits_of_one_dataset_add_their_correction_and_a_test_sample_its_variance():
    n, correction, own = len(SKEWED), 0.25, 0.05
    spread = SKEWED.var(ddof=1)
    low, high = stats.judge(SKEWED, correction).interval()
    assert high - low == pytest.approx(2 * scipy_stats.t.ppf(0.975, n - 1) * np.sqrt((1 / n + correction) * spread))
    error = spread / n + own
    freedom = error**2 / ((spread / n) ** 2 / (n - 1))  # Satterthwaite 1946
    low, high = stats.judge(SKEWED, test_variance=own).interval()
    assert high - low == pytest.approx(2 * scipy_stats.t.ppf(0.975, freedom) * np.sqrt(error))


def test_of_two_runs_on_splits_both_are_beyond_the_margin_as_often_as_correlated_normal_ones():
    """A quarter, and the arcsine of the correlation over 2 pi (Sheppard 1899)."""
    correlation = 0.25 / 1.25
    assert stats.Sign(np.ones(2), correction=0.25).p_above() == pytest.approx(0.25 + np.arcsin(correlation) / (2 * np.pi))


def test_the_test_samples_variance_is_that_of_a_two_way_layout():
    random = np.random.default_rng(0)
    a, b = random.random((2, 4, 200)) < random.random((2, 1, 200))  # images are easy for one arm, hard for the other
    differences = a.astype(float) - b
    rest = differences - differences.mean(0) - differences.mean(1)[:, None] + differences.mean()
    expected = (4 * differences.mean(0).var(ddof=1) - (rest**2).sum() / (3 * 199)) / 4 / 200
    assert stats.test_sample_variance(a, b) == pytest.approx(expected)
    assert stats.test_sample_variance(a[:1], b[:1]) == pytest.approx(differences[0].var(ddof=1) / 200)
    assert stats.test_sample_variance(a, a) == 0


def test_the_test_samples_variance_is_on_average_what_new_samples_show():
    random = np.random.default_rng(1)
    found = []
    for _ in range(400):
        ease = random.normal(0.2, 0.3, (2, 1, 100))  # of images, for each arm: the error of the sample
        a, b = random.random((2, 5, 100)) < 0.5 + ease
        found.append(stats.test_sample_variance(a, b))
    chance = np.clip(0.5 + random.normal(0.2, 0.3, (2, 10**6)), 0, 1)
    assert np.mean(found) == pytest.approx((chance[0] - chance[1]).var() / 100, rel=0.1)


def test_seeds_needed_are_the_fewest_with_the_power():
    """By SciPy's noncentral t; less on the way to what no number of seeds decides."""
    judged = stats.judge([0.02, 0.03, -0.01, 0.04, 0.01])
    n = stats.seeds_needed(judged, margin=0, direction=1, alpha=0.01)
    size = judged.estimate / judged.effects.std(ddof=1)
    powers = [scipy_stats.nct.sf(scipy_stats.t.isf(0.01, m - 1), m - 1, size * np.sqrt(m)) for m in (n - 1, n)]
    assert powers[0] < 0.8 <= powers[1]
    assert stats.seeds_needed(judged, 0.01, 1, 0.01) > n and stats.seeds_needed(judged, 0, -1, 0.01) is None
    assert stats.seeds_needed(stats.judge(judged.effects, correction=0.25), 0, 1, 0.001) is None
    assert stats.seeds_needed(stats.judge(judged.effects, test_variance=1e-4), 0, 1, 0.001) is None


@pytest.mark.parametrize("direction", [1, -1])
def test_seeds_needed_for_the_sign_test_are_those_from_which_on_all_have_the_power(direction):
    judged = stats.judge(direction * np.array([1, 2, 3, 4, 5, -1, np.inf]))
    n = stats.seeds_needed(judged, 0, direction, 0.01)
    m = np.arange(8, 200)
    powers = scipy_stats.binom.sf(scipy_stats.binom.isf(0.01, m, 0.5), m, 6.5 / 8)  # isf: the most that is not yet too many
    assert powers[m == n - 1] < 0.8 <= powers[m >= n].min() and powers[m < n].max() > 0.8  # one tooth of the saw is not enough
    assert stats.seeds_needed(judged, 0, direction, 0.01, most=n - 1) is None
    assert stats.seeds_needed(stats.judge([1.0]), 0, 1, 0.01) is None


def test_values_with_bounds_are_judged_on_their_own_scale():
    """By hand: (2 x - 1) / sqrt(x (1 - x)) of the mean, and Student's half width times the difference quotient of that scale."""

    def scale(x):
        return (2 * x - 1) / np.sqrt(x * (1 - x))

    judged = stats.judge(ACCURACIES, bounds=(0, 1))
    mean, error = ACCURACIES.mean(), scipy_stats.sem(ACCURACIES)
    slope = (scale(mean + 1e-6) - scale(mean - 1e-6)) / 2e-6
    expected = scipy_stats.t.sf((scale(mean) - scale(0.95)) / (slope * error), 4)
    assert judged.method == "bounded" and judged.p_above(0.95) == pytest.approx(expected, rel=1e-6)
    assert (judged.p_above(0), judged.p_below(1), judged.p_above(1)) == (0, 0, 1)  # where it cannot be
