"""The location of some effects, judged: an estimate, its intervals and its tests, which are those of one method."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Judged:
    """A location with intervals and tests that are dual: the interval of confidence 1 - 2 a leaves out exactly the margins that the
    one-sided tests reject at level a. A method is a subclass, with `method`, `estimate`, `_interval`, `_p_value` and `_power`.

    Attributes:
        effects: array `(n,)`.
        correction, test_variance: see `judge`. They default to 0.
        method: a word for it: `"Student"`, the mean; `"sign"`, the median; `"runs"`, nothing can be said beyond the runs themselves.
        estimate: the location, a float; NaN if there is none.

    Example:

    ```python
    judged = judge([0.02, 0.03, 0.01, 0.04, 0.02])
    judged.p_above(0.01)  # 0.026, and judged.interval(1 - 2 * 0.026) begins at 0.01
    ```
    """

    effects: np.ndarray
    correction: float = 0.0
    test_variance: float = 0.0

    @property
    def n(self):
        """The number of effects."""
        return len(self.effects)

    def interval(self, confidence=0.95):
        """The interval of the location.

        Args:
            confidence: the share of repetitions in which it is to hold the true location. Defaults to 0.95.

        Returns:
            `(low, high)`, floats; infinite where the effects allow no bound.
        """
        low, high = self._interval(confidence)
        return float(low), float(high)

    def p_above(self, margin=0.0):
        """One-sided p-value of the hypothesis that the location is no higher than the margin, which defaults to 0."""
        return float(self._p_value(margin, 1))

    def p_below(self, margin=0.0):
        """One-sided p-value of the hypothesis that the location is no lower than the margin, which defaults to 0."""
        return float(self._p_value(margin, -1))

    def power(self, n, margin, direction, alpha):
        """The chance that n effects like these are found beyond the margin.

        Args:
            n: array of numbers of effects.
            margin: in the effects' unit.
            direction: 1 for above the margin, -1 for below.
            alpha: the level of the one-sided test.

        Returns:
            Array of the shape of `n`.
        """
        return self._power(np.asarray(n, dtype=np.float64), margin, direction, alpha)


class Runs(Judged):
    """One effect or none: no interval, no test."""

    method = "runs"

    @property
    def estimate(self):
        return float(self.effects[0]) if self.n else float("nan")

    def _interval(self, confidence):
        return -np.inf, np.inf

    def _p_value(self, margin, direction):
        return 1.0

    def _power(self, n, margin, direction, alpha):
        return np.zeros(n.shape)
