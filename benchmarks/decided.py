"""Rows about whole families of claims as `common.course_report` decides them: runs of all kinds by hand, and every method in use."""

from unittest import mock

import numpy as np
import pandas as pd
from scipy.special import betaincinv, ndtr, ndtri

from benchmarks.draws import SPLITS
from benchmarks.table import Row
from common.course_report import deciding
from common.course_report.claims import Above, Below, Claim
from common.course_report.runs import Runs
from common.experiment.measures import SUMMARY

NAME = "claims of all kinds on splits, as the scripts decide them"
ALPHA, CHANCE, EPOCHS, LARGE = 0.05, 0.1, 100, 200_000
NUMBERS = (10, 20)  # of seeds
ACCURACY, TIME, LOSS = "final_test_accuracy", "epochs_to_target", "min_test_loss"
BETAS = (
    (98, 2),
    (96, 4),
    (94, 6),
)  # of three arms' accuracies; a fourth has two groups, a fifth mostly fails, a sixth is just above chance
MEDIANS = (5, 8, 12, 20, 30, 40)  # epochs
NEVER = (0, 0, 0, 0.2, 0.3, 0.5)  # shares of the runs
PAIRS = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (3, 5))
BOTH = (((0, 1), (1, 2)), ((0, 2), (1, 2)))  # claims of two parts
ARMS = "abcdef"


def rows(families):
    """The rows; of each family any verdict is wrong, for all margins are at the truth."""
    for n in NUMBERS:
        yield Row(f"any wrong verdict: {NAME}", n, 100 * any_wrong(n, families), "%", 100 * ALPHA)


def any_wrong(n, families):
    """The share of families with a wrong verdict; of n seeds, so many families are simulated."""
    truths = _truths()
    claims = [claim for claim, _ in _claims(truths)]
    true_of = {claim.id: truth for claim, truth in _claims(truths)}
    found = []
    with mock.patch.object(deciding, "MOST_SEEDS", 0):  # the seeds that would decide are not asked for, and take nearly all of the time
        for family in range(families):
            runs = _as_runs(_runs(np.random.default_rng([family, 1]), n))
            verdicts = deciding.decide(claims, {"digits": runs}, ALPHA)
            found.append(any(_is_wrong(verdict, true_of[verdict.claim.id]) for verdict in verdicts))
    return np.mean(found)


def _runs(random, n, correlation=SPLITS / (1 + SPLITS)):
    """`{measure: array (arms, n)}`. Runs are correlated as splits of one dataset are said to be, in arms and in their differences; half of
    what varies belongs to the split and the seed, which all arms share."""
    found = {}
    for measure, quantiles in ((ACCURACY, _accuracies), (TIME, _times), (LOSS, _losses)):
        shared, own = (np.sqrt(0.5) * random.normal(0, 1, shape) for shape in ((1, n), (len(ARMS), n)))
        of_dataset = np.sqrt(0.5) * (random.normal() + random.normal(0, 1, (len(ARMS), 1)))
        found[measure] = quantiles(ndtr(np.sqrt(correlation) * of_dataset + np.sqrt(1 - correlation) * (shared + own)))
    return found


def _accuracies(u):
    levels = [betaincinv(a, b, of_arm) for (a, b), of_arm in zip(BETAS, u, strict=False)]
    two = np.where(u[3] < 0.3, 0.5 + 0.1 * u[3], 0.87 + 0.05 * u[3])
    fails = np.where(u[4] < 0.85, 0.1 + 0.01 * u[4], 0.55 + 0.05 * u[4])
    return np.round([*levels, two, fails, CHANCE - 0.02 * np.log1p(-u[5])], 6)


def _times(u):
    times = np.ceil(np.array(MEDIANS)[:, None] * np.exp(0.4 * ndtri(np.clip(u / (1 - np.array(NEVER)[:, None]), 0, 1))))
    return np.where(times > EPOCHS, np.nan, times)


def _losses(u):
    return np.exp(0.75 * ndtri(u))


def _as_runs(of_measures):
    n = of_measures[ACCURACY].shape[1]
    rows = pd.DataFrame({"loss": np.repeat(list(ARMS), n), "seed": np.tile(np.arange(n), len(ARMS))})
    rows = rows.assign(**{measure: runs.ravel() for measure, runs in of_measures.items()})
    return Runs(rows, ("loss",), {measure.name: measure.on(SPLITS, CHANCE) for measure in SUMMARY}, EPOCHS, correction=SPLITS)


def _truths():
    """The values of a large sample without correlation between runs, in each measure's own scale."""
    large = _runs(np.random.default_rng(0), LARGE, correlation=0.0)
    return {
        ACCURACY: large[ACCURACY],
        TIME: np.log(np.where(np.isnan(large[TIME]), EPOCHS + 1, large[TIME])),
        LOSS: np.log(large[LOSS]),
    }


def _claims(truths):
    """Pairs of `Claim` and the `(mean, median)` of its first part; the margin is at the mean, or the median of what is judged by it."""
    found = []
    for measure in truths:
        for pairs in [*((pair,) for pair in PAIRS), *(BOTH if measure != TIME else ())]:
            parts = [_above(measure, a, b, truths[measure]) for a, b in pairs]
            found.append((f"{measure} {pairs}", tuple(part for part, _ in parts), parts[0][1]))
    for arm in range(len(ARMS)):
        truth = _locations(truths[ACCURACY][arm])
        found.append((f"single {arm}", (Below(ACCURACY, {"loss": ARMS[arm]}, limit=truth[_by_median(ACCURACY, arm)]),), truth))
    return [(Claim(name, "", parts, ("digits",), 1), truth) for name, parts, truth in found]


def _above(measure, a, b, of_arms):
    truth = _locations(of_arms[a] - of_arms[b])
    margin = truth[_by_median(measure, a, b)]
    by = {"by": margin} if measure == ACCURACY else {"times": float(np.exp(margin))}
    return Above(measure, {"loss": ARMS[a]}, {"loss": ARMS[b]}, **by), truth


def _by_median(measure, *arms):
    """1 if an arm has two groups, or is just above chance, so that most runs are judged by their median."""
    return int(measure == ACCURACY and (3 in arms or 4 in arms or arms == (5,)))


def _locations(values):
    return float(values.mean()), float(np.median(values))


def _is_wrong(verdict, truth):
    """Whether a verdict is wrong of the location that was judged, which is the median or the mean; that a claim is smaller than claimed is
    wrong where it is not, or where it has not its direction."""
    if verdict.verdict == "undecided":
        return False
    part, location = verdict.claim.parts[0], truth[int(verdict.method == "sign")]
    margin, nothing = (np.log(of) if part.times else of for of in (part.margin("digits"), part.nothing("digits")))
    above, directed = part.sign * (location - margin), part.sign * (location - nothing) > 1e-9
    if verdict.verdict == "supported":
        return above <= 1e-9
    return above >= -1e-9 or (verdict.verdict == "smaller than claimed" and not directed)
