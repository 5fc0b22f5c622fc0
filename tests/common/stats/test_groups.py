"""Two groups are seen where there are two."""

import numpy as np
import pytest
from scipy import integrate
from scipy import stats as scipy_stats

from common import stats


@pytest.mark.parametrize(("n", "lower"), [(5, 2), (10, 1), (10, 5), (20, 3)])
@pytest.mark.parametrize(("low", "high", "spread"), [(0.1, 0.6, 0.02), (0.5, 0.85, 0.015)], ids=["Adam at 0.1", "Sigmoid on circles"])
def test_the_upper_group_is_found(low, high, spread, n, lower):
    random, found = np.random.default_rng(n), []
    for _ in range(200):
        upper = random.permutation(n) >= lower
        groups = stats.two_groups(np.where(upper, random.normal(high, spread, n), random.normal(low, 0.003, n)))
        assert groups is None or (groups == upper).all()
        found.append(groups is not None)
    assert np.mean(found) > 0.8, np.mean(found)


def test_few_equal_or_unknown_runs_are_one_group():
    for values in ([0.1, 0.6, 0.61, 0.1], [0.3] * 8, [0.1, 0.1, 0.6, 0.6, np.nan], [0.1, 0.1, 0.6, 0.6, np.inf]):
        assert stats.two_groups(values) is None


def test_counts_that_happen_to_be_equal_are_not_two_groups():
    assert stats.two_groups(np.array([358, 358, 358, 359, 359]) / 360) is None
    assert stats.two_groups(np.array([1, 1, 1, 2, 1]), resolution=1) is None


def test_two_groups_do_not_depend_on_the_unit():
    values = np.random.default_rng(0).lognormal(0, 0.1, 12) * np.where(np.arange(12) < 4, 1, 3)
    for unit in (1e-9, 1, 1e9):
        np.testing.assert_array_equal(stats.two_groups(unit * values), np.arange(12) >= 4)


def test_the_interval_of_a_share_on_splits_inverts_the_tails_of_correlated_runs():
    """By SciPy's quadrature over what all runs have in common."""
    low, high = stats.share_interval(3, 10, correction=0.25)

    def tail(share, count):
        def given(z):
            chance = scipy_stats.norm.cdf(scipy_stats.norm.ppf(share) * np.sqrt(1.25) + 0.5 * z)
            return scipy_stats.norm.pdf(z) * scipy_stats.binom.sf(count - 1, 10, chance)

        return integrate.quad(given, -9, 9)[0]

    assert (tail(low, 3), tail(1 - high, 7)) == pytest.approx((0.025, 0.025), rel=1e-4)
    assert stats.share_interval(0, 10, correction=0.25)[0] == 0 and low < stats.share_interval(3, 10)[0]
    assert stats.share_interval(3, 10, correction=1e-9) == pytest.approx(stats.share_interval(3, 10), rel=1e-4)


@pytest.mark.parametrize("kind", ["share", "log"])
@pytest.mark.parametrize("n", [4, 5, 10])
def test_many_samples_at_once_are_judged_as_each_alone(kind, n):
    random = np.random.default_rng(n)
    values = random.beta(20, 4, (n, 300)) if kind == "share" else random.lognormal(0, 0.7, (n, 300))
    values[: n // 2, ::3] *= 10.0 ** -random.uniform(0, 4, (1, 100))
    values[:, ::7] = np.round(values[:, ::7], 1)
    values[0, 5], values[:, 6] = values[0, 5] / 1e6, values[0, 6]
    alone = [bool(stats.describe(sample, kind).groups) for sample in values.T]
    assert stats.have_two_groups(values, kind).tolist() == alone and any(alone) == (n > 4)
