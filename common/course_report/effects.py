"""From a part of a claim and the runs of a dataset to an effect: a value by seed, and the judgement of them all."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from common import stats
from common.experiment.formatting import in_unit

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
        remark: words on arms whose runs fall into two groups. Defaults to none.
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
    equal, and where they, or the runs of an arm, fall into two groups, of which no run has the mean.

    Raises:
        CannotDecide: if an arm was not run.
    """
    arms, values, words, groups = [], [], [], {}
    for measure, arm in part.arms:
        settings, rows = runs.of_arm(arm, measure)
        name = f"{measure}({runs.in_words(arm, settings)})"
        arms.append((measure, settings, rows["seed"].to_numpy()))
        values.append(runs.values(rows, measure))
        words.append(name)
        if described := runs.described(values[-1], measure).groups:
            groups[name] = f"{name} has two groups: {groups_in_words(described, runs.measures[measure].unit)}"
    single, between = len(values) == 1, " - " if part.times is None else " / "
    if part.times is not None:
        with np.errstate(divide="ignore"):
            values = [np.log(of_arm) for of_arm in values]
    effects = values[0] if single else stats.paired_differences(*values)
    if part.times is None and runs.kind(part.measure) == "share":
        effects = np.round(effects, DECIMALS)
    bounds = _bounds(part, runs, single)
    own = {"bounds": bounds} if single and np.isfinite(bounds).all() else {}
    judge = stats.Sign if groups else partial(stats.judge, **own)
    judged = judge(effects, runs.correction, _test_variance(part, arms, runs))
    in_most = "in most seeds: " if judged.method == "sign" else ""
    if single and runs.kind(part.measure) == "share":  # no process is worse than chance, though a run may be
        bounds = max(bounds[0], min(runs.measures[part.measure].lowest, np.nanmin(effects))), bounds[1]
    return Effect(part, f"{in_most}{between.join(words)}", judged, judge(effects), bounds, "; ".join(groups.values()))


def groups_in_words(groups, unit):
    """The two `stats.Group`s into which runs fall: `"10.0 % in 4 of 5 runs and 60.3 % in 1 of 5"`."""
    lower, upper = (f"{in_unit(group.location, unit)} in {group.runs} of {group.n}" for group in groups)
    return f"{lower} runs and {upper}"


def _test_variance(part, arms, runs):
    """The variance of a difference of accuracies that comes from the test samples, if all seeds share them and it is known."""
    if runs.correct is None or part.times is not None or [measure for measure, *_ in arms] != [TESTED_ON_IMAGES] * 2:
        return 0.0
    correct = [runs.correct(settings, seeds) for _, settings, seeds in arms]
    return 0.0 if any(of_arm is None for of_arm in correct) else stats.test_sample_variance(*correct)


def _bounds(part, runs, single):
    kind = runs.kind(part.measure)
    lowest, highest = {"share": (0, 1), "time": (1, runs.epochs + 1), "log": (0, np.inf), "linear": (-np.inf, np.inf)}[kind]
    return (lowest, highest) if single else (lowest - highest, highest - lowest)
