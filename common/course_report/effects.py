"""From a part of a claim and the runs of a dataset to an effect: a value by seed, and the judgement of them all."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from common import stats
from common.experiment.formatting import in_unit, share_bounds

DECIMALS = 6  # to which shares are counts again, which float32 had made unequal
TESTED_ON_IMAGES = "final_test_accuracy"  # the measure of which it is known which test samples made it


@dataclass(frozen=True)
class Effect:
    """The effect that a part of a claim is about.

    Attributes:
        part: the `Above` or `Below`.
        statistic: in words.
        judged: the `stats.Judged` of the effect's values by seed; of their logarithms where the part compares ratios.
        endless: the same as if the dataset had no end and no two seeds shared a sample.
        bounds: the lowest and the highest value that it can have, in its unit.
        remark: words on arms whose runs fall into two groups, or of which some never got there. Defaults to none.
    """

    part: object
    statistic: str
    judged: object
    endless: object
    bounds: tuple
    remark: str = ""

    def p_values(self, dataset):
        """One-sided: of the hypotheses that the part does not hold, and that it does."""
        margin = self.part.margin(dataset, transformed=True)
        both = self.judged.p_above(margin), self.judged.p_below(margin)
        return both if self.part.sign > 0 else both[::-1]

    def numbers(self, level):
        """`(estimate, low, high, confidence)`, within the bounds; the interval excludes what a one-sided test of that level rejects."""
        confidence = 1 - 2 * level
        numbers = np.array([self.judged.estimate, *self.judged.interval(confidence)])
        numbers = np.exp(numbers) if self.part.times is not None else np.clip(numbers, *self.bounds)
        return *map(float, numbers), confidence

    def seeds_needed(self, dataset, holds, alpha, power, most):
        """The number of seeds with which it would probably be decided that the part holds, or fails; None if no number would.

        Args:
            dataset: name of the dataset.
            holds: whether it is to hold.
            alpha: level of the one-sided test.
            power: the chance that the test is to have.
            most: the largest number that is tried.

        Returns:
            `(seeds, samples)`: int or None; and, if it is None, whether more samples in the dataset would make it a number.
        """
        direction = self.part.sign if holds else -self.part.sign
        margin = self.part.margin(dataset, transformed=True)
        needed = stats.seeds_needed(self.judged, margin, direction, alpha, power, most)
        return needed, needed is None and stats.seeds_needed(self.endless, margin, direction, alpha, power, most) is not None


def effect_of(part, runs):
    """The `Effect` of a part of a claim in the `Runs` of a dataset.

    Its values are judged by their mean; or by their median, which is what holds in most seeds, where some are not finite, where all are
    equal, and where they, or the runs of an arm, fall into two groups, of which no run has the mean. In a ratio of times, runs that never
    got there make no such group of an arm: they count as the epoch after the last.

    Raises:
        CannotDecide: if an arm was not run.
    """
    arms, values, words = [], [], []
    for measure, arm in part.arms:
        settings, rows = runs.of_arm(arm)
        arms.append((measure, settings, rows["seed"].to_numpy()))
        values.append(runs.values(rows, measure))
        words.append(f"{measure}({runs.in_words(arm, settings)})")
    single, between = len(values) == 1, " - " if part.times is None else " / "
    never = [runs.never(of_arm, measure) & (part.times is not None) for (measure, *_), of_arm in zip(arms, values, strict=True)]
    in_groups, remark = _groups(arms, values, never, words, runs)
    if part.times is not None:
        with np.errstate(divide="ignore"):
            values = [np.log(of_arm) for of_arm in values]
    effects = values[0] if single else stats.paired_differences(*values)
    if part.times is None and runs.kind(part.measure) == "share":
        effects = np.round(effects, DECIMALS)
    bounds = _bounds(part, runs, single)
    own = {"bounds": bounds, "chance": runs.measures[part.measure].lowest} if single and np.isfinite(bounds).all() else {}
    judge = stats.Sign if in_groups else partial(stats.judge, **own)
    judged = judge(effects, runs.correction, _test_variance(part, arms, runs))
    in_most = "in most seeds: " if judged.method == "sign" else ""
    if single and runs.kind(part.measure) == "share":  # no process is worse than chance, though a run may be
        bounds = max(bounds[0], np.fmin(runs.measures[part.measure].lowest, judged.estimate)), bounds[1]
    return Effect(part, f"{in_most}{between.join(words)}", judged, judge(effects), bounds, remark)


def groups_in_words(groups, unit, epochs=np.inf):
    """The two `stats.Group`s into which runs fall, with the interval of the first's share: `"10.0 % in 4 of 10 runs [12, 74 %] and 60.3 %
    in 6"`. A location beyond `epochs` is `"never"`; they default to infinity."""
    lower, upper = groups
    places = ("never" if group.location > epochs else in_unit(group.location, unit) for group in groups)
    counts = f"in {lower.runs} of {lower.n} runs [{share_bounds(lower.share_low, lower.share_high)}]", f"in {upper.runs}"
    return " and ".join(map(" ".join, zip(places, counts, strict=True)))


def _groups(arms, values, never, words, runs):
    """`(in_groups, remark)`: whether the runs of an arm, but those in `never`, fall into two groups; and words on all that do."""
    in_groups, remarks = False, []
    for (measure, *_), of_arm, late, name in zip(arms, values, never, words, strict=True):
        in_groups |= bool(runs.described(of_arm[~late], measure).groups)
        if groups := runs.described(of_arm, measure).groups:
            end = runs.epochs if runs.kind(measure) == "time" else np.inf
            remarks.append(f"{name} has two groups: {groups_in_words(groups, runs.measures[measure].unit, end)}")
    late = [bool(of_arm.any()) for of_arm in never]
    if any(late):
        known = "" if all(late) else f": the ratio is at {'least' if late[0] else 'most'} this"
        remarks.append(f"runs that never got there count as epoch {runs.epochs + 1}{known}")
    return in_groups, "; ".join(remarks)


def _test_variance(part, arms, runs):
    """The variance of a difference of accuracies that comes from the test samples, if all seeds share them and it is known."""
    if runs.correct is None or part.times is not None or [measure for measure, *_ in arms] != [TESTED_ON_IMAGES] * 2:
        return 0.0
    correct = [runs.correct(settings, seeds) for _, settings, seeds in arms]
    return 0.0 if any(of_arm is None for of_arm in correct) else stats.test_sample_variance(*correct)


def _bounds(part, runs, single):
    kind = runs.kind(part.measure)
    known = {"share": (0, 1), "event": (0, 1), "time": (1, runs.epochs + 1), "log": (0, np.inf)}
    lowest, highest = known.get(kind, (-np.inf, np.inf))
    return (lowest, highest) if single else (lowest - highest, highest - lowest)
