"""A single arm, for tables and figures: its location with an interval, by the kind of quantity."""

from typing import NamedTuple

import numpy as np

from common.stats.bounded import bounded_interval
from common.stats.edges import at_an_edge
from common.stats.groups import Group, fall_apart, share_interval, two_groups
from common.stats.means import ROUNDING, mean_interval
from common.stats.sign import Sign
from common.stats.times import censored_times

KINDS = ("linear", "log", "share", "time")
STEPS = {  # of values, which a smallest gap that happens to be larger is not taken for
    "share": 0.02,  # the largest of an accuracy or another share: of 50 samples or units
    "time": 1,
}


class Described(NamedTuple):
    """An arm's runs in a few numbers.

    Attributes:
        location: the mean; of a log quantity, the geometric mean; the median where some runs are not finite; NaN with two groups.
        sd: standard deviation of the runs, in their own unit; NaN where some are not finite, and with one run.
        low, high: the 95 % interval of the location; NaN where there is none.
        method: `"Student"`; `"log Student"`; `"bounded"`, see `bounded_interval`; `"exact"`, Clopper & Pearson's, of runs that either do or
            do not; `"sign"`, order statistics; `"groups"`; `"runs"`, where the runs themselves are to be shown: there is one, all are
            equal, or they are `at_an_edge`.
        groups: two `Group`s, the lower first, where runs fall into two; else empty.
    """

    location: float
    sd: float
    low: float
    high: float
    method: str
    groups: tuple = ()


def describe(values, kind, correction=0.0, lowest=None, highest=1.0, epochs=None):
    """The location of an arm's runs with its 95 % interval.

    Args:
        values: array `(runs,)`; infinite where a run diverged, NaN where it is unknown, or never got there. No run is dropped.
        kind: one of `KINDS`. `"linear"`: the mean, Student's interval. `"log"`, positive quantities: the geometric mean, Student's interval
            of the logarithms. `"share"`: the mean, `bounded_interval` between 0 and 1. `"time"`: the mean, `bounded_interval` between the
            first epoch and the last; where some runs never got there, those that did and those that did not are two groups.
        correction: n_test / n_train, where runs differ by random splits of one dataset. Defaults to 0.
        lowest, highest: what the process cannot lie beyond: the interval ends there, or at the mean, if that lies beyond. Of a share the
            lowest is 0, or chance, for accuracies; of a linear quantity 0 where it is never negative; elsewhere they are not heeded. They
            default to None, which is 0 of a share and no limit of a linear quantity; and to 1, of a share alone.
        epochs: how many were observed, of a time. Defaults to None, and is required there.

    Returns:
        A `Described`. Of a group of runs that never got there, the location is `epochs + 1`.

    Raises:
        ValueError: for an unknown kind, or a time without epochs.

    Example:

    ```python
    describe([0.96, 0.97, 0.95, 0.98, 0.97], "share", lowest=0.1)  # location 0.966, low 0.949, high 0.978
    ```
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}")
    values = np.asarray(values, dtype=np.float64)
    if kind == "time":
        if epochs is None:
            raise ValueError("a time needs the number of epochs that were observed")
        values = censored_times(values, epochs)
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.log(values) if kind == "log" else values
        sd = float(values.std(ddof=1)) if len(values) > 1 else np.nan
    back = np.exp if kind == "log" else float
    if not np.isfinite(scaled).all():
        return _of_median(scaled, back, correction)
    upper = _upper(scaled, kind, epochs)
    if upper is not None:
        groups = (_group(values[of], float(back(scaled[of].mean())), len(values), correction) for of in (~upper, upper))
        return Described(np.nan, sd, np.nan, np.nan, "groups", tuple(groups))
    if len(values) < 2 or np.ptp(values) <= ROUNDING * np.abs(values).max():
        return Described(float(values[0]) if len(values) else np.nan, sd, np.nan, np.nan, "runs")
    return Described(float(back(scaled.mean())), sd, *_interval(values, kind, correction, (lowest, highest), epochs))


def have_two_groups(values, kind):
    """Whether runs fall into two groups, as `describe` has it, in each of many samples.

    Args:
        values: array `(runs, samples)`, finite; positive of the kind `"log"`.
        kind: `"log"` or `"share"`.

    Returns:
        Bool array `(samples,)`.
    """
    values = np.asarray(values, dtype=np.float64)
    if kind == "log":
        with np.errstate(divide="ignore"):
            return fall_apart(np.log(values), scales="one")[0]
    return fall_apart(values, STEPS["share"])[0] & ~np.isin(values, (0, 1)).all(axis=0)


def _upper(scaled, kind, epochs):
    """The upper of two groups, or None."""
    if kind == "time" and (scaled > epochs).any():
        return None if (scaled > epochs).all() else scaled > epochs
    if kind == "share" and np.isin(scaled, (0, 1)).all():
        return None
    return two_groups(scaled, STEPS.get(kind, np.inf), "one" if kind == "log" else "both")


def _interval(values, kind, correction, bounds, epochs):
    """`(low, high, method)` of runs with spread in one group."""
    if kind == "log":
        low, high = np.exp(mean_interval(np.log(values), 0.95, correction)[2:])
        return float(low), float(high), "log Student"
    if kind == "linear":
        mean, _, low, high = map(float, mean_interval(values, 0.95, correction))
        return low if bounds[0] is None else max(low, min(bounds[0], mean)), high, "Student"
    if kind == "share" and np.isin(values, (0, 1)).all():
        return *share_interval(int(values.sum()), len(values), correction=correction), "exact"
    least, most = (1, epochs) if kind == "time" else (0, 1)
    lowest, highest = (least, most) if kind == "time" else (bounds[0] or 0, bounds[1])
    if at_an_edge(values, least, most, lowest):
        return np.nan, np.nan, "runs"
    mean, _, low, high = map(float, bounded_interval(values, 0.95, correction, least, most))
    return max(low, min(lowest, mean)), min(high, max(highest, mean)), "bounded"


def _of_median(scaled, back, correction):
    """The median of runs that are not all finite."""
    judged = Sign(scaled, correction)
    low, high = judged.interval()
    if np.isinf([low, high]).all():
        return Described(float(back(judged.estimate)), np.nan, np.nan, np.nan, "runs")
    return Described(float(back(judged.estimate)), np.nan, float(back(low)), float(back(high)), "sign")


def _group(values, location, n, correction):
    interval = share_interval(len(values), n, correction=correction)
    return Group(location, float(values.min()), float(values.max()), len(values), n, len(values) / n, *interval)
