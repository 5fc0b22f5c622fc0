"""The share of runs that have a property: against SciPy's binomial test, and correlated runs against normal variables."""

import numpy as np
import pytest
import scipy.stats

from common import stats
from common.stats.counts import at_least, power

CORRECTION = 0.25  # a correlation of 0.2


def of_runs(count, n, correction=0.0):
    return stats.Proportion(np.arange(n) < count, correction)


@pytest.mark.parametrize("n", [5, 12])
@pytest.mark.parametrize("margin", [0.01, 0.3, 0.5, 0.9])
def test_p_values_and_intervals_are_those_of_the_exact_binomial_test(n, margin):
    for count in range(n + 1):
        judged = of_runs(count, n)
        assert judged.p_above(margin) == pytest.approx(scipy.stats.binomtest(count, n, margin, "greater").pvalue)
        assert judged.p_below(margin) == pytest.approx(scipy.stats.binomtest(count, n, margin, "less").pvalue)
        assert judged.interval(0.9) == pytest.approx(tuple(scipy.stats.binomtest(count, n).proportion_ci(0.9, "exact")))
        assert (judged.estimate, judged.n, judged.method) == (count / n, n, "exact")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("margin", [0.0, 1.0])
def test_at_the_ends_no_share_lies_beyond(margin):
    """Some runs that have it are enough to show that there is more than none."""
    assert of_runs(5, 5).p_below(margin) == pytest.approx(1) and of_runs(0, 5).p_above(margin) == pytest.approx(1)
    assert of_runs(2, 5).p_above(0.0) < 1e-9 and of_runs(2, 5).p_below(1.0) < 1e-9


@pytest.mark.parametrize("correction", [0.0, CORRECTION])
@pytest.mark.parametrize("count", [0, 1, 6, 9, 10])
def test_the_interval_leaves_out_what_the_tests_reject(count, correction):
    judged = of_runs(count, 10, correction)
    for level in (0.001, 0.01, 0.1):
        low, high = judged.interval(1 - 2 * level)
        for margin in np.linspace(0.005, 0.995, 100):
            if min(abs(margin - low), abs(margin - high)) > 1e-6:
                assert (margin < low) == (judged.p_above(margin) <= level) and (margin > high) == (judged.p_below(margin) <= level)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_correlated_runs_have_as_many_as_normal_variables_below_a_quantile(share):
    random, n, draws = np.random.default_rng(0), 8, 200_000
    correlation = CORRECTION / (1 + CORRECTION)
    normal = np.sqrt(correlation) * random.normal(0, 1, (draws, 1)) + np.sqrt(1 - correlation) * random.normal(0, 1, (draws, n))
    counts = (normal < scipy.stats.norm.ppf(share)).sum(axis=1)
    expected = [(counts >= count).mean() for count in range(n + 1)]
    np.testing.assert_allclose(at_least(np.arange(n + 1), n, CORRECTION, share), expected, atol=0.005)


@pytest.mark.parametrize(("null", "share", "alpha"), [(0.5, 0.9, 0.01), (0.1, 0.4, 0.05), (0.5, 0.4, 0.05)])
def test_the_power_is_that_of_the_fewest_that_reject(null, share, alpha):
    n = np.arange(1, 60)
    fewest = [next((c for c in range(m + 1) if scipy.stats.binom.sf(c - 1, m, null) <= alpha), m + 1) for m in n]
    np.testing.assert_allclose(power(n.astype(float), null, share, alpha), scipy.stats.binom.sf(np.array(fewest) - 1, n, share), atol=1e-12)


@pytest.mark.parametrize("direction", [1, -1])
def test_the_seeds_that_are_needed_have_the_power_in_either_direction(direction):
    """Nine of ten have it, or have it not; with half a run more each way, 9.5 of 11 are taken for true."""
    judged = of_runs(9 if direction > 0 else 1, 10)
    needed, share = stats.seeds_needed(judged, 0.5, direction, 0.001), 9.5 / 11
    n = np.arange(11, 200)
    powers = scipy.stats.binom.sf(scipy.stats.binom.isf(0.001, n, 0.5), n, share)
    assert needed == n[powers < 0.8].max() + 1
    assert stats.seeds_needed(judged, 0.5, -direction, 0.001) is None
    assert stats.seeds_needed(of_runs(9, 10, 4.0), 0.5, 1, 0.001) is None  # splits that share nearly all
