"""Which curves the page offers for questioning, as data. Imports nothing heavy, for the scripts begin with it."""

from typing import NamedTuple

LOG_FLOOR = 1e-12  # where values that a log axis cannot show, zero above all, are drawn


class Curve(NamedTuple):
    """A quantity over epochs.

    Attributes:
        column: of the table.
        label: what it is called.
        scale: of its axis: log, linear or percent.
        table: history, layers (then there is a curve for each layer), or one of the experiment's own with a row per run and epoch.
    """

    column: str
    label: str
    scale: str = "log"
    table: str = "history"


COMMON = (
    Curve("test_accuracy", "test accuracy", "percent"),
    Curve("train_accuracy", "training accuracy", "percent"),
    Curve("test_loss", "test loss"),
    Curve("train_loss", "training loss"),
    Curve("train_grad_norm", "gradient norm, mean over minibatches"),
    Curve("grad_norm", "gradient norm on the probe", table="layers"),
)
