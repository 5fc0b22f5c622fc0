"""The runs of one dataset as controls ask for them: those that the flags ask for, and those that only controls need, side by side."""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from common.course_report.runs import CannotDecide, Runs
from common.experiment.knobs import CONTROL, UNCHANGED, words_of

MISSING = "needs --controls"
BETWEEN = f"{CONTROL}ends"  # the table of what is measured between the runs of several arms, a row per run


@dataclass(frozen=True)
class ControlRuns(Runs):
    """The runs of one dataset, as a control asks for them. Its arms may name settings that are no columns of the call's tables, and knobs.

    Attributes:
        history: rows of history.csv, those of the arms of controls among them.
        base: the settings that an arm has where it names none, `{setting: value}`.
        between: the measures between the runs of several arms, which need not have been taken of all seeds.
    """

    history: pd.DataFrame = None
    base: dict = field(default_factory=dict)
    between: frozenset = frozenset()

    @classmethod
    def of(cls, runs, tables, dataset, base):
        """The ControlRuns of a dataset.

        Args:
            runs: the `Runs` of the arms that the flags ask for.
            tables: `{name: DataFrame}`, of which those of controls are left out where there are none.
            dataset: its name.
            base: see the attribute.
        """
        joined = {}
        for name in ("summary", "history"):
            both = [tables[name].assign(control=UNCHANGED), *([tables[f"{CONTROL}{name}"]] if f"{CONTROL}{name}" in tables else [])]
            joined[name] = pd.concat([table[table["dataset"] == dataset] for table in both], ignore_index=True)
        between = tables.get(BETWEEN, pd.DataFrame({"dataset": []}))
        between = between[between["dataset"] == dataset]
        if len(between):
            joined["summary"] = joined["summary"].merge(between.assign(control=UNCHANGED), how="left", indicator=BETWEEN)
            joined["summary"][BETWEEN] = joined["summary"][BETWEEN] == "both"
        fields = {name: getattr(runs, name) for name in Runs.__dataclass_fields__}
        fields |= {"summary": joined["summary"], "arm_columns": (*runs.arm_columns, "control"), "correct": _without_control(runs.correct)}
        of_ends = set(between) - set(joined["history"]) if len(between) else set()
        return cls(**fields, history=joined["history"], base=base, between=frozenset(of_ends))

    def for_claim(self, claim):
        """These runs, of the seeds alone that all arms of a claim have: controls may have been run with fewer."""
        seeds = set(self.summary["seed"])
        for part in claim.parts:
            for measure, arm in part.arms:
                try:
                    rows, _ = self.of_arm(arm)
                except CannotDecide:
                    continue
                seeds &= set(rows["seed"] if measure not in self.between else rows["seed"][rows[BETWEEN]])
        return replace(self, summary=self.summary[self.summary["seed"].isin(seeds)])

    def of_arm(self, arm):
        columns = [name for name in self.arm_columns if name != "control"]
        changed = {name: value for name, value in arm.items() if name not in columns and value != self.base.get(name)}
        try:
            return super().of_arm({**{name: arm[name] for name in arm if name in columns}, "control": words_of(changed)})
        except CannotDecide as reason:
            raise reason if reason.ran else CannotDecide(MISSING) from None

    def values(self, rows, measure):
        if measure not in rows:
            raise CannotDecide(MISSING)
        return super().values(rows, measure)

    def flags(self, claim, least_seeds):
        return {**super().flags(replace(claim, parts=()), least_seeds), "controls": [claim.question]}

    def in_words(self, arm, rows):
        columns = [name for name in self.arm_columns if name != "control"]
        plain = {name: value for name, value in arm.items() if name in columns}
        turned = [f"{name}={value}" for name, value in arm.items() if name not in columns and value != self.base.get(name)]
        return " ".join([super().in_words(plain, rows), *turned])

    def curve(self, arm, name):
        """A column of history.csv of an arm, array `(seeds, epochs)`, in the order of the seeds."""
        rows, _ = self.of_arm(arm)
        settings = rows.iloc[0][list(self.arm_columns)]
        chosen = np.logical_and.reduce([self.history[column] == value for column, value in settings.items()])
        return self.history[chosen].pivot(index="seed", columns="epoch", values=name).loc[rows["seed"]].to_numpy(dtype=np.float64)


def _without_control(correct):
    """The function of `Runs.correct`, of settings among which is the column `control`: what is right is known of unchanged arms alone."""

    def of_arm(settings, seeds):
        if correct is None or settings["control"] != UNCHANGED:
            return None
        return correct({name: value for name, value in settings.items() if name != "control"}, seeds)

    return of_arm
