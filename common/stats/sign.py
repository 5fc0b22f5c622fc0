"""A median, by the signs of the effects about it."""

import numpy as np
from scipy.special import betainc, ndtr, ndtri

from common.stats.judged import Judged
from common.stats.means import ROUNDING

# Nodes and weights of a standard normal variable, for expectations over what runs have in common.
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(61)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


class Sign(Judged):
    """The median of effects, of which some may be infinite or NaN, or all equal: the sign test, and the interval of order statistics.

    What is at the margin, or unknown, counts against both directions. The test is exact for any distribution, with p-values that are too
    large rather than too small. With a correction, effects are taken to have the correlation correction / (1 + correction), the one that
    Nadeau & Bengio (2003) assume of splits of one dataset, in a Gaussian copula: given what they have in common, z, their signs are
    independent, with probability Phi(sqrt(correction) z). A test sample's variance is heeded by a second test, of a normal variable, and
    the larger p-value counts.

    Example:

    ```python
    Sign(np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, np.inf])).interval()  # (2.0, 9.0)
    ```
    """

    method = "sign"

    @property
    def estimate(self):
        with np.errstate(invalid="ignore"):
            low, high = (float(np.median(self._with_unknown(value))) for value in (-np.inf, np.inf))
        return low if low == high else float("nan")

    def _interval(self, confidence):
        level, counts = (1 - confidence) / 2, np.arange(self.n + 1)
        too_many = counts[_at_least(counts, self.n, self.correction) <= level + 1e-12]  # so many beyond a margin reject it
        if not len(too_many):
            return -np.inf, np.inf
        low = np.sort(self._with_unknown(-np.inf))[self.n - too_many[0]]
        high = np.sort(self._with_unknown(np.inf))[too_many[0] - 1]
        if not self.test_variance:
            return low, high
        reach = -ndtri(level) * np.sqrt(self.test_variance)
        return np.fmin(low, self.estimate - reach), np.fmax(high, self.estimate + reach)

    def _p_value(self, margin, direction):
        size = np.maximum(abs(margin), np.where(np.isfinite(self.effects), np.abs(self.effects), 0))
        beyond = np.sum(direction * (self.effects - margin) > ROUNDING * size)
        by_sign = _at_least(beyond, self.n, self.correction)
        if not self.test_variance:
            return by_sign
        return np.fmax(by_sign, ndtr(direction * (margin - self.estimate) / np.sqrt(self.test_variance)))

    def _power(self, n, margin, direction, alpha):
        # Half a run each way, so that a share of 0 or 1 among few runs is not taken for certain.
        share = (np.sum(direction * (self.effects - margin) > 0) + 0.5) / (self.n + 1)
        low, high = np.zeros(n.shape), n + 1.0  # of the count that rejects, which is found by bisection
        while (high - low > 1).any():
            middle = np.floor((low + high) / 2)
            rejects = _at_least(middle, n, self.correction) <= alpha
            low, high = np.where(rejects, low, middle), np.where(rejects, middle, high)
        return np.where(high <= n, _at_least(np.minimum(high, n), n, self.correction, share), 0.0)

    def _with_unknown(self, value):
        return np.where(np.isnan(self.effects), value, self.effects)


def _at_least(count, n, correction, share=0.5):
    """The chance that at least `count` of n effects lie beyond a point that a `share` of all do."""
    count, n = np.asarray(count, dtype=np.float64), np.asarray(n, dtype=np.float64)
    least = np.maximum(count, 1)  # of none, the chance is 1
    if not correction:
        return np.where(count > 0, betainc(least, n - least + 1, share), 1.0)
    given = ndtr(ndtri(share) * np.sqrt(1 + correction) + np.sqrt(correction) * NODES)
    chances = betainc(least[..., None], (n - least + 1)[..., None], given)
    return np.where(count > 0, chances @ WEIGHTS, 1.0)
