"""A share of runs, judged: those that have what a run has or has not, such as a loss that diverged."""

import numpy as np

from common.stats.counts import at_least, power
from common.stats.groups import share_interval
from common.stats.judged import Judged


class Proportion(Judged):
    """The share of ones among effects of 0 and 1: the exact binomial test and Clopper & Pearson's interval (1934), of correlated runs with
    a correction, see `at_least`. A test sample that runs share has no part in it.

    Example:

    ```python
    Proportion(np.array([0, 0, 0, 0, 0.0])).interval()  # (0.0, 0.52)
    ```
    """

    method = "exact"

    @property
    def estimate(self):
        return float(np.mean(self.effects))

    def _interval(self, confidence):
        return share_interval(int(self.effects.sum()), self.n, confidence, self.correction)

    def _p_value(self, margin, direction):
        count, null = (self.effects.sum(), margin) if direction > 0 else (self.n - self.effects.sum(), 1 - margin)
        return at_least(count, self.n, self.correction, np.clip(null, 1e-12, 1 - 1e-12))

    def _power(self, n, margin, direction, alpha):
        share = (self.effects.sum() + 0.5) / (self.n + 1)
        null, share = (margin, share) if direction > 0 else (1 - margin, 1 - share)
        return power(n, null, share, alpha, self.correction)
