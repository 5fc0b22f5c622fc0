"""The columns of the result tables that people read: which measure, under which heading, in which form."""

import math
import textwrap
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column of the table on screen and on the page.

    Attributes:
        header: its heading.
        measure: the measure of `table.csv` that it shows, the mean over seeds.
        form: `"percent"`, `"percent interval"` (with the 95 % interval), `"epochs"` or `"short"` (two digits).
        legend: what it is, in a few words; nothing if the heading says it.
    """

    header: str
    measure: str
    form: str
    legend: str = ""

    def text(self, row):
        """The cell's text, from its row of `table.csv` as a dict."""
        mean = row[f"{self.measure}_mean"]
        if self.form == "percent interval":
            mean, low, high = (_number(100 * row[f"{self.measure}_{part}"], ".1f") for part in ("mean", "ci_low", "ci_high"))
            return mean if low == "-" else f"{mean} [{low}, {high}]"
        if self.form == "percent":
            return _number(100 * mean, ".1f")
        if self.form == "epochs":
            return _number(mean, ".1f")
        return _number(mean, ".0e" if 0 < abs(mean) < 1e-3 else ".2g")


TEST_ACCURACY = Column("test accuracy %", "final_test_accuracy", "percent interval")
BEST_ACCURACY = Column("best", "best_test_accuracy", "percent", "highest test accuracy of any epoch")
EPOCHS_TO_95 = Column("to 95", "epochs_to_95pct", "epochs", "first epoch with 95 % of the run's best test accuracy")
EPOCHS_TO_TARGET = Column("target", "epochs_to_target", "epochs", "first epoch at the dataset's target accuracy, the same for all arms")
TRAIN_LOSS = Column("loss", "min_train_loss", "short", "lowest training loss")
VOLATILITY = Column("volat.", "volatility", "short", "volatility, the standard deviation of the last 10 test losses")
UNITS_OFF = tuple(
    Column(f"off {i}%", f"final_always_off_fraction_hidden_{i}", "percent", f"units of layer {i} that are off for all samples at the end")
    for i in (1, 2)
)
INACTIVE = Column("inact.%", "mean_inactive_fraction", "percent", "(sample, unit) pairs with output <= 0, mean over layers and epochs")
BACK = Column("back%", "revived_fraction", "percent", "hidden units that were off and came back")
GRADIENT = Column("|grad|", "final_grad_mean_abs", "short", "mean absolute gradient at the end")
COST = Column("cost", "accuracy_cost", "percent", "points of accuracy lost against the activation's first row, seed by seed")


def legend(columns, width=None):
    """Lines of at most `width` letters that explain the columns; one line without `width`."""
    explained = "; ".join(f"{column.header}: {column.legend}" for column in columns if column.legend)
    text = f"Means over seeds [95 % interval]. {explained}."
    return textwrap.wrap(text, width) if width else [text]


def _number(value, form):
    return "-" if math.isnan(value) else format(value, form)
