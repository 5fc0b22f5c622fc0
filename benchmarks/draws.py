"""Draws of simulated runs: each function takes a NumPy generator and a shape, or makes a function that does."""

import numpy as np
from scipy.special import ndtr

from common import stats

EPOCHS = 100
SPLITS = 0.25  # n_test / n_train of random splits, Digits' correction


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


def rare(share, size):
    """Runs at 100 %, of which a share lies below, by an exponential of that mean."""
    return lambda random, shape: 1 - np.where(random.random(shape) < share, random.exponential(size, shape), 0)


def on_splits(quantile):
    """n runs on random splits of one dataset, as correlated as Nadeau & Bengio take them to be; `quantile` gives their distribution."""

    def draw(random, n):
        correlation = SPLITS / (1 + SPLITS)
        return quantile(ndtr(np.sqrt(correlation) * random.normal() + np.sqrt(1 - correlation) * random.normal(0, 1, n)))

    return draw


def of_one_test_sample(draw, sd):
    """Effects that a test sample shifts all alike, by a normal variable."""
    return lambda random, n: draw(random, n) + random.normal(0, sd)


def _until_the_end(times):
    return np.where(times > EPOCHS, np.nan, times)


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


def some_infinite(values):
    """Values of which those above 4 are infinite, as of runs that diverge."""
    return np.where(values > 4, np.inf, values)


def two_levels(u):
    """Differences of which 30 % lie about 50 points below the others; `u` is uniform."""
    return np.where(u < 0.3, -0.55, -0.05) + 0.02 * u


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
