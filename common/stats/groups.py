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
    n = len(values)
    if n < 5 or not np.isfinite(values).all():
        return None
    ordered = np.sort(values)
    gaps = np.diff(ordered)
    gaps[gaps <= ROUNDING * np.abs(ordered).max()] = 0
    if not gaps.any():
        return None
    at = int(np.argmax(gaps)) + 1
    step = min(resolution, gaps[gaps > 0].min())
    apart = _distance(ordered, at, step)
    if ordered[0] > 0 and scales == "both":
        apart = min(apart, _distance(np.log(ordered), at, step / ordered.mean()))
    least = 12 + 12 / (n - 4) if at in (1, n - 1) else 6 + 8 / (n - 4)
    return values >= ordered[at] if apart > least else None


def _distance(ordered, at, step):
    """The gap before position `at` in standard deviations within the groups on its two sides."""
    within = (at * ordered[:at].var() + (len(ordered) - at) * ordered[at:].var()) / (len(ordered) - 2) + step**2 / 12
    return (ordered[at] - ordered[at - 1]) / np.sqrt(within)
