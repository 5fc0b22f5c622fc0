"""The runs of one dataset, as claims and questions ask for them: arms by their settings, measures by their names."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from common import stats
from common.experiment import formatting
from common.results.summary import described_runs


class CannotDecide(Exception):
    """The reason why a claim or question stays open; `seeds` is the number of seeds that would change that, and defaults to None."""

    def __init__(self, reason, seeds=None):
        super().__init__(reason)
        self.seeds = seeds


@dataclass(frozen=True)
class Runs:
    """The runs of one dataset.

    Attributes:
        summary: its rows of `summary.csv`, a DataFrame.
        arm_columns: the columns that tell arms apart.
        measures: `{column: Measure}`.
        epochs: number of epochs of each run.
        main_columns: those of the arm columns whose values need no name in words. Defaults to all.
        correction: test samples ÷ training samples where seeds draw random splits of one dataset (Nadeau & Bengio 2003), else 0. Defaults
            to 0.
        correct: `(settings, seeds)` -> bool array `(seeds, test samples)`, of which of them the network of each seed ends right, or None if
            that is unknown; where all seeds share the test samples. Defaults to None.
    """

    summary: pd.DataFrame
    arm_columns: tuple
    measures: dict
    epochs: int
    main_columns: tuple | None = None
    correction: float = 0.0
    correct: Callable | None = None

    def of_arm(self, arm):
        """The runs of an arm, by seed.

        Args:
            arm: `{column: value}`; a column that is left out has its first value. A value may be `"first"` or `"highest"`.

        Returns:
            `(settings, rows)`: all settings of the arm, and its rows of the summary.

        Raises:
            CannotDecide: if there are none.
        """
        for column in arm:
            if column not in self.arm_columns:
                raise CannotDecide(f"needs --{column.replace('_', '-')}")
        settings = {column: self._value(column, arm.get(column, "first")) for column in self.arm_columns}
        for column, value in settings.items():
            if column in arm and value not in set(self.summary[column]):
                raise CannotDecide(f"needs {formatting.name_of(column)} {value}")
        rows = self.summary[np.logical_and.reduce([self.summary[column] == value for column, value in settings.items()])]
        if rows.empty:
            raise CannotDecide(f"needs {' '.join(str(value) for value in arm.values())}")
        return settings, rows.sort_values("seed")

    def _value(self, column, wanted):
        present = list(self.summary[column].unique())
        return present[0] if wanted == "first" else max(present) if wanted == "highest" else wanted

    def values(self, rows, measure):
        """A measure of each row as a float array: NaN means what its `Measure` says, a time never reached, or infinity."""
        values, missing = rows[measure].to_numpy(dtype=np.float64), self.measures[measure].missing
        if missing == "never":
            return stats.censored_times(values, self.epochs)
        return np.where(np.isnan(values), np.inf, values) if missing == "infinite" else values

    def described(self, values, measure):
        """A measure's values, array `(runs,)`, as a `stats.Described`; of an event, the share of the runs that have it."""
        return described_runs(values, self.measures[measure]._replace(correction=self.correction), self.epochs)

    def kind(self, measure):
        """A measure's kind, see `Measure`."""
        return self.measures[measure].kind

    def never(self, values, measure):
        """Whether each of a measure's values, array `(runs,)`, is a time beyond the last epoch: the run never got there. Bool array."""
        return (values > self.epochs) & (self.kind(measure) == "time")

    def in_words(self, arm, settings):
        """An arm in words: the values of the settings that it names, with the names of those that are not always an arm."""
        main = self.arm_columns if self.main_columns is None else self.main_columns
        return " ".join(f"{'' if name in main else f'{formatting.name_of(name)} '}{settings[name]}" for name in arm)
