"""The protocol of an experiment, as data and functions."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from common.experiment.knobs import SPARSE
from common.experiment.measures import registry
from common.experiment.report import NO_REPORT, Report
from common.lazy import LazyModule
from common.seeds import ALL

keras = LazyModule("keras")
CURVES = ("test_accuracy", "train_accuracy", "test_loss", "train_loss", "train_grad_norm", "grad_norm")


def build_cross_entropy(cell):
    """Cross-entropy of integer labels and logits."""
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def none_of_its_own(*_):
    """An experiment's own part of something that all build: nothing."""
    return {}


@dataclass(frozen=True)
class Experiment:
    """The protocol of an experiment: what varies, how to build what is trained, and how to draw what came out.

    Attributes:
        name: the script's name, and that of its folder.
        title, question: shown on its page and on the index.
        description, example: shown by --help: a paragraph, and a command.
        datasets: names of the datasets, keys of `common.data.DATASETS`.
        epochs: default number of epochs.
        settings: the `Setting`s that flags can vary; those that are always an arm come first.
        columns: names of the measures in the result table; the first is shown with its interval.
        build_model: `(cell, input_dim, num_classes)` -> a built `keras.Sequential`.
        build_optimizer: `(cell, steps_per_epoch)` -> a Keras optimizer.
        draw: `(results)`, a `common.figures.draw.DatasetResults` -> list of the figures to draw, as its `figure` returns them.
        build_loss: `(cell)` -> a Keras loss. Defaults to cross-entropy.
        build_metrics: `(cell)` -> further Keras metrics, on training and test data; columns `train_<name>`, `test_<name>` of history.csv.
            Defaults to none.
        build_monitors: `(cell, samples)`, a `Cell` and its `common.data.CellSamples` -> `{name: Keras callback}`; the table of its
            `frame()` is `<name>.csv`, its `arrays()` are `<name>.npz`. Defaults to none.
        build_interventions: likewise the callbacks that intervene in a training, of a cell that a control needs; they act after the
            monitors have measured. Defaults to none.
        build_control_tables: `(trained)`, the `common.results.trained.Trained` of a call with cells that only controls need -> `{name:
            DataFrame}`, further tables, whose names begin with `control_`. Defaults to none.
        measure: `(tables, keys)` -> DataFrame with one row per run: the columns `keys`, and further measures for summary.csv. Defaults
            to none.
        measures: the `Measure`s of the columns that the experiment adds. Defaults to none.
        columns_compared: `columns` of a call in which a further setting is an arm. Defaults to `columns`.
        slowest: names of the settings that change last from cell to cell. Defaults to their order.
        curves: names of the measures, with a row per epoch, that the page's explorer offers.
        keep_units: whether the activity of every unit is kept, in units.csv and units.npz. Defaults to False.
        report: what a report adds to tables, figures, page and screen. Defaults to nothing.
        compared: names of the further settings that have several values in this call. Set by `common.experiment.grid`.

    Raises:
        ValueError: for a column that is no measure, and without a batch size, before anything is trained.
    """

    name: str
    title: str
    question: str
    datasets: tuple
    epochs: int
    settings: tuple
    columns: tuple
    build_model: Callable
    build_optimizer: Callable
    draw: Callable
    description: str = ""
    example: str = ""
    build_loss: Callable = build_cross_entropy
    build_metrics: Callable = none_of_its_own
    build_monitors: Callable = none_of_its_own
    build_interventions: Callable = none_of_its_own
    build_control_tables: Callable = none_of_its_own
    measure: Callable | None = None
    measures: tuple = ()
    columns_compared: tuple = ()
    slowest: tuple = ()
    curves: tuple = CURVES
    keep_units: bool = False
    report: Report = NO_REPORT
    compared: tuple = ()

    def __post_init__(self):
        unknown = {*self.columns, *self.columns_compared} - registry(self).keys()
        if unknown:
            raise ValueError(f"experiment {self.name}: columns that are no measures: {', '.join(sorted(unknown))}")
        if "batch_size" not in [setting.name for setting in self.settings]:
            raise ValueError(f"experiment {self.name}: its settings lack the batch size, which every training has")

    @property
    def arm_columns(self):
        """The settings that tell this call's arms apart, columns of all tables."""
        return tuple(setting.name for setting in self.settings if setting.always_an_arm or setting.name in self.compared)

    @property
    def main_columns(self):
        """Those that tell arms apart in every call."""
        return tuple(setting.name for setting in self.settings if setting.always_an_arm)

    def comparing(self, names):
        """The experiment in a call in which the settings of these names have several values."""
        further = tuple(name for name in names if name not in self.main_columns)
        return replace(self, compared=further, columns=self.columns_compared if further and self.columns_compared else self.columns)

    def label(self, cell):
        """The name of a cell on screen."""
        varied = [] if cell.vary == ALL else [f"vary {cell.vary}"]
        knobs = cell.settings.keys() - {setting.name for setting in self.settings} - {SPARSE}
        turned = [f"{name}={cell[name]}" for name in sorted(knobs)]
        return " ".join(str(value) for value in (cell.dataset, *map(cell.__getitem__, self.arm_columns), *turned, *varied))
