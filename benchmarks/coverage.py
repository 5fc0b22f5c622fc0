"""Rows about intervals and tests: how often they are wrong in simulated experiments whose truth is known."""

from dataclasses import dataclass

import numpy as np
from scipy.special import comb

from benchmarks import decided, draws, families, simulated
from benchmarks.table import Row
from common import stats

NUMBERS = (5, 10, 20, 30)  # of runs
EXPERIMENTS = 4000  # where all are drawn at once; a case that is judged sample by sample has half as many
MOST_MISSED = 6.5  # %, of nominal 95 % intervals: they cover 93.5 % at least


@dataclass(frozen=True)
class Covered:
    """The result of one case.

    Attributes:
        name: of the case.
        shares: of experiments in which the interval holds the truth or there is none, by number of runs.
        without: shares of experiments without an interval, by number of runs.
        methods: those that were used, the most frequent first.
    """

    name: str
    shares: tuple
    without: tuple
    methods: tuple

    def row(self):
        """Its `Row`, of the number of runs at which most is missed."""
        covers = ", ".join(f"{100 * share:.1f}" for share in self.shares)
        without = ", ".join(f"{100 * share:.0f}" for share in self.without)
        details = (
            f"covers {covers} %" + (f"; no interval {without} %" if max(self.without) >= 0.005 else "") + f"; {', '.join(self.methods)}"
        )
        goal = None if self.name.endswith(("for comparison", "a limit")) else MOST_MISSED
        return Row(self.name, ", ".join(map(str, NUMBERS)), 100 * (1 - min(self.shares)), "% missed", goal, details)


def rows(size):
    """All rows; `size` is a `Size`."""
    experiments = 50 if size.most else EXPERIMENTS
    for case in size.few(simulated.ARMS) + size.few(simulated.DIFFERENCES) + size.few(simulated.EFFECTS):
        yield covered(case, experiments // 2).row()
    for found in (*of_splits(experiments // 2), *of_test_samples(experiments // 2)):
        yield found.row()
    for name, draw in size.few(list(simulated.ONE_GROUP.items())):
        alarms = [100 * false_alarms(draw, n, experiments) for n in NUMBERS]
        details = "at 5, 10, 20, 30 runs: " + ", ".join(f"{alarm:.1f}" for alarm in alarms)
        yield Row(f"two groups seen where there is one: {name}", "5, 10, 20, 30", max(alarms), "%", 1.0, details)
    yield from of_shares()
    yield from families.rows(experiments)
    yield from decided.rows(max(experiments // 8, 2))


def covered(case, experiments, numbers=NUMBERS):
    """The `Covered` of a `simulated` case: it draws, and says of each sample by what method it was judged and whether that holds.

    Args:
        case: `(name, function)`; the function takes a generator and n, and returns `(method, holds)`, None for holds without an interval.
        experiments: how many.
        numbers: of runs. Defaults to `NUMBERS`.
    """
    shares, without, methods = [], [], {}
    for n in numbers:
        random = np.random.default_rng([n, *case.name.encode()])
        found = [case.judge(random, n) for _ in range(experiments)]
        shares.append(np.mean([holds is None or bool(holds) for _, holds in found]))
        without.append(np.mean([holds is None for _, holds in found]))
        for method, _ in found:
            methods[method] = methods.get(method, 0) + 1
    common = sorted((name for name, times in methods.items() if times > 0.01 * experiments), key=methods.get, reverse=True)
    return Covered(case.name, tuple(shares), tuple(without), tuple(common))


def false_alarms(draw, n, experiments):
    """The share of experiments in which runs of one group seem to be two."""
    random = np.random.default_rng(n)
    return np.mean([stats.two_groups(draw(random, n)) is not None for _ in range(experiments)])


def of_splits(datasets):
    """Random splits of one dataset, with the correction and without; the truth is the mean over datasets."""
    values, correction = draws.split_differences(np.random.default_rng(0), datasets, max(NUMBERS))
    for name, heeded in (("with its correction", correction), ("without, for comparison", 0.0)):
        yield _of_means(f"random splits of one dataset of 1,797, difference, {name}", values, values.mean(), heeded, np.zeros(len(NUMBERS)))


def of_test_samples(samples):
    """Seeds crossed with a test sample of 1,000 images, its own error heeded or not; the truth is the mean over samples."""
    drawn = [draws.crossed(np.random.default_rng(i), max(NUMBERS)) for i in range(samples)]
    values = np.array([a.mean(axis=1) - b.mean(axis=1) for a, b in drawn])
    own = np.array([[stats.test_sample_variance(a[:n], b[:n]) for n in NUMBERS] for a, b in drawn])
    for name, heeded in (("with its error", own), ("without, for comparison", np.zeros_like(own))):
        yield _of_means(f"one test sample of 1,000 for all runs, difference, {name}", values, values.mean(), 0.0, heeded)


def _of_means(name, values, truth, correction, variances):
    """The `Covered` of differences, `(experiments, runs)`, of which the first n are judged."""
    variances = np.broadcast_to(variances, (len(values), len(NUMBERS)))
    shares = []
    for n, of_n in zip(NUMBERS, variances.T, strict=True):
        held = [stats.judge(row[:n], correction, own).interval() for row, own in zip(values, of_n, strict=True)]
        shares.append(np.mean([low <= truth <= high for low, high in held]))
    return Covered(name, tuple(shares), (0.0,) * len(NUMBERS), ("Student",))


def of_shares():
    """Intervals of a share where they cover least, by enumeration: Clopper & Pearson's, and Wilson's for comparison."""
    for name, interval, goal in (("Clopper and Pearson's", stats.share_interval, 5.0), ("Wilson's, for comparison", _wilson, None)):
        least = [least_covered(interval, n) for n in NUMBERS]
        details = "covers " + ", ".join(f"{100 * share:.1f}" for share in least) + " %"
        yield Row(f"share of runs in a group, the worst share: {name}", "5, 10, 20, 30", 100 * (1 - min(least)), "% missed", goal, details)


def least_covered(interval, n):
    """The coverage of an interval of a share at the worst of the shares from 2 to 98 %; `interval` is a function of a count and n."""
    shares, counts = np.linspace(0.02, 0.98, 961), np.arange(n + 1)
    low, high = np.transpose([interval(int(count), n) for count in counts])
    chances = comb(n, counts) * shares[:, None] ** counts * (1 - shares[:, None]) ** (n - counts)
    return (chances * ((low <= shares[:, None]) & (shares[:, None] <= high))).sum(axis=1).min()


def _wilson(count, n, z=1.959964):
    middle, half = (count + z**2 / 2) / (n + z**2), z * np.sqrt(count * (n - count) / n + z**2 / 4) / (n + z**2)
    return middle - half, middle + half
