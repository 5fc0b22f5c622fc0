"""Measures: the registry of all that is measured, one record a column of the tables. Monitors declare theirs, see `kerascope.monitors`."""

import math
from typing import NamedTuple

from common.lazy import LazyModule

np = LazyModule("numpy")
LOG_FLOOR = 1e-12  # where values that a log axis cannot show, zero above all, are drawn
SMOOTHING_EPOCHS = 5  # of a moving average
ON_TEST_SAMPLES = "final_test_accuracy"  # the measure of which it is known which test samples made it


class Measure(NamedTuple):
    """A measure, which is a column of a table. The first fields are those of `kerascope.monitors.Quantity`, whose import takes
    TensorFlow: a call that finds all cells done does without.

    Attributes:
        name: of the column.
        label: a few words for axes, legends and sentences.
        unit: `"share"` (a fraction, shown in percent), `"epochs"`, or any other word. Defaults to none.
        scale: of its axis, `"log"`, `"linear"` or `"percent"`, or `"event"` of what a run has or has not. It says also how runs are
            averaged: geometrically on a log scale, between 0 and 1 in percent. Defaults to `"log"`.
        missing: the meaning of NaN: `"infinite"`, a loss or gradient that overflowed; `"unknown"`, a share of a network that is not finite;
            `"never"`, an event that did not occur; `"not measured"`, where there is nothing to measure. Defaults to `"infinite"`.
        heading: its heading in a result table on screen, where there is little room. Defaults to none.
        correction: of its intervals on one dataset, see `common.stats.describe`; set by `on`. Defaults to 0.
        lowest: the lowest value that it can have; `on` sets that of shares. Defaults to minus infinity, which is right on a log scale too.
        title: its heading in a result table on the page. Defaults to none: the label.
    """

    name: str
    label: str
    unit: str = ""
    scale: str = "log"
    missing: str = "infinite"
    heading: str = ""
    correction: float = 0.0
    lowest: float = -math.inf
    title: str = ""

    @property
    def kind(self):
        """The kind of its values, see `common.stats.KINDS`; `"event"` if a run has it or has it not."""
        if self.unit == "epochs":
            return "time"
        return {"percent": "share", "log": "log"}.get(self.scale, self.scale)

    def on(self, correction, chance):
        """The Measure on a dataset.

        Args:
            correction: see `Results.correction`.
            chance: the accuracy of a guess.
        """
        lowest = (chance if "accuracy" in self.name else 0.0) if self.kind == "share" else self.lowest
        return self._replace(correction=correction, lowest=lowest)

    def with_missing(self, values):
        """The values of runs as a float array in which NaN means unknown, or, of a time, never; what is infinite is infinite."""
        values = np.asarray(values, dtype=np.float64)
        return np.where(np.isnan(values), np.inf, values) if self.missing == "infinite" else values


def share(name, label, heading="", missing="unknown", title=""):
    """The `Measure` of a share; `heading` and `title` default to none, `missing` to `"unknown"`."""
    return Measure(name, label, "share", "percent", missing, heading, title=title)


HISTORY = (
    Measure("learning_rate", "learning rate"),
    Measure("train_loss", "training loss"),
    share("train_accuracy", "training accuracy"),
    Measure("test_loss", "test loss"),
    share("test_accuracy", "test accuracy"),
    Measure("train_grad_norm", "gradient norm, mean over minibatches"),
)
COURSE = (
    Measure("final_train_loss", "training loss at the end"),
    Measure("final_test_loss", "test loss at the end"),
    share("early_train_accuracy", "mean training accuracy over the steps of the first 5 epochs"),
    Measure("late_fall", "fall of the training loss after the first fifth of the epochs", "decades", "linear", lowest=0.0),
    Measure("late_gain", "test accuracy gained in the second half of training", "share", "linear"),
    Measure("accuracy_gap", "training accuracy less test accuracy at the end", "share", "linear"),
    Measure("test_loss_rise", "test loss at the end, over its lowest", "times", lowest=1.0),
    Measure("accuracy_falls", "training accuracy lost from one epoch to the next, mean over epochs", "share", "linear", lowest=0.0),
    Measure("loss_rises", "rises of the training loss from epoch to epoch, all together", "decades", "linear", lowest=0.0),
    Measure("early_loss_rises", "rises of the training loss in the first 10 epochs", "decades", "linear", lowest=0.0),
    Measure("smoothed_loss_rises", "rises of the training loss, moving average of 5 epochs", "decades", "linear", lowest=0.0),
    Measure("first_grad_norm_fall", "gradient norm of the first epoch, over that of the tenth", "times", missing="unknown"),
    Measure("later_grad_norm_fall", "gradient norm of the tenth epoch, over that of the last", "times", missing="unknown"),
)
CURVES_APART = Measure("curves_apart", "distance of two curves, the median over epochs", "decades", "linear", lowest=0.0)
TO_95 = "first epoch at 95 % of its best"
SUMMARY = (
    *COURSE,
    share("final_train_accuracy", "final training accuracy"),
    share("final_test_accuracy", "final test accuracy", "test accuracy %"),
    share("best_test_accuracy", "highest test accuracy of any epoch", "best"),
    Measure("min_train_loss", "lowest training loss", heading="loss"),
    Measure("min_test_loss", "lowest test loss"),
    Measure("epochs_to_95pct", "first epoch with 95 % of the run's best test accuracy", "epochs", "linear", "never", "to 95", title=TO_95),
    Measure("epochs_to_target", "first epoch at the target accuracy, the same for all arms", "epochs", "linear", "never", "target"),
    Measure("volatility", "standard deviation of the last 10 test losses", heading="volat."),
    Measure("trend", "slope of the last 10 test losses", "loss per epoch", "linear"),
    Measure("oscillation", "standard deviation of the last 10 test losses about their trend"),
    Measure("relative_oscillation", "oscillation of the late test loss, as a share of it"),
    Measure("idle_fall", "fall of the training loss once test accuracy has settled", "decades", "linear", lowest=0.0),
    Measure("mean_grad_norm", "mean gradient norm"),
    Measure("diverged", "share of runs that diverged", "share", "event"),
)


def registry(experiment, recorded=()):
    """All measures of an experiment's tables.

    Args:
        experiment: the `Experiment`.
        recorded: further Measures, those that the monitors declared. Defaults to none.

    Returns:
        `{name: Measure}`.
    """
    return {measure.name: measure for measure in (*HISTORY, *SUMMARY, CURVES_APART, *recorded, *experiment.measures)}


def left_empty(measures):
    """The columns in which a missing value is an empty field of a CSV file, not `nan`: of these measures, those in which it means that
    there is nothing to tell, and what `table.csv` has of them."""
    names = [measure.name for measure in measures if measure.missing in ("never", "not measured")]
    return {*names, *(f"{name}_{part}" for name in names for part in ("mean", "sd", "ci_low", "ci_high"))}
