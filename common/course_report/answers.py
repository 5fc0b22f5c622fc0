"""From questions and tables to answers in words."""

import numpy as np
import pandas as pd

from common.course_report import verdicts
from common.course_report.questions import Contrast, Course, Extremes, Vanishing, Verdicts
from common.course_report.runs import CannotDecide
from common.experiment.formatting import in_unit, number, percent
from common.stats import location_interval, paired_differences

UNKNOWN = "not measured in this run"


def answer_all(questions, runs_of, tables, decided):
    """`answers.csv`: a row per dataset and question; columns dataset, id, question, answer.

    Args:
        questions: `{(id, question): facts}`.
        runs_of: `{dataset: Runs}`.
        tables: `{name: DataFrame}`, of which layers is read.
        decided: the `Verdict`s, list.
    """
    rows = []
    for dataset, runs in runs_of.items():
        layers = tables["layers"][tables["layers"]["dataset"] == dataset]
        writer = _Writer(runs, layers, [verdict for verdict in decided if verdict.dataset == dataset])
        for (name, question), facts in questions.items():
            answer = " ".join(map(writer.sentence, facts))
            rows.append({"dataset": dataset, "id": name, "question": question, "answer": answer})
    return pd.DataFrame(rows, columns=["dataset", "id", "question", "answer"])


class _Writer:
    """Writes the facts of one dataset: its `Runs`, its rows of layers.csv, its `Verdict`s."""

    def __init__(self, runs, layers, decided):
        self.runs, self.layers, self.decided = runs, layers, decided
        self._writers = {Extremes: self._extremes, Contrast: self._contrast, Course: self._course, Vanishing: self._vanishing}
        self._writers[Verdicts] = self._verdicts

    def sentence(self, fact):
        """A fact as a sentence."""
        try:
            words = self._writers[type(fact)](fact)
        except CannotDecide as reason:
            words = f"{UNKNOWN} ({reason})"
        return f"{fact.words[0].upper()}{fact.words[1:]}: {words}."

    def _unit(self, measure):
        return self.runs.measures[measure].unit

    def _extremes(self, fact):
        rows = self.runs.summary
        for column, value in fact.among:
            if column in rows and (rows[column] == value).any():
                rows = rows[rows[column] == value]
        columns = [rows[column] for column in self.runs.arm_columns]
        may_never_come = self.runs.measures[fact.measure].missing == "never"
        values = pd.Series(self.runs.values(rows, fact.measure), rows.index) if may_never_come else rows[fact.measure]
        means = values.groupby(columns, sort=False).agg(lambda of_arm: of_arm.mean(skipna=False)).dropna()
        never = rows[fact.measure].isna().groupby(columns, sort=False).agg(["sum", "size"])
        if means.empty:
            return UNKNOWN
        unit = self._unit(fact.measure)
        if len(means) == 1 or np.isclose(means.min(), means.max(), rtol=1e-12):
            return f"{in_unit(means.iloc[0], unit)} in {'the only arm' if len(means) == 1 else 'all arms'}"
        parts = []
        for name, arm in (("lowest", means.idxmin()), ("highest", means.idxmax())):
            missed, runs = never.loc[arm]
            reached = f" ({missed} of {runs} runs never reach it)" if may_never_come and missed else ""
            parts.append(f"{name} {in_unit(means[arm], unit)} under {_arm(arm)}{reached}")
        return "; ".join(parts)

    def _contrast(self, fact):
        names, values = [], []
        for arm, measure in ((fact.of, fact.measure), (fact.than, fact.than_measure or fact.measure)):
            settings, rows = self.runs.of_arm(arm, measure)
            names.append(" ".join(str(settings[name]) for name in arm))
            values.append(self.runs.values(rows, measure))
        unit, difference = self._unit(fact.measure), paired_differences(*values)
        means = ", ".join(f"{name} {in_unit(of_arm.mean(), unit)}" for name, of_arm in zip(names, values, strict=True))
        low, high = location_interval(difference)
        if not np.isfinite([low, high]).all():
            return f"{means}; too few finite runs to compare"
        relation = "higher" if low > 0 else "lower" if high < 0 else "not clearly different"
        return f"{means}; the first is {relation}, by {in_unit(difference.mean(), unit)} [{in_unit(low, unit)}, {in_unit(high, unit)}]"

    def _course(self, fact):
        settings, _ = self.runs.of_arm(fact.arm, "final_test_accuracy")
        layers = self.layers[np.logical_and.reduce([self.layers[column] == value for column, value in settings.items()])]
        unit, parts = self._unit(fact.quantity), []
        for layer, rows in layers.groupby("layer", sort=False):
            first, last = (rows[rows["epoch"] == epoch][fact.quantity].mean() for epoch in (rows["epoch"].min(), rows["epoch"].max()))
            if np.isfinite([first, last]).all():
                turn = "up" if last > first else "down" if last < first else "unchanged"
                parts.append(f"{layer} {in_unit(first, unit)} to {in_unit(last, unit)} ({turn})")
        return f"{', '.join(parts) or UNKNOWN}, {_arm(tuple(settings.values()))}"

    def _vanishing(self, fact):
        columns = list(self.runs.arm_columns)
        means = self.layers.groupby([*columns, "layer", "epoch"], sort=False)[fact.quantity].mean().dropna()
        if means.empty:
            return UNKNOWN
        accuracy = self.runs.summary.groupby(columns, sort=False)["final_test_accuracy"].mean()
        parts = []
        for name, place in (("smallest", means.idxmin()), ("largest", means.idxmax())):
            *arm, layer, epoch = place
            ends = accuracy[tuple(arm) if len(arm) > 1 else arm[0]]
            where = f"in {layer} under {_arm(arm)} at epoch {epoch}"
            parts.append(f"{name} {number(means[place])} {where}, whose accuracy ends at {percent(ends)}")
        return "; ".join(parts)

    def _verdicts(self, fact):
        chosen = [verdict for verdict in self.decided if verdict.claim.id in fact.ids]
        parts = [f"{one.claim.id} is {one.verdict} ({verdicts.in_short(one, self.runs.measures)})" for one in chosen]
        return "; ".join(parts) or "none on this dataset"


def _arm(values):
    return values if isinstance(values, str) else " ".join(str(value) for value in values)
