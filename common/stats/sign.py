"""A median, by the signs of the effects about it."""

import numpy as np
from scipy.special import ndtr, ndtri

from common.stats.counts import at_least, power
from common.stats.judged import Judged
from common.stats.means import ROUNDING


class Sign(Judged):
    """The median of effects, of which some may be infinite or NaN, or all equal: the sign test, and the interval of order statistics.

    What is at the margin, or unknown, counts against both directions. The test is exact for any distribution, with p-values that are too
    large rather than too small. With a correction, effects are correlated as in `at_least`. A test sample shifts all effects alike, by a
    normal variable of its variance: then the level is halved, one half for the order statistics and one for the shift, by which each end
    moves outwards (the union bound).

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
        level = (1 - confidence) / 2
        if not self.test_variance:
            return self._of_order(level)
        low, high = self._of_order(level / 2)
        return low - self._shift(level / 2), high + self._shift(level / 2)

    def _of_order(self, level):
        """The two order statistics beyond each of which the median lies with no more than this chance."""
        counts = np.arange(self.n + 1)
        too_many = counts[at_least(counts, self.n, self.correction) <= level + 1e-12]  # so many beyond a margin reject it
        if not len(too_many):
            return -np.inf, np.inf
        return np.sort(self._with_unknown(-np.inf))[self.n - too_many[0]], np.sort(self._with_unknown(np.inf))[too_many[0] - 1]

    def _shift(self, level):
        """The shift that a test sample exceeds with this chance."""
        return -ndtri(level) * np.sqrt(self.test_variance)

    def _p_value(self, margin, direction):
        if self.test_variance:
            return self._p_value_with_shift(margin, direction)
        size = np.maximum(abs(margin), np.where(np.isfinite(self.effects), np.abs(self.effects), 0))
        beyond = np.sum(direction * (self.effects - margin) > ROUNDING * size)
        return at_least(beyond, self.n, self.correction)

    def _p_value_with_shift(self, margin, direction):
        """Twice the least level at which some order statistic, moved by the shift of that level, lies beyond the margin."""
        counts = np.arange(1, self.n + 1)
        ordered = np.sort(direction * self._with_unknown(-direction * np.inf))
        shifted = ndtr((direction * margin - ordered[self.n - counts]) / np.sqrt(self.test_variance))
        return min(1.0, 2 * np.maximum(at_least(counts, self.n, self.correction), shifted).min())

    def _power(self, n, margin, direction, alpha):
        if self.test_variance:
            alpha = alpha / 2
            margin = margin + direction * self._shift(alpha)
        # Half a run each way, so that a share of 0 or 1 among few runs is not taken for certain.
        share = (np.sum(direction * (self.effects - margin) > 0) + 0.5) / (self.n + 1)
        return power(n, 0.5, share, alpha, self.correction)

    def _with_unknown(self, value):
        return np.where(np.isnan(self.effects), value, self.effects)
