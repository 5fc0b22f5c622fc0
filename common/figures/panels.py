"""Panels of curves, and the ways to prepare runs for them."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.polynomial.polynomial import polyfit, polyval

from common.experiment.measures import LOG_FLOOR, SMOOTHING_EPOCHS
from common.stats import have_two_groups

KINDS = {"percent": "share", "log": "log"}  # of values that may fall into two groups
FALSE_ALARMS = 0.02  # of the epochs; `two_groups` takes runs of one group for two at up to 1 %, one epoch in a hundred
LEAST_EPOCHS = 3  # or one alarm in 30 epochs would be more than that
CLOSE_UP_EPOCHS = 20


def as_is(runs):
    """All epochs, unchanged."""
    return runs


def smoothed(runs):
    """The moving average of each run, as far as it is finite; `runs` is a DataFrame `(epochs, seeds)`."""
    return runs.rolling(SMOOTHING_EPOCHS, min_periods=1).mean().where(np.isfinite(runs))


def close_up(runs):
    """The last epochs of one run, in percent above or below their trend, an exponential: of the run whose spread there is the median of
    all, so that its swings show, which a mean over runs would level out.

    Args:
        runs: DataFrame `(epochs, seeds)`.

    Returns:
        DataFrame `(last epochs, 1)`; all seeds where none has finite values, or there is one epoch.
    """
    late = runs.iloc[-CLOSE_UP_EPOCHS:]
    finite = late.loc[:, (np.isfinite(late) & (late > 0)).all()]
    if finite.empty or len(finite) < 2:
        return late.where(~np.isfinite(late), 0.0)
    steps, logs = np.arange(len(finite)), np.log(finite)
    late = 100 * np.expm1(logs - polyval(steps, polyfit(steps, logs, 1)).T)
    spread = late.std().sort_values()
    return late[[spread.index[(len(spread) - 1) // 2]]]


class Panel(NamedTuple):
    """One panel of curves.

    Attributes:
        column: name of the column of the table that is drawn.
        label: label of the y axis.
        scale: of the y axis: log, linear or percent. Defaults to log.
        prepare: function from and to a DataFrame `(epochs, seeds)`, applied before drawing. Defaults to `as_is`; with `smoothed`, the curve
            as it is stands behind, faint.
        correction, lowest: of its intervals, see `common.stats.mean_curve`. They default to 0.
    """

    column: str
    label: str
    scale: str = "log"
    prepare: Callable = as_is
    correction: float = 0.0
    lowest: float = 0.0

    @classmethod
    def of(cls, measure, label=None, prepare=as_is):
        """The Panel of a `Measure`; the label defaults to its own, `prepare` to `as_is`. Of a `close_up` the axis is linear."""
        scale = "linear" if prepare is close_up else measure.scale
        return cls(measure.name, label or measure.label, scale, prepare, measure.correction, measure.lowest)


FOUR_CURVES = ("train_loss", "test_loss", "train_accuracy", "test_accuracy")  # names of measures


def apart(runs, panel):
    """Whether the finite runs of an arm have no mean to draw: some are zero on a log axis; or they fall into two groups at the last epoch,
    or at more epochs than those of one group would by chance.

    Args:
        runs: DataFrame `(epochs, seeds)`, as measured.
        panel: the `Panel`.
    """
    if panel.scale not in KINDS:
        return False
    runs = panel.prepare(runs)
    runs = runs.loc[:, np.isfinite(runs).all(axis=0)]
    if panel.scale == "log" and (runs < LOG_FLOOR).any(axis=None):
        return True
    if not runs.size:
        return False
    split = have_two_groups(runs.to_numpy().T, KINDS[panel.scale])
    return bool(split[-1] or (split.mean() > FALSE_ALARMS and split.sum() >= LEAST_EPOCHS))
