"""From facts and tables to sentences."""

import numpy as np

from common import stats
from common.course_report.claims import Above
from common.course_report.effects import effect_of, groups_in_words
from common.course_report.questions import Contrast, Course, Extremes, Vanishing
from common.course_report.runs import CannotDecide
from common.experiment.formatting import in_unit, number, with_interval

UNKNOWN = "not measured in this run"


class Writer:
    """Writes the facts of one dataset.

    Args:
        runs: its `Runs`.
        layers: its rows of layers.csv.
        decided: its `Verdict`s, whose intervals a fact about the same effect takes, list.
    """

    def __init__(self, runs, layers, decided):
        self.runs, self.layers, self.decided = runs, layers, decided
        self._writers = {Extremes: self._extremes, Contrast: self._contrast, Course: self._course, Vanishing: self._vanishing}

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
        by_arm = rows.groupby(list(self.runs.arm_columns), sort=False)
        typical = {arm: self._typical(self.runs.values(of_arm, fact.measure), fact.measure) for arm, of_arm in by_arm}
        typical = {arm: found for arm, found in typical.items() if np.isfinite(found[0])}
        if not typical:
            return UNKNOWN
        lowest, highest = (which(typical, key=lambda arm: typical[arm][0]) for which in (min, max))
        if len(typical) == 1 or np.isclose(typical[lowest][0], typical[highest][0], rtol=1e-12):
            return f"{typical[lowest][1]} in {'the only arm' if len(typical) == 1 else 'all arms'}"
        ends = (("lowest", lowest), ("highest", highest))
        return f"of the arms {'; '.join(f'{name} {typical[arm][1]} under {_arm(arm)}' for name, arm in ends)}"

    def _typical(self, values, measure):
        """A measure of an arm's runs, array `(runs,)`: `(number, words)`, where two groups of runs have the median and words on both."""
        described, unit = self.runs.described(values, measure), self._unit(measure)
        end = self.runs.epochs if self.runs.kind(measure) == "time" else np.inf
        if described.groups:
            return float(np.median(values)), groups_in_words(described.groups, unit, end)
        return described.location, f"never in {len(values)} runs" if described.location > end else in_unit(described.location, unit)

    def _contrast(self, fact):
        ratio = self.runs.kind(fact.measure) in ("log", "time")
        effect = effect_of(Above(fact.measure, fact.of, fact.than, times=1.0 if ratio else None, than_measure=fact.than_measure), self.runs)
        levels = []
        for measure, arm in effect.part.arms:
            rows, _ = self.runs.of_arm(arm)
            level = self._typical(self.runs.values(rows, measure), measure)[1]
            levels.append(f"{self.runs.in_words(arm, rows)} {level}")
        unit, (estimate, low, high) = self._unit(fact.measure), self._claimed(effect.part) or effect.numbers(0.025)[:3]
        if (effect.judged.effects == 0).all():
            return f"{', '.join(levels)}; the same in every run"
        if not np.isfinite(effect.judged.interval(0.95)).all():
            return f"{', '.join(levels)}; too few runs to compare"
        margin = effect.part.margin("")
        relation = "higher" if low > margin else "lower" if high < margin else "not clearly different"
        most = "in most seeds " if effect.judged.method == "sign" else ""
        if ratio:
            kind = "ratio" if most else "ratio of geometric means"
            by = f"{kind} {effect.bound}{' ' * bool(effect.bound)}{with_interval(estimate, low, high, unit, ' x')}"
        else:
            by = f"difference {with_interval(estimate, low, high, unit, ' points' if unit == 'share' else '')}"
        return f"{', '.join(levels)}; {most}the first is {relation}, {by}"

    def _claimed(self, part):
        """`(estimate, low, high)` of a claim that the same effect decides, which has one interval on a page; None if there is none."""
        for one in self.decided:
            if one.tested and len(one.decides.arms) == 2 and (one.decides.times is None) == (part.times is None):
                if one.decides.arms == part.arms:
                    return one.estimate, one.ci_low, one.ci_high
                if one.decides.arms == part.arms[::-1]:
                    numbers = one.estimate, one.ci_high, one.ci_low
                    with np.errstate(divide="ignore"):
                        return tuple(-number if part.times is None else float(np.divide(1.0, number)) for number in numbers)
        return None

    def _course(self, fact):
        settings = self.runs.of_arm(fact.arm)[0].iloc[0][list(self.runs.arm_columns)].to_dict()
        layers = self.layers[np.logical_and.reduce([self.layers[column] == value for column, value in settings.items()])]
        parts = []
        for layer, rows in layers.groupby("layer", sort=False):
            epochs = rows["epoch"].min(), rows["epoch"].max()
            ends = [self.runs.values(rows[rows["epoch"] == epoch].sort_values("seed"), fact.quantity) for epoch in epochs]
            (first, before), (last, after) = (self._typical(end, fact.quantity) for end in ends)
            if np.isfinite([first, last]).all():
                parts.append(f"{layer} {before} to {after}{self._turn(*ends, fact.quantity)}")
        return f"{', '.join(parts) or UNKNOWN}, {_arm(tuple(settings.values()))}"

    def _turn(self, first, last, quantity):
        """The direction from one value to another of each run, arrays `(runs,)`, in brackets; nothing where it is not clear."""
        with np.errstate(divide="ignore"):
            ends = [np.log(end) if self.runs.kind(quantity) == "log" else end for end in (last, first)]
        low, high = stats.judge(stats.paired_differences(*ends), self.runs.correction).interval(0.95)
        return " (up)" if low > 0 else " (down)" if high < 0 else ""

    def _vanishing(self, fact):
        columns = list(self.runs.arm_columns)
        values, log = self.layers[fact.quantity].fillna(np.inf), self.runs.kind(fact.quantity) == "log"
        by_place = [self.layers[name] for name in (*columns, "layer", "epoch")]
        with np.errstate(divide="ignore", invalid="ignore"):
            means = (np.log(values) if log else values).groupby(by_place, sort=False).mean()
            means = np.exp(means) if log else means
        means = means[np.isfinite(means)]
        if means.empty:
            return UNKNOWN
        parts = []
        for name, place in (("smallest", means.idxmin()), ("largest", means.idxmax())):
            *arm, layer, epoch = place
            rows, _ = self.runs.of_arm(dict(zip(columns, arm, strict=True)))
            _, end = self._typical(self.runs.values(rows, "final_test_accuracy"), "final_test_accuracy")
            parts.append(f"{name} {number(means[place])} in {layer} under {_arm(arm)} at epoch {epoch}, whose accuracy ends at {end}")
        return "; ".join(parts)


def _arm(values):
    return values if isinstance(values, str) else " ".join(str(value) for value in values)
