"""Rows about families of claims: the chance of any wrong verdict among claims that share runs, all judged by Student's t (all kinds of
effects are in `decided`), and among claims on single arms."""

from functools import cache

import numpy as np
from scipy.special import stdtr

from benchmarks.table import Row
from common import stats

ALPHA = 0.05
ALL_LOOKS = ((5,), (10,), (20,), (5, 10, 15, 20))  # numbers of seeds at which all claims are tested, each time at ALPHA / looks
ARMS = 6
PAIRS = [(a, b) for a in range(ARMS) for b in range(ARMS) if a < b]
# Each arm against each; and claims of two parts, such as "better than the next, which is better than the one after".
CLAIMS = [(i,) for i in range(len(PAIRS))] + [(i, i + 1) for i in range(0, len(PAIRS) - 1, 2)]
FAR = 8  # pairs whose effect is far above the margin where some are
# Of the arms' accuracies, about 99.5, 98, 96, 94, 90 and 85 %: beta distributions, whose spread is that of runs, or wide and skewed.
BETAS = np.array([(398, 98, 96, 94, 90, 85), (2, 2, 4, 6, 10, 15)])[..., None]
WIDE = np.array([(398, 98, 48, 31, 18, 11), (2, 2, 2, 2, 2, 2)])[..., None]
MEDIANS = np.array([3, 5, 8, 12, 20, 30])[:, None]  # epochs


def accuracies(random, shape, betas=BETAS):
    """Accuracies of six arms on 360 test samples; `betas` default to those of the spread of runs."""
    return random.binomial(360, random.beta(*(np.broadcast_to(of_arms, shape) for of_arms in betas))) / 360


def times(random, shape):
    """Epochs to an event, of six arms, with medians of 3 to 30."""
    return np.ceil(MEDIANS * random.lognormal(0, 0.5, shape))


# Runs of six arms, `(experiments, arms, runs)`, and the most that may be wrong, %; None for what is not used, and for a limit of what is.
DRAWS = {
    "normal runs": (lambda random, shape: random.normal(0, 1, shape), 100 * ALPHA),
    "accuracies of 99.5 to 85 %": (accuracies, 100 * ALPHA),
    "accuracies, wide and skewed, a limit": (lambda random, shape: accuracies(random, shape, WIDE), None),
    "times of 3 to 30 epochs, log ratios": (lambda random, shape: np.log(times(random, shape)), 100 * ALPHA),
    "times of 3 to 30 epochs, differences, for comparison": (times, None),
}


def rows(experiments):
    """The rows; each experiment is a table of all claims, with margins in the worst place: exactly at the true effect."""
    for name, (draw, goal) in DRAWS.items():
        for far, where in ((0, "all margins at the truth"), (FAR, f"{FAR} of {len(PAIRS)} pairs far from theirs")):
            yield from _rows(f"{name}, {where}", lambda looks, draw=draw, far=far: of_pairs(draw, looks, experiments, far), goal)
    yield from _rows("single accuracies of 99.5 to 85 %, margins at the truth", lambda looks: of_arms(looks, experiments // 8), 100 * ALPHA)


def _rows(name, error, goal):
    for looks in ALL_LOOKS:
        details = "four looks, each at a quarter of 5 %" if len(looks) > 1 else ""
        yield Row(f"any wrong verdict: {name}", ", ".join(map(str, looks)), 100 * error(looks), "%", goal, details)


def of_pairs(draw, looks, experiments, far=0):
    """The share of experiments with any wrong verdict on claims about differences of arms, seed by seed.

    A claim holds if all its parts do, so the largest of their p-values supports it (Berger 1982); it fails if one does, so the smallest,
    times their number, contradicts it (Bonferroni). Wrong is a claim that is supported though a part lies at its margin, or contradicted.

    Args:
        draw: function of a generator and a shape, see `DRAWS`.
        looks: numbers of seeds.
        experiments: how many.
        far: of so many pairs the effect is five standard deviations above the margin. Defaults to 0.
    """
    random = np.random.default_rng(0)
    runs = draw(random, (experiments, ARMS, max(looks))) - _means(draw)[:, None]
    effects = np.stack([runs[:, b] - runs[:, a] for a, b in PAIRS], axis=1)
    effects[:, :far] += 5 * effects.std(axis=(0, 2))[:far, None]
    wrong = np.array([[any(i >= far for i in claim), True] for claim in CLAIMS])
    return _any_wrong([_student(effects[:, :, :n]) for n in looks], wrong)


@cache
def _means(draw):
    """The arms' true means, array `(arms,)`: those of a large sample."""
    return draw(np.random.default_rng(1), (1, ARMS, 400_000)).mean(axis=2)[0]


def of_arms(looks, experiments):
    """The same for claims that an arm's accuracy is above its true one, by `stats.judge` with bounds."""
    runs = accuracies(np.random.default_rng(0), (experiments, ARMS, max(looks)))
    means = (BETAS[0] / BETAS.sum(axis=0))[:, 0]
    p_values = []
    for n in looks:
        judged = [[stats.judge(arm, bounds=(0, 1)) for arm in experiment] for experiment in runs[:, :, :n]]
        found = [[(arm.p_above(mean), arm.p_below(mean)) for arm, mean in zip(arms, means, strict=True)] for arms in judged]
        p_values.append(np.array(found))
    return _any_wrong(p_values, np.ones((ARMS, 2), bool))


def _student(effects):
    """Array `(experiments, claims, 2)`: p-values of what supports and of what contradicts each claim; t tests of all at once."""
    n, spread = effects.shape[2], effects.std(axis=2, ddof=1)
    score = effects.mean(axis=2) / np.where(spread > 0, spread, np.inf) * np.sqrt(n)
    above, below = stdtr(n - 1, -score), stdtr(n - 1, score)
    supports = [above[:, list(claim)].max(axis=1) for claim in CLAIMS]
    contradicts = [np.minimum(len(claim) * below[:, list(claim)].min(axis=1), 1) for claim in CLAIMS]
    return np.stack([np.stack(supports, axis=1), np.stack(contradicts, axis=1)], axis=2)


def _any_wrong(p_values, wrong):
    """The share of experiments in which, at any look, Holm's procedure rejects what it would be wrong to."""
    alpha = ALPHA / len(p_values)
    rejected = [[(stats.holm(claims.ravel(), alpha)[0] <= alpha) & wrong.ravel() for claims in of_look] for of_look in p_values]
    return np.any(rejected, axis=(0, 2)).mean()
