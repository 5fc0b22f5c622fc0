"""Simulated runs whose truth is known, of each kind of quantity that is measured."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from common import stats

EPOCHS = 100
LARGE = 1_000_000  # runs, whose mean is taken for the truth


@dataclass(frozen=True)
class Arm:
    """Runs of one arm, described.

    Attributes:
        name: of the case.
        kind: see `stats.describe`.
        draw: function of a generator and a shape that returns values; NaN for an event that never came.
        truth: the location. Defaults to None: the mean of a large sample of runs that got there.
        upper: the share of runs in the upper of two groups. Defaults to None: of those that never got there.
        groups: the means of the two. Defaults to none.
    """

    name: str
    kind: str
    draw: Any
    truth: float | None = None
    upper: float | None = None
    groups: tuple = ()

    @cached_property
    def location(self):
        """The truth."""
        return np.nanmean(self.draw(np.random.default_rng(0), LARGE)) if self.truth is None else self.truth

    @cached_property
    def share(self):
        """The true share in the upper group."""
        return np.isnan(self.draw(np.random.default_rng(0), LARGE)).mean() if self.upper is None else self.upper

    def judge(self, random, n):
        """`(method, whether the interval of n runs holds the truth)`; None without an interval.

        Of runs of which none is in the second group, the mean is that of the group seen: nothing is said of the other.
        """
        values = self.draw(random, n)
        found = stats.describe(values, self.kind, epochs=EPOCHS)
        if found.groups:
            share = found.groups[1]
            return "groups", share.share_low <= self.share <= share.share_high
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
    """

    name: str
    draw: Any
    mean: float | None = None
    median: float | None = None

    @cached_property
    def truths(self):
        """`{method: location}`."""
        large = self.draw(np.random.default_rng(0), LARGE) if self.mean is None or self.median is None else np.zeros(1)
        mean = large[np.isfinite(large)].mean() if self.mean is None else self.mean
        return {"Student": mean, "sign": np.median(large[~np.isnan(large)]) if self.median is None else self.median}

    def judge(self, random, n):
        """`(method, whether the interval of n effects holds the truth)`; None without an interval."""
        judged = stats.judge(self.draw(random, n))
        low, high = judged.interval()
        if np.isinf([low, high]).all():
            return "runs", None
        return judged.method, bool(low <= self.truths[judged.method] <= high)


def accuracy(a, b, test=360):
    """Accuracies on a test set: each run's own, of a beta distribution, and the sampling of its test samples."""
    return lambda random, shape: random.binomial(test, random.beta(a, b, shape)) / test


def two_point(low, high, share):
    """Runs that fail, at `low`, and runs that do not."""
    return lambda random, shape: np.where(random.random(shape) < share, high, low) + random.normal(0, 0.01, shape)


def geometric(chance):
    """Epochs to an event that has the same chance at each; NaN if it never comes."""
    return lambda random, shape: _until_the_end(random.geometric(chance, shape).astype(float))


def lognormal_time(median, sd, never=0.0):
    """Epochs to an event that comes about its median; a share of the runs never gets there."""

    def draw(random, shape):
        times = np.ceil(random.lognormal(np.log(median), sd, shape))
        return _until_the_end(np.where(random.random(shape) < never, np.nan, times))

    return draw


def _until_the_end(times):
    return np.where(times > EPOCHS, np.nan, times)


ARMS = [
    Arm("linear: normal", "linear", lambda random, shape: random.normal(1, 2, shape), 1.0),
    Arm("log: lognormal, sd of the log 0.75", "log", lambda random, shape: random.lognormal(0, 0.75, shape), 1.0),
    Arm("share: accuracy 85 % of 360", "share", lambda random, shape: random.binomial(360, 0.85, shape) / 360, 0.85),
    Arm("share: accuracy about 98 % of 360, beta(98, 2)", "share", accuracy(98, 2), 0.98),
    Arm("share: accuracy about 99.5 % of 360, beta(398, 2)", "share", accuracy(398, 2), 0.995),
    Arm("share: accuracy 99.5 % of 360", "share", lambda random, shape: random.binomial(360, 0.995, shape) / 360, 0.995),
    Arm("share: dead units, beta(1, 9)", "share", lambda random, shape: random.beta(1, 9, shape), 0.1),
    Arm("share: two groups, 10 % and 60 %, half each", "share", two_point(0.1, 0.6, 0.5), upper=0.5, groups=(0.1, 0.6)),
    Arm("share: two groups, 50 % and 85 %, a fifth below", "share", two_point(0.5, 0.85, 0.8), upper=0.8, groups=(0.5, 0.85)),
    Arm("share: of runs that diverge, 20 %", "share", lambda random, shape: (random.random(shape) < 0.2).astype(float), 0.2),
    Arm("time: 1, 2 or 3", "time", lambda random, shape: random.choice([1.0, 2.0, 3.0], shape, p=[0.6, 0.3, 0.1]), 1.5),
    Arm("time: geometric, mean 2", "time", geometric(0.5)),
    Arm("time: geometric, mean 10", "time", geometric(0.1)),
    Arm("time: lognormal, median 20, sd of the log 0.4", "time", lognormal_time(20, 0.4)),
    Arm("time: the same, 30 % never", "time", lognormal_time(20, 0.4, 0.3)),
    Arm("share: accuracy about 98 % of 360, by Student's t, for comparison", "linear", accuracy(98, 2), 0.98),
    Arm(
        "share: above chance like an exponential, for comparison",
        "share",
        lambda random, shape: 0.1 + random.exponential(0.02, shape),
        0.12,
    ),
]


def paired(draw_a, draw_b):
    """Differences of two arms with nothing in common."""
    return lambda random, shape: draw_a(random, shape) - draw_b(random, shape)


def correlated(random, shape):
    """Differences of normal runs with a correlation of 0.5, and different spreads."""
    common = random.normal(0, 1, shape)
    return (common + random.normal(0, 1, shape)) - 2 * (common + random.normal(0, 1, shape))


def same_split(random, shape):
    """Differences of accuracies of about 98 and 96 % on the same split, which is harder or easier for both."""
    hard, own = random.gamma(2, 0.005, shape), random.gamma(4, (0.0025, 0.0075), (*np.atleast_1d(shape), 2))
    return -np.diff(random.binomial(360, 1 - hard[..., None] - own), axis=-1)[..., 0] / 360


def of_times(draw_a, draw_b, scale=np.log):
    """Differences of the logarithms of two arms' times, censored at the last epoch; `scale` defaults to the logarithm."""
    return lambda random, shape: np.subtract(*(scale(stats.censored_times(draw(random, shape), EPOCHS)) for draw in (draw_a, draw_b)))


def lognormal(random, shape):
    return random.normal(0.3, 0.75, shape)


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
    Effects("values, some infinite", lambda random, shape: (lambda v: np.where(v > 4, np.inf, v))(random.lognormal(0, 1, shape)), 1.0, 1.0),
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


def split_differences(random, datasets, splits, samples=1797, tested=360, classes=10, features=6):
    """The differences of accuracy between two nearest-mean classifiers, by random splits of each of many datasets.

    Args:
        random: a NumPy generator.
        datasets, splits: how many, and how many of each.
        samples, tested: of a dataset, and of these in a test part. Default to 1,797 and 360, Digits'.
        classes, features: of a dataset, a mixture of normal clouds. Default to 10 and 6; the second classifier sees all but two.

    Returns:
        `(differences, correction)`: array `(datasets, splits)`, and n_test / n_train.
    """
    centres = np.random.default_rng(1).normal(0, 1.5, (classes, features))
    found = np.empty((datasets, splits))
    for i in range(datasets):
        labels = np.sort(random.integers(classes, size=samples))
        x = centres[labels] + random.normal(0, 1, (samples, features))
        is_test = np.argsort(random.random((splits, samples)), axis=1) < tested
        of_class = [labels == c for c in range(classes)]
        counts = np.array([(~is_test[:, of]).sum(axis=1) for of in of_class])
        sums = np.array([(~is_test[:, of]).astype(float) @ x[of] for of in of_class])
        means = np.swapaxes(sums / counts[..., None], 0, 1)  # (splits, classes, features)
        right = []
        for seen in (features, features - 2):
            away = (means[:, :, :seen] ** 2).sum(axis=2)[:, None] - 2 * (x[:, :seen] @ np.swapaxes(means[:, :, :seen], 1, 2))
            right.append(((away.argmin(axis=2) == labels) & is_test).sum(axis=1) / tested)
        found[i] = right[0] - right[1]
    return found, tested / (samples - tested)


def crossed(random, seeds, images=1000):
    """The images of one test sample that two arms' networks get right: images differ in how hard they are, and for which arm.

    Args:
        random: a NumPy generator.
        seeds: networks of each arm.
        images: of the sample. Defaults to 1,000.

    Returns:
        Two bool arrays `(seeds, images)`.
    """
    ease = random.normal(1.5, 1, images)
    arms = (ease + random.normal(of_arm, 0.7, images) for of_arm in (0.1, 0))
    shift = random.normal(0, 0.05, (2, seeds, 1))
    return tuple(arm + own + random.normal(0, 0.7, (seeds, images)) > 0 for arm, own in zip(arms, shift, strict=True))
