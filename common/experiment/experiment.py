"""What an experiment is made of: its protocol, as data and functions."""

from collections.abc import Callable
from dataclasses import dataclass

from common.experiment.curves import COMMON
from common.experiment.report import NO_REPORT, Report


def build_cross_entropy(cell):
    """Cross-entropy of integer labels and logits."""
    import keras

    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def none_of_its_own(*_):
    """What an experiment builds beyond what all build: nothing."""
    return {}


@dataclass(frozen=True)
class Experiment:
    """An experiment's protocol: what varies, and how to build what is trained and draw what came out.

    Attributes:
        name: the script's name, and that of its folder.
        title, question: shown on the page.
        arm_columns: settings that tell the arms apart, columns of all tables; the other settings are the same for all arms.
        default_batch_size: `{dataset: batch size}` of the report; its keys are the datasets of the experiment.
        columns: the Columns of the result table, besides the arm's.
        build_model: `(cell, input_dim, num_classes)` -> a built `keras.Sequential`.
        build_optimizer: `(cell, steps_per_epoch)` -> a Keras optimizer.
        draw: `(results)`, a `common.figures.draw.DatasetResults` -> list of the figures to draw, as its `figure` returns them.
        build_loss: `(cell)` -> a Keras loss.
        build_metrics: `(cell)` -> further Keras metrics, on training and test data; columns `train_<name>`, `test_<name>` of history.csv.
        build_monitors: `(cell, data)` -> `{name: Keras callback}`; what one's `frame()` returns goes to `<name>.csv`, `arrays()` to
            `<name>.npz`.
        curves: the Curves that the page offers for questioning.
        measure: `(tables, keys)` -> DataFrame with one row per run: the columns `keys`, and further measures for summary.csv.
        keep_units: whether the activity of every unit is kept, in units.csv and units.npz.
        report: what a report adds to tables, figures, page and screen; nothing by default.
    """

    name: str
    title: str
    question: str
    arm_columns: tuple
    default_batch_size: dict
    columns: tuple
    build_model: Callable
    build_optimizer: Callable
    draw: Callable
    build_loss: Callable = build_cross_entropy
    build_metrics: Callable = none_of_its_own
    build_monitors: Callable = none_of_its_own
    curves: tuple = COMMON
    measure: Callable | None = None
    keep_units: bool = False
    report: Report = NO_REPORT

    def label(self, cell):
        """How a cell is named on screen."""
        return " ".join(str(value) for value in (cell.dataset, *map(cell.setting, self.arm_columns)))
