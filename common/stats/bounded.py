"""Means of values that have bounds, such as accuracies and epochs.

The interval of such a mean is Student's on another scale, (2 x - 1) / sqrt(x (1 - x)) of the position x between the bounds. There it is
symmetric about the mean, and its half width is Student's times the scale's derivative at the mean, 1 / (2 (x (1 - x))^1.5) (the delta
method). So it never reaches the bounds, reaches further to the middle than to the near bound, and holds the mean of values which that bound
makes skewed where Student's interval does so too seldom; far from the bounds both are the same (docs/statistics.md).

The delta method fails where Student's half width is as large as the distance to the near bound: the other end would run to the far bound.
So an end lies no further from the mean than `REACH` times Student's.
"""

from dataclasses import dataclass

import numpy as np

from common.stats.means import ROUNDING, Interval, mean_interval
from common.stats.student import Student

REACH = 3  # by simulation: with 2, short times are covered too seldom, and 4 adds nothing


def bounded_interval(values, confidence=0.95, correction=0.0, lowest=0.0, highest=1.0):
    """Mean over runs, standard deviation, and the interval of the mean of values with bounds.

    Args:
        values, confidence, correction: as in `mean_interval`; they default to the same.
        lowest, highest: the bounds, moved outwards to the smallest and largest value. They default to 0 and 1.

    Returns:
        An `Interval`; where all runs are equal, the bounds of its interval are NaN: nothing is known of their spread.

    Example:

    ```python
    bounded_interval([0.96, 0.97, 0.95, 0.98, 0.97])  # mean 0.966, sd 0.011, low 0.946, high 0.977
    ```
    """
    mean, sd, low, high = mean_interval(values, confidence, correction)
    lowest, highest = np.minimum(lowest, np.min(values, axis=0)), np.maximum(highest, np.max(values, axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = _ends(mean, (high - low) / 2, lowest, highest - lowest)
    spread = sd > ROUNDING * np.abs(mean)
    return Interval(mean, sd, np.where(spread, low, np.nan), np.where(spread, high, np.nan))


@dataclass(frozen=True, eq=False)
class Bounded(Student):
    """The mean of effects that have bounds.

    Attributes:
        effects, correction, test_variance: as in `Student`; the last two default to 0.
        bounds: `(lowest, highest)`, moved outwards to the smallest and largest effect. Defaults to 0 and 1.

    Example:

    ```python
    Bounded(np.array([0.96, 0.97, 0.95, 0.98, 0.97])).interval()  # (0.946, 0.977)
    ```
    """

    bounds: tuple = (0.0, 1.0)

    method = "bounded"

    def _interval(self, confidence):
        return _ends(self.estimate, self._half_width(confidence), *self._lowest_and_width())

    def _distance(self, margin, error):
        lowest, width = self._lowest_and_width()
        x, at = (self.estimate - lowest) / width, np.clip((margin - lowest) / width, 0, 1)
        with np.errstate(divide="ignore"):
            on_scale = (_scaled(x) - _scaled(at)) / (error / width * _slope(x))
        at_most = super()._distance(margin, error) / REACH
        return np.where(np.abs(on_scale) > np.abs(at_most), on_scale, at_most)

    def _lowest_and_width(self):
        lowest, highest = min(self.bounds[0], self.effects.min()), max(self.bounds[1], self.effects.max())
        return lowest, highest - lowest


def _ends(mean, half, lowest, width):
    """The ends of the interval, given Student's half width."""
    x = (mean - lowest) / width
    low, high = (lowest + width * _position(_scaled(x) + sign * half / width * _slope(x)) for sign in (-1, 1))
    return np.maximum(low, mean - REACH * half), np.minimum(high, mean + REACH * half)


def _scaled(x):
    return (2 * x - 1) / np.sqrt(x * (1 - x))


def _slope(x):
    """The derivative of `_scaled`."""
    return 0.5 / (x * (1 - x)) ** 1.5


def _position(scaled):
    """The inverse of `_scaled`: the square root of the odds of x, u, solves u - 1 / u = scaled."""
    root = (np.abs(scaled) + np.hypot(scaled, 2)) / 2  # the one of the two forms that does not cancel
    odds = np.where(scaled > 0, root, 1 / root) ** 2
    return odds / (1 + odds)
