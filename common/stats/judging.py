"""Effects judged, each by the method that fits, and the seeds that would decide."""

import numpy as np

from common.stats.bounded import Bounded
from common.stats.edges import at_an_edge
from common.stats.groups import two_groups
from common.stats.judged import Runs
from common.stats.means import ROUNDING
from common.stats.sign import Sign
from common.stats.student import Student


def judge(effects, correction=0.0, test_variance=0.0, bounds=None, chance=None):
    """The location of effects, such as differences seed by seed, with its interval and its tests.

    Args:
        effects: array `(runs,)`: differences, logarithms of ratios, or values. Infinite where a run diverged, NaN where it is unknown; both
            count as whatever makes the interval wider.
        correction: n_test / n_train, where runs differ by random splits of one dataset (Nadeau & Bengio 2003). Defaults to 0: fresh data.
        test_variance: the variance of the estimate that comes from a test sample which all runs share, see `test_sample_variance`. Defaults
            to 0.
        bounds: `(lowest, highest)` of values of one arm, such as `(0, 1)` for accuracies, which near a bound are too skewed for Student's
            t. Defaults to None: differences and logarithms have none.
        chance: of values with bounds, what an arm that learns nothing has. Defaults to None: nothing between the bounds.

    Returns:
        A `Judged`: `Student`, the mean; `Bounded`, the mean of values with bounds; `Sign`, the median, where some are infinite or unknown,
        where all are equal, of which no spread can be known, where they fall into two groups, of which no run has the mean, and where
        values with bounds are `at_an_edge`; `Runs` with fewer than two.

    Example:

    ```python
    judged = judge([0.02, 0.03, 0.01, 0.04, 0.02])
    judged.estimate, judged.interval(), judged.p_above(0.01)  # 0.024, (0.010, 0.038), 0.026
    ```
    """
    effects = np.asarray(effects, dtype=np.float64)
    if len(effects) < 2:
        method = Runs
    elif not np.isfinite(effects).all() or np.ptp(effects) <= ROUNDING * np.abs(effects).max() or two_groups(effects) is not None:
        method = Sign
    elif bounds is None:
        method = Student
    elif not at_an_edge(effects, *bounds, chance):
        return Bounded(effects, correction, test_variance, bounds)
    else:
        method = Sign
    return method(effects, correction, test_variance)


def seeds_needed(judged, margin, direction, alpha, power=0.8, most=1000):
    """The number of seeds that would probably decide, if the truth is what these runs show.

    Args:
        judged: the `Judged` effects of the seeds so far.
        margin: in the effects' unit.
        direction: 1 if the location is to be found above the margin, -1 if below.
        alpha: the level of the one-sided test.
        power: the chance of deciding that is asked for. Defaults to 0.8.
        most: the largest number looked at. Defaults to 1,000.

    Returns:
        The number of all seeds, more than there are, from which on none has less than that power (the sign test's goes up and down with
        every seed); None if none would do, because the location lies on the other side, or because of what
        more seeds cannot change: the samples that splits of one dataset share, and the test sample.

    Example:

    ```python
    seeds_needed(judge([0.02, 0.03, -0.01, 0.04, 0.01]), margin=0, direction=1, alpha=0.01)  # 13
    ```
    """
    n = np.arange(judged.n + 1, most + 1)
    too_few = n[judged.power(n, margin, direction, alpha) < power]
    needed = int(too_few[-1]) + 1 if len(too_few) else judged.n + 1
    return needed if needed <= most else None
