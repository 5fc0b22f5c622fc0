"""The numbers of the course report, each beside our runs of the same settings.

`values.csv` holds the numbers that this project reproduces: `source` is `report` for its text, `csv` for the tables that its own code
wrote; `value` as printed there, one run each; `per_unit` what to divide it by to get our unit.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from common.course_report.prediction import OneMoreRun
from common.data import DATASETS
from common.experiment import Measure
from common.seeds import ALL

VALUES = Path(__file__).parent / "values.csv"
ABOUT = ["dataset", "arm", "base_learning_rate", "measure", "source"]
LEAST_SEEDS = 3


@dataclass(frozen=True)
class Number:
    """A number of the report, and our runs of what it is of.

    Attributes:
        about: its dataset, arm, base_learning_rate (where the report has several), measure and source, a dict.
        value: in our unit.
        within: half a unit of the last digit that the report prints; 0 of an epoch, which is exact.
        runs: ours, array `(runs,)`.
        measure: the `Measure`.
    """

    about: dict
    value: float
    within: float
    runs: np.ndarray
    measure: Measure

    @property
    def enough(self):
        """Whether there are enough runs for a test."""
        return len(self.runs) >= LEAST_SEEDS

    @cached_property
    def test(self):
        """The `OneMoreRun`."""
        return OneMoreRun(self.runs, self.measure)

    @cached_property
    def informative(self):
        """Whether its test could well fail."""
        return self.enough and self.test.informative(self.within)

    @cached_property
    def reproduced(self):
        """Whether it could be one more of our runs."""
        return self.enough and self.test.holds(self.value, self.within)


def beside_ours(results, settings):
    """The report's numbers whose settings were run, each beside our runs of the very settings; and beside wrong ones.

    Args:
        results: the `Results`.
        settings: the report's settings, `{setting: value}`, with its `epochs`: they tell which of the cells are the report's. A
            setting that is left out has its default.

    Returns:
        `(right, wrong)`: a list of `Number`s; and `{setting: list of Numbers}`, the same beside the cells that differ from the report's in
        that setting alone, if it is an arm. Both are empty unless all varies from seed to seed, see `is_one_more_run`.
    """
    if not is_one_more_run(results):
        return [], {}
    experiment, summary = results.experiment, results.tables["summary"]
    values = pd.read_csv(VALUES, dtype={"value": str})
    values = values[values["experiment"] == experiment.name]
    right, wrong = [], {}
    for cell in results.cells:
        differing = _differing(experiment, settings, cell, results.cells[0]["init"])
        if differing and (len(differing) > 1 or differing[0] not in experiment.arm_columns):
            continue
        chosen = (values["dataset"] == cell.dataset) & (values["arm"] == cell[experiment.main_columns[0]])
        if "base_learning_rate" in experiment.main_columns:
            chosen &= values["base_learning_rate"] == cell["base_learning_rate"]
        of_cell = (summary[column] == cell[column] for column in experiment.arm_columns)
        runs = summary[np.logical_and.reduce([summary["dataset"] == cell.dataset, *of_cell])]
        found = [_number(value, runs, results.measures) for value in values[chosen].to_dict("records")]
        (wrong.setdefault(differing[0], []) if differing else right).extend(found)
    return right, wrong


def is_one_more_run(results):
    """Whether the report's runs are of the recipe of these `Results`, in which each run draws all that is random."""
    return results.cells[0].vary == ALL


def _differing(experiment, settings, cell, init):
    """Names of the settings in which the cell differs from the report's; of several initialisations the first, `init`, counts as its."""
    theirs = {setting.name: setting.default[0] for setting in experiment.settings if setting.default and not setting.always_an_arm}
    theirs |= {"batch_size": DATASETS[cell.dataset].batch_size, "init": init, **settings}
    epochs = [] if theirs.pop("epochs") == cell.epochs else ["epochs"]
    return epochs + [name for name, value in theirs.items() if cell[name] != value]


def _number(value, runs, measures):
    per_unit, text, measure = value["per_unit"], value["value"], measures[value["measure"]]
    # An epoch is a whole number, nothing is rounded: with half an epoch more, the interval would hold 99 % of runs.
    digit = 0.0 if measure.unit == "epochs" else 10.0 ** -len(text.partition(".")[2]) / per_unit
    about = {name: value[name] for name in ABOUT}
    return Number(about, float(text) / per_unit, digit / 2, runs[measure.name].to_numpy(dtype=np.float64), measure)
