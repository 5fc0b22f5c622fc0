"""Runs that fall into two groups, so that their mean is a value that no run has."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import betaincinv

from common.stats.counts import at_least
from common.stats.means import ROUNDING


class Group(NamedTuple):
    """One of two groups of runs.

    Attributes:
        location: the mean of its runs; of a log quantity, the geometric mean.
        low, high: the range of its runs.
        runs: how many it has.
        n: how many there are in all.
        share: runs / n.
        share_low, share_high: the 95 % interval of the share, see `share_interval`.
    """

    location: float
    low: float
    high: float
    runs: int
    n: int
    share: float
    share_low: float
    share_high: float


def share_interval(runs, n, confidence=0.95, correction=0.0):
    """The exact interval of a share (Clopper & Pearson 1934): it holds the truth at least as often as it says, for any share.

    Args:
        runs: how many of n have the property.
        n: how many there are.
        confidence: of the interval. Defaults to 0.95.
        correction: n_test / n_train, where runs differ by random splits of one dataset: they are then correlated as in `at_least`, of which
            the interval is the inverse. Defaults to 0, independent runs.

    Returns:
        `(low, high)`, floats.

    Example:

    ```python
    share_interval(3, 10)  # (0.067, 0.652)
    ```
    """
    level = (1 - confidence) / 2
    if correction:
        low, high = (_least_share(count, n, correction, level) if count else 0.0 for count in (runs, n - runs))
        return low, 1 - high
    low = betaincinv(runs, n - runs + 1, level) if runs else 0.0
    high = betaincinv(runs + 1, n - runs, 1 - level) if runs < n else 1.0
    return float(low), float(high)


def _least_share(count, n, correction, level):
    """The share of which at least `count` of n runs are as rare as the level."""
    return brentq(lambda share: float(at_least(count, n, correction, share)) - level, 1e-12, 1 - 1e-12, xtol=1e-9)


def two_groups(values, resolution=np.inf, scales="both"):
    """The upper of two groups into which runs fall, where they clearly do.

    They are cut at the largest gap between neighbours. They are two groups if it is more than 6 + 8 / (n - 4) standard deviations within
    groups, or 12 + 12 / (n - 4) where a group is a single run: thresholds by simulation, so that of n = 5 to 30 runs of one group (normal,
    lognormal, exponential, and counts of correct test samples) at most 1 % seem to be two. Values that are all positive must be two groups
    on the log scale too, or the long tail of a skewed quantity would seem to be one.

    Args:
        values: array `(runs,)`.
        resolution: the smallest step that values take; a twelfth of its square is added to the variance within groups, so that counts which
            happen to be equal do not seem to have none. Defaults to infinity, which takes the smallest gap between unequal values for it.
        scales: `"both"`, or `"one"`, for values that are logarithms already. Defaults to `"both"`.

    Returns:
        Bool array `(runs,)`, True for those of the upper group; None where the runs are one group, some are not finite, or there are fewer
        than five.

    Example:

    ```python
    two_groups([0.10, 0.61, 0.60, 0.10, 0.59])  # array([False, True, True, False, True])
    ```
    """
    values = np.asarray(values, dtype=np.float64)
    two, lowest = fall_apart(values[:, None], resolution, scales)
    return values >= lowest[0] if two[0] else None


def fall_apart(values, resolution=np.inf, scales="both"):
    """Whether runs fall into two groups, see `two_groups`, in each of many samples.

    Args:
        values: array `(runs, samples)`.
        resolution, scales: as for `two_groups`, with the same defaults.

    Returns:
        `(two, lowest)`, arrays `(samples,)`: bool; and the lowest value of the upper group, where there are two.

    Example:

    ```python
    fall_apart(np.array([[0.10, 0.61, 0.60, 0.10, 0.59], [1, 2, 3, 4, 5]]).T)  # array([True, False]), array([0.59, ...])
    ```
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64), axis=0)
    n, samples = ordered.shape
    if n < 5:
        return np.zeros(samples, bool), np.full(samples, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        gaps = np.diff(ordered, axis=0)
        gaps[~(gaps > ROUNDING * np.abs(ordered).max(axis=0))] = 0
        at = gaps.argmax(axis=0) + 1
        step = np.minimum(resolution, np.where(gaps > 0, gaps, np.inf).min(axis=0))
        apart = _distance(ordered, at, step)
        if scales == "both":
            on_logs = _distance(np.log(ordered), at, step / ordered.mean(axis=0))
            apart = np.where(ordered[0] > 0, np.minimum(apart, on_logs), apart)
    least = np.where((at == 1) | (at == n - 1), 12 + 12 / (n - 4), 6 + 8 / (n - 4))
    two = (apart > least) & gaps.any(axis=0) & np.isfinite(ordered).all(axis=0)
    return two, np.take_along_axis(ordered, at[None], axis=0)[0]


def _distance(ordered, at, step):
    """The gap before position `at` in standard deviations within the groups on its two sides, of each sample."""
    lower, n = np.arange(len(ordered))[:, None] < at, len(ordered)
    within = 0
    for group, runs in ((lower, at), (~lower, n - at)):
        mean = np.where(group, ordered, 0).sum(axis=0) / runs
        within = within + np.where(group, (ordered - mean) ** 2, 0).sum(axis=0)
    above, below = (np.take_along_axis(ordered, place[None], axis=0)[0] for place in (at, at - 1))
    return (above - below) / np.sqrt(within / (n - 2) + step**2 / 12)
