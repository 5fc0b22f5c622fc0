"""The words of captions, made from what is drawn."""

import math
from typing import NamedTuple

from common.experiment.formatting import in_unit

MOST_NAMED = 3  # arms in a list; more are nobody's reading


class End(NamedTuple):
    """A drawn value of an arm.

    Attributes:
        label: the arm in words.
        value: the value.
        low, high: its interval. They default to NaN, no interval.
    """

    label: str
    value: float
    low: float = math.nan
    high: float = math.nan


def compared(ends, unit):
    """The highest and the lowest of several values, and whether their intervals tell them apart.

    Args:
        ends: list of `End`; those that are not finite are left out.
        unit: of the values, see `formatting.in_unit`.

    Example:

    ```python
    compared([End("Adam", 0.9, 0.88, 0.92), End("SGD", 0.5, 0.4, 0.6)], "share")  # "highest at 90.0 % (Adam), lowest at 50.0 % (SGD)"
    ```
    """
    ends = sorted((end for end in ends if math.isfinite(end.value)), key=lambda end: end.value)
    if not ends:
        return "unknown: no run has a finite value"
    lowest, highest = ends[0], ends[-1]
    low, high = in_unit(lowest.value, unit), in_unit(highest.value, unit)
    if len(ends) == 1:
        return f"{high} ({highest.label})"
    if low == high:
        return f"{high} everywhere"
    if highest.low <= lowest.high:
        return f"between {low} ({lowest.label}) and {high} ({highest.label}), and the intervals of these two overlap"
    return f"highest at {high} ({_among(highest, ends)}), lowest at {low} ({_among(lowest, ends)})"


def _among(end, ends):
    """The label, and whether the interval holds the values of other arms, so that its rank among these is chance."""
    others = end.low < end.high and any(end.low <= other.value <= end.high for other in ends if other is not end)
    return end.label + (", others within its interval" if others else "")


def named(parts):
    """The first few of several phrases, and whether there are others."""
    return "; ".join(first_of(parts))


def first_of(parts):
    """The first few of several phrases, and "and others" if there are; a list."""
    parts = list(parts)
    return parts[:MOST_NAMED] + ["and others"] * (len(parts) > MOST_NAMED)
