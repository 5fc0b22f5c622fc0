"""Panels of curves, and the ways to prepare runs for them."""

from collections.abc import Callable
from typing import NamedTuple

SMOOTHING_EPOCHS = 5
CLOSE_UP_EPOCHS = 20


def as_is(runs):
    """All epochs, unchanged."""
    return runs


def smoothed(runs):
    """The moving average of each run; `runs` is a DataFrame `(epochs, seeds)`."""
    return runs.rolling(SMOOTHING_EPOCHS, min_periods=1).mean()


def close_up(runs):
    """The last epochs; `runs` is a DataFrame `(epochs, seeds)`."""
    return runs.iloc[-CLOSE_UP_EPOCHS:]


class Panel(NamedTuple):
    """One panel of curves.

    Attributes:
        column: name of the column of the table that is drawn.
        label: label of the y axis.
        scale: of the y axis: log, linear or percent. Defaults to log.
        prepare: function from and to a DataFrame `(epochs, seeds)`, applied before drawing. Defaults to `as_is`.
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
        """The Panel of a `Measure`; the label defaults to its own."""
        return cls(measure.name, label or measure.label, measure.scale, prepare, measure.correction, measure.lowest)


FOUR_CURVES = ("train_loss", "test_loss", "train_accuracy", "test_accuracy")  # names of measures
