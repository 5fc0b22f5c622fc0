"""From a part of a claim and the runs of a dataset to an effect: a value by seed, and the judgement of them all."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from common import stats
from common.course_report.controls import Apart
from common.course_report.runs import CannotDecide
from common.experiment.formatting import exact, in_unit, percent, share_bounds
from common.experiment.measures import ON_TEST_SAMPLES

DECIMALS = 6  # to which shares are counts again, which float32 had made unequal


@dataclass(frozen=True)
class Effect:
    """The effect that a part of a claim is about.

    Attributes:
        part: the `Above`, `Below` or `AtLeast`.
        statistic: in words.
        judged: the `stats.Judged` of the effect's values by seed; of their logarithms where `log`.
        endless: the same as if the dataset had no end and no two seeds shared a sample.
        bounds: the lowest and the highest value that it can have, in its unit.
        log: whether it is judged on the scale of logarithms. Defaults to False.
        remark: words on arms whose runs fall into two groups, of which some never got there, or most end at chance. Defaults to none.
        bound: `">"` if, since runs never got there, the estimate is only a lower bound, `"<"` an upper one. Defaults to none.
        chosen: words on the settings that were chosen, a tuple. Defaults to none.
        ends: where runs of both arms never got there, `(lowest, highest)`: what each seed's effect is at least, judged, and at most; the
            tests and the interval are theirs. Defaults to none.
    """

    part: object
    statistic: str
    judged: object
    endless: object
    bounds: tuple
    log: bool = False
    remark: str = ""
    bound: str = ""
    chosen: tuple = ()
    ends: tuple = ()

    def p_values(self, dataset):
        """One-sided, of the hypotheses that the effect is not beyond the part's margin, not beyond nothing, not short of the margin, and
        not short of the least that counts."""
        steps = (self.part.margin, 1), (self.part.nothing, 1), (self.part.margin, -1), (self.part.counts_from, -1)
        return [self._beyond(of(dataset), direction) for of, direction in steps]

    def _beyond(self, margin, direction):
        """The p-value of the hypothesis that the effect does not lie beyond a margin, in the part's direction or against it."""
        above, margin = self.part.sign * direction > 0, self._scaled(margin)
        if self.bound == ("<" if above else ">"):  # the effect may lie farther out than the runs tell
            return 1.0
        judged = self._towards(above)
        return judged.p_above(margin) if above else judged.p_below(margin)

    def _towards(self, above):
        """The `Judged` that tells whether the effect lies above, or below, a margin."""
        return self.ends[0 if above else 1] if self.ends else self.judged

    def _scaled(self, margin):
        return np.log(margin) if self.log else margin

    def numbers(self, level):
        """`(estimate, low, high, confidence)`, within the bounds; the interval excludes what a one-sided test of that level rejects."""
        confidence = 1 - 2 * level
        estimate = self.judged.estimate
        low, high = (self._towards(above).interval(confidence)[i] for i, above in enumerate((True, False)))
        numbers = np.array([estimate, -np.inf if self.bound == "<" else low, np.inf if self.bound == ">" else high])
        numbers = np.exp(numbers) if self.log else numbers
        numbers = np.clip(numbers, *self.bounds) if self.part.times is None else numbers
        return *map(float, numbers), confidence

    def seeds_needed(self, dataset, margin, direction, alpha, power, most):
        """The number of seeds with which it would probably be shown to lie beyond a margin; None if no number would.

        Args:
            dataset: name of the dataset.
            margin: `"margin"`, `"nothing"` or `"counts_from"`, see `Above`.
            direction: 1 for the part, -1 against it.
            alpha: level of the one-sided test.
            power: the chance that the test is to have.
            most: the largest number that is tried.

        Returns:
            `(seeds, samples)`: int or None; and, if it is None, whether more samples in the dataset would make it a number.
        """
        direction *= self.part.sign
        if self.bound == ("<" if direction > 0 else ">"):
            return None, False
        margin = self._scaled(getattr(self.part, margin)(dataset))
        judged = self._towards(direction > 0)
        endless = replace(judged, correction=0.0) if self.ends else self.endless
        needed = stats.seeds_needed(judged, margin, direction, alpha, power, most)
        return needed, needed is None and stats.seeds_needed(endless, margin, direction, alpha, power, most) is not None


def effect_of(part, runs):
    """The `Effect` of a part of a claim in the `Runs` of a dataset.

    Its values are judged by their mean; or by their median, which is what holds in most seeds, where some are not finite, where all are
    equal, and where they, or the runs of an arm, fall into two groups, of which no run has the mean; of an event, by the share of runs that
    have it. In a ratio of times, runs that never got there make no such group of an arm: they count as the epoch after the last, where one
    arm has such runs; where both have, a seed's ratio is known to be at least, or at most, something, or not at all, and its median is
    judged.

    Raises:
        CannotDecide: if an arm was not run, or some runs have nothing to measure.
    """
    return _apart(part, runs) if isinstance(part, Apart) else _of_measure(part, runs)


def _of_measure(part, runs):
    """The `Effect` of a part that compares a measure of runs."""
    arms, values, words, chosen, remarks = [], [], [], [], []
    for measure, arm in part.arms:
        rows, remark = runs.of_arm(arm)
        arms.append((measure, rows))
        values.append(runs.values(rows, measure))
        words.append(f"{measure}({runs.in_words(arm, rows)})")
        chosen += [remark] if remark else []
        remarks += runs.at_chance(rows, runs.in_words(arm, rows)) if "accuracy" not in measure else []
        if nothing := int(np.isnan(values[-1]).sum()) * (runs.measures[measure].missing == "not measured"):
            raise CannotDecide("nothing to measure", ran=f"in {nothing} of {len(rows)} runs there is no {words[-1]}")
    single, kind = len(values) == 1, runs.kind(part.measure)
    never = [runs.never(of_arm, measure) & (part.times is not None) for (measure, _), of_arm in zip(arms, values, strict=True)]
    in_groups, of_groups = _groups(arms, values, never, words, runs)
    late = [bool(of_arm.any()) for of_arm in never]
    log = part.times is not None or (single and kind == "log")
    if log:
        with np.errstate(divide="ignore"):
            values = [np.log(of_arm) for of_arm in values]
    effects = values[0] if single else stats.paired_differences(*values)
    if kind == "share" and not log:
        effects = np.round(effects, DECIMALS)
    bounds = _bounds(part, runs, single)
    judge = _judge(single, kind, bounds, runs.measures[part.measure].lowest, in_groups or all(late))
    judged = judge(effects, runs.correction, _test_variance(part, arms, runs))
    if single and kind == "share":  # no process is worse than chance, though a run may be
        bounds = max(bounds[0], np.fmin(runs.measures[part.measure].lowest, judged.estimate)), bounds[1]
    return Effect(
        part,
        f"{'in most seeds: ' if judged.method == 'sign' else ''}{(' - ' if part.times is None else ' / ').join(words)}",
        judged,
        judge(effects),
        bounds,
        log,
        "; ".join([*remarks, *of_groups, *_counted(part, runs, values, judged)]),
        (">" if late[0] else "<") if sum(late) == 1 else "",
        tuple(chosen),
        _ends(effects, never, runs.correction) if all(late) else (),
    )


def _apart(part, runs):
    """The `Effect` of a part that says that two curves lie apart."""
    curves, words = [runs.curve(arm, part.curve) for _, arm in part.arms], [runs.in_words(arm, runs.of_arm(arm)[0]) for _, arm in part.arms]
    with np.errstate(divide="ignore", invalid="ignore"):
        distances = np.abs(np.log10(curves[0] / curves[1]))
    distances = np.median(np.where(np.isnan(distances), np.inf, distances), axis=1)  # of a run that diverged, far from all
    statistic = f"median over epochs of |log10({part.curve}({words[0]}) / {part.curve}({words[1]}))|"
    return Effect(part, statistic, stats.judge(distances, runs.correction), stats.judge(distances), (0.0, np.inf))


def _counted(part, runs, values, judged):
    """The number of runs of a single arm beyond its limit, in words, where a median is judged."""
    if len(values) > 1 or judged.method != "sign":
        return []
    limit = np.log(part.limit) if runs.kind(part.measure) == "log" else part.limit
    limit_in_words = percent(part.limit) if runs.measures[part.measure].unit == "share" else exact(part.limit)
    beyond, place = int((part.sign * (values[0] - limit) > 0).sum()), "above" if part.sign > 0 else "below"
    return [f"{beyond} of {len(values[0])} runs lie {place} {limit_in_words}"]


def _ends(effects, never, correction):
    """The lowest and the highest that ratios can be, in logarithms, given in which runs each arm never got there."""
    return stats.Sign(np.where(never[1], -np.inf, effects), correction), stats.Sign(np.where(never[0], np.inf, effects), correction)


def _judge(single, kind, bounds, chance, in_groups):
    """The function that judges effects."""
    if single and kind == "event":
        return stats.Proportion
    if in_groups:
        return stats.Sign
    return partial(stats.judge, bounds=bounds, chance=chance) if single and np.isfinite(bounds).all() else stats.judge


def groups_in_words(groups, unit, epochs=np.inf):
    """The two `stats.Group`s into which runs fall, with the interval of the first's share: `"10.0 % in 4 of 10 runs [12, 74 %] and 60.3 %
    in 6"`. A location beyond `epochs` is `"never"`; they default to infinity."""
    lower, upper = groups
    places = ("never" if group.location > epochs else in_unit(group.location, unit) for group in groups)
    counts = f"in {lower.runs} of {lower.n} runs [{share_bounds(lower.share_low, lower.share_high)}]", f"in {upper.runs}"
    return " and ".join(map(" ".join, zip(places, counts, strict=True)))


def _groups(arms, values, never, words, runs):
    """`(in_groups, remarks)`: whether the runs of an arm, but those in `never`, fall into two groups; and words on all that do."""
    in_groups, remarks = False, []
    for (measure, _), of_arm, late, name in zip(arms, values, never, words, strict=True):
        in_groups |= bool(runs.described(of_arm[~late], measure).groups)
        if groups := runs.described(of_arm, measure).groups:
            end = runs.epochs if runs.kind(measure) == "time" else np.inf
            remarks.append(f"{name} has two groups: {groups_in_words(groups, runs.measures[measure].unit, end)}")
    late = [bool(of_arm.any()) for of_arm in never]
    if any(late):
        known = "" if all(late) else f": the ratio is at {'least' if late[0] else 'most'} this"
        remarks.append(f"runs that never got there count as later than epoch {runs.epochs}{known}")
    return in_groups, remarks


def _test_variance(part, arms, runs):
    """The variance of a difference of accuracies that comes from the test samples, if all seeds share them and it is known."""
    if runs.correct is None or part.times is not None or [measure for measure, _ in arms] != [ON_TEST_SAMPLES] * 2:
        return 0.0
    correct = [runs.correct_in(rows) for _, rows in arms]
    return 0.0 if any(of_arm is None for of_arm in correct) else stats.test_sample_variance(*correct)


def _bounds(part, runs, single):
    kind = runs.kind(part.measure)
    least = runs.measures[part.measure].lowest
    known = {"share": (0, 1), "event": (0, 1), "time": (1, runs.epochs + 1), "log": (max(0.0, least), np.inf)}
    lowest, highest = known.get(kind, (least, np.inf))
    return (lowest, highest) if single else (lowest - highest, highest - lowest)
