"""Simulated runs whose truth is known, of each kind of quantity that is measured."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import betaincinv, ndtri

from benchmarks.draws import (
    EPOCHS,
    SPLITS,
    accuracy,
    correlated,
    geometric,
    lognormal,
    lognormal_time,
    of_one_test_sample,
    of_times,
    on_splits,
    paired,
    rare,
    same_split,
    some_infinite,
    two_levels,
    two_point,
)
from common import stats

LARGE = 1_000_000  # runs, whose mean is taken for the truth


@dataclass(frozen=True)
class Arm:
    """Runs of one arm, described.

    Attributes:
        name: of the case.
        kind: see `stats.describe`.
        draw: function of a generator and a shape that returns values; NaN for an event that never came.
        truth: the location. Defaults to None: the mean of a large sample of runs that got there.
        upper: the share of runs in the upper of two groups. Defaults to None: of those of a large sample that lie above the middle between
            the two, or never got there.
        groups: the means of the two. Defaults to none.
        correction, lowest: see `stats.describe`. They default to 0 and None.
    """

    name: str
    kind: str
    draw: Any
    truth: float | None = None
    upper: float | None = None
    groups: tuple = ()
    correction: float = 0.0
    lowest: float | None = None

    @cached_property
    def location(self):
        """The truth."""
        return np.nanmean(self.draw(np.random.default_rng(0), LARGE)) if self.truth is None else self.truth

    @cached_property
    def sorted(self):
        """A large sample."""
        return np.sort(stats.censored_times(self.draw(np.random.default_rng(0), LARGE), EPOCHS))

    def share_above(self, value):
        """The true share of runs above a value."""
        return 1 - np.searchsorted(self.sorted, value) / LARGE if self.upper is None else self.upper

    def judge(self, random, n):
        """`(method, whether the interval of n runs holds the truth)`; None without an interval.

        Of runs of which none is in the second group, the mean is that of the group seen: nothing is said of the other.
        """
        values = self.draw(random, n)
        found = stats.describe(values, self.kind, self.correction, self.lowest, epochs=EPOCHS)
        if found.groups:
            below, above = found.groups
            return "groups", above.share_low <= self.share_above((below.high + above.low) / 2) <= above.share_high
        if np.isnan(found.low):
            return "runs", None
        truth = min(self.groups, key=lambda mean: abs(mean - found.location)) if self.groups else self.location
        return found.method, bool(found.low <= truth <= found.high)


@dataclass(frozen=True)
class Effects:
    """Effects, judged.

    Attributes:
        name: of the case.
        draw: function of a generator and a shape that returns effects.
        mean, median: the truths, of the effects that are finite, and of all. They default to None: those of a large sample.
        correction, test_variance: see `stats.judge`. They default to 0.
    """

    name: str
    draw: Any
    mean: float | None = None
    median: float | None = None
    correction: float = 0.0
    test_variance: float = 0.0

    @cached_property
    def truths(self):
        """`{method: location}`."""
        large = self.draw(np.random.default_rng(0), LARGE) if self.mean is None or self.median is None else np.zeros(1)
        mean = large[np.isfinite(large)].mean() if self.mean is None else self.mean
        return {"Student": mean, "sign": np.median(large[~np.isnan(large)]) if self.median is None else self.median}

    def judge(self, random, n):
        """`(method, whether the interval of n effects holds the truth)`; None without an interval."""
        judged = stats.judge(self.draw(random, n), self.correction, self.test_variance)
        low, high = judged.interval()
        if np.isinf([low, high]).all():
            return "runs", None
        return judged.method, bool(low <= self.truths[judged.method] <= high)


ARMS = [
    Arm("linear: normal", "linear", lambda random, shape: random.normal(1, 2, shape), 1.0),
    Arm("log: lognormal, sd of the log 0.75", "log", lambda random, shape: random.lognormal(0, 0.75, shape), 1.0),
    Arm("share: accuracy 85 % of 360", "share", lambda random, shape: random.binomial(360, 0.85, shape) / 360, 0.85),
    Arm("share: accuracy about 98 % of 360, beta(98, 2)", "share", accuracy(98, 2), 0.98),
    Arm("share: accuracy about 99.5 % of 360, beta(398, 2)", "share", accuracy(398, 2), 0.995),
    Arm("share: accuracy 99.5 % of 360", "share", lambda random, shape: random.binomial(360, 0.995, shape) / 360, 0.995),
    Arm("share: dead units, beta(1, 9)", "share", lambda random, shape: random.beta(1, 9, shape), 0.1),
    Arm("share: two groups, 10 % and 60 %, half each", "share", two_point(0.1, 0.6, 0.5), groups=(0.1, 0.6)),
    Arm("share: two groups, 50 % and 85 %, a fifth below", "share", two_point(0.5, 0.85, 0.8), groups=(0.5, 0.85)),
    Arm("share: of runs that diverge, 20 %", "share", lambda random, shape: (random.random(shape) < 0.2).astype(float), 0.2),
    Arm("time: 1, 2 or 3", "time", lambda random, shape: random.choice([1.0, 2.0, 3.0], shape, p=[0.6, 0.3, 0.1]), 1.5),
    Arm("time: geometric, mean 2", "time", geometric(0.5)),
    Arm("time: geometric, mean 10", "time", geometric(0.1)),
    Arm("time: lognormal, median 20, sd of the log 0.4", "time", lognormal_time(20, 0.4)),
    Arm("time: the same, 30 % never", "time", lognormal_time(20, 0.4, 0.3)),
    Arm("share: near 100 %, 70 % of the runs at it, the others below like an exponential", "share", rare(0.3, 0.005), 0.9985),
    Arm("share: near 100 %, all runs at it but 15 %", "share", rare(0.15, 0.005), 0.99925),
    Arm("share: accuracy 99.9 % of 360", "share", lambda random, shape: random.binomial(360, 0.999, shape) / 360, 0.999),
    Arm("share: above chance like an exponential", "share", lambda random, shape: 0.1 + random.exponential(0.02, shape), 0.12, lowest=0.1),
    Arm("share: above chance like a gamma of shape 3", "share", lambda random, shape: 0.1 + random.gamma(3, 0.02, shape), 0.16, lowest=0.1),
    Arm("log: lognormal, sd of the log 0.75, on splits", "log", on_splits(lambda u: np.exp(0.75 * ndtri(u))), 1.0, correction=SPLITS),
    Arm("share: beta(98, 2), on splits", "share", on_splits(lambda u: betaincinv(98, 2, u)), 0.98, correction=SPLITS),
    Arm("share: near 100 %, beta(398, 2), on splits", "share", on_splits(lambda u: betaincinv(398, 2, u)), 0.995, correction=SPLITS),
    Arm(
        "share: two groups, 10 % and 60 %, half each, on splits",
        "share",
        on_splits(lambda u: np.where(u < 0.5, 0.1 + 0.02 * u, 0.6 + 0.02 * u)),
        upper=0.5,
        groups=(0.105, 0.615),
        correction=SPLITS,
    ),
    Arm("share: accuracy about 98 % of 360, by Student's t, for comparison", "linear", accuracy(98, 2), 0.98),
]


DIFFERENCES = [
    Effects("difference, linear: normal, correlated", correlated, 0.0, 0.0),
    Effects("log ratio: lognormal, nothing in common", paired(lognormal, lognormal), 0.0, 0.0),
    Effects("difference, share: about 98 and 90 %", paired(accuracy(98, 2), accuracy(90, 10)), 0.08),
    Effects("difference, share: about 98 and 96 %, same split", same_split, 0.02),
    Effects("difference, share: one arm in two groups, 30 % below", paired(two_point(0.1, 0.6, 0.7), two_point(0.65, 0.65, 1)), -0.05),
    Effects("log ratio, time: geometric, mean 2 and 1.4", of_times(geometric(0.5), geometric(0.7))),
    Effects("log ratio, time: geometric, mean 10 and 5", of_times(geometric(0.1), geometric(0.2))),
    Effects("log ratio, time: lognormal, median 30 and 20", of_times(lognormal_time(30, 0.4), lognormal_time(20, 0.4))),
    Effects("log ratio, time: the same, 30 % of one arm never", of_times(lognormal_time(30, 0.4, 0.3), lognormal_time(20, 0.4))),
    Effects("log ratio, time: the same, 30 % of both never", of_times(lognormal_time(30, 0.4, 0.3), lognormal_time(20, 0.4, 0.3))),
    Effects(
        "difference, time: 10 % of one arm never, in epochs, for comparison",
        of_times(lognormal_time(30, 0.4, 0.1), lognormal_time(20, 0.4), np.asarray),
    ),
]
EFFECTS = [
    Effects("values, some infinite", lambda random, shape: some_infinite(random.lognormal(0, 1, shape)), 1.0, 1.0),
    Effects("values, some infinite, on splits", on_splits(lambda u: some_infinite(np.exp(ndtri(u)))), 1.0, 1.0, SPLITS),
    Effects("difference, share: two groups, on splits", on_splits(two_levels), two_levels(0.65), two_levels(0.5), SPLITS),
    Effects(
        "difference, share: two groups, one test sample",
        of_one_test_sample(lambda random, n: two_levels(random.random(n)), 0.01),
        two_levels(0.65),
        two_levels(0.5),
        test_variance=0.01**2,
    ),
    Effects("difference, only weights vary, with the correction of splits", lambda random, n: random.normal(0, 1, n), 0.0, 0.0, SPLITS),
]
ONE_GROUP = {
    "normal": lambda random, shape: random.normal(5, 1, shape),
    "lognormal, sd of the log 0.75": lambda random, shape: random.lognormal(0, 0.75, shape),
    "differences of lognormals": paired(*[lambda random, shape: random.lognormal(0, 0.75, shape)] * 2),
    "accuracy 85 % of 360": lambda random, shape: random.binomial(360, 0.85, shape) / 360,
    "accuracy 99.5 % of 360": lambda random, shape: random.binomial(360, 0.995, shape) / 360,
    "accuracy about 98 % of 360": accuracy(98, 2),
    "accuracy about 99.5 % of 360": accuracy(398, 2),
    "geometric times, mean 2": lambda random, shape: random.geometric(0.5, shape).astype(float),
}
