"""Settings: all that a flag can vary. Any of them becomes an arm by having several values."""

from collections.abc import Callable
from dataclasses import dataclass

from common.cli import types


@dataclass(frozen=True)
class Setting:
    """A setting of a cell, with the flag that sets it.

    Attributes:
        name: in tables and in `cell.json`; `cell[name]` is its value.
        flag: of the command line, without the dashes; it takes several values.
        default: the values without the flag; none stands for the attribute of that name of the `Dataset`.
        help: for --help.
        type: the argument type; `bool` makes the flag a switch without values. Defaults to text.
        choices: the values that it takes. Defaults to all.
        beside: values that are trained beside those that the flag names, for comparison. Defaults to none.
        aliases: pairs `(word, value)`, other words for values. Defaults to none.
        always_an_arm: whether it tells arms apart even where it has one value. Defaults to False.

    Example:

    ```python
    SCHEDULE = Setting("schedule", "schedules", ("constant", "exponential"), "learning rate schedules", choices=("constant", "exponential"))
    ```
    """

    name: str
    flag: str
    default: tuple
    help: str
    type: Callable = str
    choices: tuple | None = None
    beside: tuple = ()
    aliases: tuple = ()
    always_an_arm: bool = False

    def values(self, given):
        """All values that are trained where the flag gave these, a tuple."""
        return tuple(dict.fromkeys((*self.beside, *given)))


def choice(name, flag, builders, help, **more):
    """The Setting that chooses among builders, always an arm.

    Args:
        name, flag, help: see `Setting`.
        builders: the names, such as the keys of `{name: function}`; all by default.
        **more: further fields.
    """
    return Setting(name, flag, tuple(builders), help, choices=tuple(builders), **{"always_an_arm": True, **more})


def learning_rate(*default, **more):
    """The Setting of --lr, `base_learning_rate`: the learning rate with which a training begins."""
    return Setting("base_learning_rate", "lr", default, "learning rate at the beginning", types.positive_number, **more)


INIT = Setting(
    "init",
    "init",
    ("pytorch",),
    "initial weights and biases",
    choices=("pytorch", "glorot", "he"),
    aliases=(("report", "pytorch"),),  # the report's, whose networks were PyTorch's
)
BATCH_SIZE = Setting("batch_size", "batch-size", (), "samples in a step", types.whole_number(1, 2**31 - 1))
BATCH_NORM = Setting(
    "batch_norm", "batch-norm", (False,), "train with batch normalisation too, beside the same without", bool, beside=(False,)
)
DROPOUT = Setting("dropout", "dropout", (0.0,), "train with dropout at that rate too, beside the same without", types.share, beside=(0.0,))
COMMON = (INIT, BATCH_SIZE, BATCH_NORM, DROPOUT)
