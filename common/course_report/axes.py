"""The axis that the intervals of claims of one unit share, in the figure of the claims and in their rows on the page."""

from typing import NamedTuple

import numpy as np

from common.course_report.ticks import ticks

UNITS = {"points": "points", "share": "%", "ratio": "ratio", "times": "times", "epochs": "epochs", "decades": "decades"}
LARGEST_RATIO = 1e3  # that an axis shows; beyond it an arrow
MOST_TICKS = 6  # on a row of the page


class Axis(NamedTuple):
    """An axis of intervals.

    Attributes:
        unit: its name.
        low, high: its ends.
        log: whether it is logarithmic.
        nothing: where there is no effect; None of levels.
        times: of the numbers in `claims.csv` those on the axis.
    """

    unit: str
    low: float
    high: float
    log: bool
    nothing: float | None
    times: float

    @classmethod
    def of(cls, unit, decided, measures):
        """The axis of the tested `Verdict`s of one unit.

        Args:
            unit: its name, or that of a measure, see `by_unit`.
            decided: the `Verdict`s, list.
            measures: `{column: Measure}`.
        """
        log = unit in ("ratio", "times") or (unit not in UNITS and measures[decided[0].decides.measure].scale == "log")
        times = 100 if unit in ("share", "points") else 1
        nothing = next((times * one.nothing for one in decided if one.nothing is not None), None)
        numbers = np.array([_numbers(one) for one in decided])
        low, high = _range(np.where(_all_possible(numbers, unit), np.nan, times * numbers), nothing, log)
        return cls(UNITS.get(unit, unit), low, high, log, nothing, times)

    def numbers(self, one):
        """The estimate of a `Verdict`, the ends of its interval, its margin and the least that counts, `(5,)`."""
        return self.times * np.array(_numbers(one))

    def place(self, value):
        """The place of a value from 0 to 1 on the axis, at most at its ends."""
        low, high, value = np.log([self.low, self.high, max(value, self.low)]) if self.log else (self.low, self.high, value)
        return float((np.clip(value, low, high) - low) / (high - low))

    def ticks(self):
        """The values that a row of the page names, list of float."""
        return ticks(self.low, self.high, self.log, MOST_TICKS)


def by_unit(decided, measures):
    """`{unit, or the measure's name where it has none: Verdicts}` of the `Verdict`s that are tested."""
    groups = {}
    for one in decided:
        if one.tested:
            unit = one.unit(measures)
            groups.setdefault(unit if unit in UNITS else measures[one.decides.measure].label, []).append(one)
    return groups


def _numbers(one):
    return [one.estimate, one.ci_low, one.ci_high, one.needs, one.decides.counts_from(one.dataset)]


def _all_possible(numbers, unit):
    """The ends of intervals that reach as far as values can: they have an arrow, or would take the axis for themselves."""
    ends = np.zeros(numbers.shape, bool)
    if unit == "points":
        ends[:, 1:3] = np.abs(numbers[:, 1:3]) >= 1
    elif unit == "share":
        ends[:, 1:3] = ((numbers[:, 1] <= 0) & (numbers[:, 2] >= 1))[:, None]
    return ends


def _range(numbers, nothing, log):
    """The ends of an axis: what is finite, and no effect, with some room."""
    known = np.append(numbers[np.isfinite(numbers)], [] if nothing is None else [nothing])
    if log:
        known = np.log10(np.clip(known[known > 0], 1 / LARGEST_RATIO, LARGEST_RATIO))
    room = 0.06 * (np.ptp(known) or 1.0)
    ends = known.min() - room, known.max() + room
    return tuple(float(10**end if log else end) for end in ends)
