"""The runs of one dataset, as claims and questions ask for them: arms by their settings, measures by their names."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from common import stats
from common.course_report.claims import Best, Highest
from common.experiment import formatting
from common.results.summary import CHANCE, described_runs


class CannotDecide(Exception):
    """The reason why a claim is not tested or a question stays open; `seeds` is the number of seeds that would change that, and defaults
    to None; `ran`, where all that it needs was run, says what its runs lack, and defaults to none."""

    def __init__(self, reason, seeds=None, ran=""):
        super().__init__(reason)
        self.seeds, self.ran = seeds, ran


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
        settings: the `Setting`s of the experiment, whose flags run what is missing. Defaults to none.
    """

    summary: pd.DataFrame
    arm_columns: tuple
    measures: dict
    epochs: int
    main_columns: tuple | None = None
    correction: float = 0.0
    correct: Callable | None = None
    settings: tuple = ()

    def of_arm(self, arm):
        """The runs of an arm, by seed.

        Args:
            arm: `{column: value}`; a column that is left out has its first value. A value may be `"first"`, a `Highest` or a `Best`.

        Returns:
            `(rows, remark)`: its rows of the summary; and words on the value that was chosen, if one was.

        Raises:
            CannotDecide: if there are none, or the seeds do not choose one value.
        """
        for column, value in arm.items():
            if isinstance(value, Best):
                return self._chosen(arm, column, value)
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
        return rows.sort_values("seed"), ""

    def for_claim(self, claim):
        """The runs that decide a claim: all."""
        return self

    def _chosen(self, arm, column, best):
        """The runs whose value of a column is best, chosen for each seed on the other seeds; see `of_arm`.

        Where the seeds choose unlike values, how well the chosen one does hangs on who chose: by simulation a test at 5 % is then wrong in
        up to 24 % (of three values that are equal, with 20 seeds), but in no more than 5 % if such cases are left undecided."""
        candidates = {value: self.of_arm({**arm, column: value})[0] for value in best.values}
        losses = np.stack([self.values(rows, best.measure) for rows in candidates.values()])  # (values, seeds)
        with np.errstate(divide="ignore"):
            losses = np.log(losses) if self.kind(best.measure) == "log" else losses
        chosen = []
        for i in range(losses.shape[1]):
            others = np.delete(losses, i, axis=1).sum(axis=1)  # infinite where one diverged
            chosen.append(best.values[int(np.argmin(others))])
        name, value = formatting.name_of(column), chosen[0]
        who = formatting.name_of(next(value for key, value in arm.items() if key != column))
        often = {value: chosen.count(value) for value in best.values if value in chosen}
        if len(often) > 1:
            words = " and ".join(f"{formatting.exact(value)} ({times} seeds)" for value, times in often.items())
            raise CannotDecide(f"the best {name} is not clear", ran=f"the best {name} of {who} is, on the other seeds, {words}")
        ends = {min(best.values): "lowest", max(best.values): "highest"}
        edge = f", the {ends[value]} of those that were run: a better one may lie beyond" if value in ends else ""
        return candidates[value], f"{name} of {who}, chosen on the other seeds: {formatting.exact(value)}{edge}"

    def at_chance(self, rows, words):
        """Words on runs, rows of the summary, of which most end at chance, in a list; `words` names them."""
        if "final_test_accuracy" not in rows:
            return []
        chance = self.measures["final_test_accuracy"].lowest
        few = int((rows["final_test_accuracy"] <= chance + CHANCE * (1 - chance)).sum()) if np.isfinite(chance) else 0
        return [f"{few} of {len(rows)} runs of {words} end at chance"] if 2 * few > len(rows) else []

    def flags(self, claim, least_seeds):
        """The flags that run what a claim lacks, `{flag: list of words}`: of a setting all values, those that were run and those that the
        claim needs."""
        wanted, flags = {}, {}
        for part in claim.parts:
            for _, arm in part.arms:
                for column, value in arm.items():
                    wanted.setdefault(column, []).extend(value.values if isinstance(value, Best) else [value])
        for setting in self.settings:
            there = list(self.summary[setting.name].unique()) if setting.name in self.arm_columns else list(setting.default)
            needed = [value for value in wanted.get(setting.name, []) if value != "first"]
            several = setting.name in self.arm_columns and len(there) > 1  # of which one is the highest
            needed = [
                value.example if isinstance(value, Highest) else value for value in needed if not isinstance(value, Highest) or not several
            ]
            if set(needed) - set(there):
                values = [value for value in dict.fromkeys([*there, *needed]) if value not in setting.beside]
                flags[setting.flag] = [] if setting.type is bool else list(map(formatting.word, values))
        if self.epochs < claim.least_epochs:
            flags["epochs"] = [str(claim.least_epochs)]
        if self.summary["seed"].nunique() < least_seeds:
            flags["seeds"] = [str(least_seeds)]
        return flags

    def correct_in(self, rows):
        """The test samples that the networks of some runs, rows of the summary, end right: bool `(rows, samples)`, or None if that is
        unknown."""
        found = {}
        for values, of_arm in rows.groupby(list(self.arm_columns), sort=False):
            settings, seeds = dict(zip(self.arm_columns, values, strict=True)), of_arm["seed"].tolist()
            right = self.correct(settings, seeds)
            if right is None:
                return None
            found.update(zip(seeds, right, strict=True))
        return np.stack([found[seed] for seed in rows["seed"]])

    def _value(self, column, wanted):
        present = list(self.summary[column].unique())
        return present[0] if wanted == "first" else max(present) if isinstance(wanted, Highest) else wanted

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

    def in_words(self, arm, rows):
        """An arm in words: the values of the settings that it names in its runs, rows of the summary, with the names of those that are not
        always an arm."""
        main = self.arm_columns if self.main_columns is None else self.main_columns
        chosen = (" or ".join(map(str, rows[name].unique())) for name in arm)
        return " ".join(f"{'' if name in main else f'{formatting.name_of(name)} '}{value}" for name, value in zip(arm, chosen, strict=True))
