"""From claims and runs to verdicts, all of a call together: their tests are one family.

Each claim that has data has two one-sided hypotheses: it does not hold, and it does. Holm's procedure over them all keeps the chance of
any false rejection, and so of any wrong verdict, at alpha, whatever the dependence between the tests (Holm 1979): claims may share runs,
and the two directions of a claim may be tested together. Seeds that an open claim needs are those for a call with `--until-decided`, whose
looks are paid for: a quarter of alpha each.
"""

import numpy as np

from common import stats
from common.course_report.effects import effect_of
from common.course_report.runs import CannotDecide
from common.course_report.verdicts import Verdict
from common.experiment.grid import LOOKS

LEAST_SEEDS = 5
ALPHA = 0.05
POWER = 0.8  # the chance with which the seeds that are said to be needed decide
MOST_SEEDS = 1000


def decide(claims, runs_of, alpha=ALPHA):
    """The verdicts on all claims.

    Args:
        claims: the `Claim`s.
        runs_of: `{dataset: Runs}`.
        alpha: the chance of any wrong verdict. Defaults to 0.05; less where the same claims are decided several times, as runs are added.

    Returns:
        List of `Verdict`, for each dataset in the order of the claims.

    Example:

    ```python
    decided = decide(CLAIMS, {"digits": Runs(summary, ("optimizer",), measures, epochs=100)})
    decided[0].verdict  # "supported"
    ```
    """
    found = [_test(claim, dataset, runs) for dataset, runs in runs_of.items() for claim in claims if dataset in claim.datasets]
    tests = [one for one in found if isinstance(one, _Test)]
    p_values = [p_value for test in tests for p_value in (test.supports, test.contradicts)]
    with_more_seeds = stats.holm(p_values, ALPHA / LOOKS)[1]
    of_tests = zip(*(np.reshape(one, (-1, 2)) for one in (*stats.holm(p_values, alpha), with_more_seeds)), strict=True)
    return [one.verdict(*next(of_tests), alpha) if isinstance(one, _Test) else one for one in found]


class _Test:
    """A claim on one dataset, with the one-sided p-values that one of its ways holds in all parts, and that each fails in one; `effects`
    are its `Effect`s."""

    def __init__(self, claim, dataset, effects):
        self.claim, self.dataset, self.effects = claim, dataset, effects
        self.parts = len(effects) // claim.ways
        p_values = np.reshape([effect.p_values(dataset) for effect in effects], (claim.ways, self.parts, 2))
        holds, fails = p_values[..., 0], p_values[..., 1]
        # All must be so: the largest (Berger 1982). One may: the smallest, times their number (Bonferroni).
        of_ways = holds.max(axis=1), np.minimum(self.parts * fails.min(axis=1), 1)
        self.supports, self.contradicts = min(1.0, float(claim.ways * of_ways[0].min())), float(of_ways[1].max())
        self.against = self.supports > self.contradicts
        way = int(np.argmax(of_ways[1]) if self.against else np.argmin(of_ways[0]))
        self.deciding = way * self.parts + int(np.argmin(fails[way]) if self.against else np.argmax(holds[way]))

    def verdict(self, adjusted, levels, later, alpha):
        """The `Verdict`, given Holm's adjusted p-values of the claim's two hypotheses, the levels of their tests, and those with more
        seeds."""
        effect, p_value, level = self.effects[self.deciding], adjusted[int(self.against)], levels[int(self.against)]
        estimate, low, high, confidence = effect.numbers(level / (self.parts if self.against else self.claim.ways))
        decided = p_value <= alpha
        verdict = "inconclusive" if not decided else "contradicted" if self.against else "supported"
        seeds, reason = (None, "") if decided else self._seeds_needed(*later)
        shown = (estimate, low, high, effect.judged.n, float(min(1.0, p_value * ALPHA / alpha)), float(confidence), effect.judged.method)
        remark = "; ".join(filter(None, [effect.remark, reason]))
        return Verdict(self.claim, self.dataset, verdict, "", self.deciding, effect.statistic, *shown, seeds, remark)

    def _seeds_needed(self, to_support, to_contradict):
        """`(seeds, reason)`: the fewer of those that would probably support and contradict, if the effects are as they are estimated; or
        None, and the reason."""
        ways = self.claim.ways
        holds = self._seeds(True, to_support / ways, 1 - (1 - POWER) / self.parts)
        fails = self._seeds(False, to_contradict / self.parts, 1 - (1 - POWER) / ways)
        # In one way all parts must hold; in all ways one must fail. First of the seeds, then as if the dataset had no end.
        seeds, endless = (min(of.max(axis=1).min(), none.min(axis=1).max()) for of, none in zip(holds, fails, strict=True))
        if np.isfinite(seeds):
            return max(int(seeds), self.effects[self.deciding].judged.n + 1), ""
        cause = "the samples of the dataset are too few" if np.isfinite(endless) else "the estimate is too close to the margin"
        return None, f"no number of seeds up to {MOST_SEEDS:,} would decide: {cause}"

    def _seeds(self, holds, alpha, power):
        """The seeds that each part needs to hold, or to fail: `(seeds, endless)`, arrays `(ways, parts)`, infinite where no number would
        do; `endless` is finite where it would if the dataset had no end."""
        found = [effect.seeds_needed(self.dataset, holds, alpha, power, MOST_SEEDS) for effect in self.effects]
        seeds = np.reshape([np.inf if needed is None else needed for needed, _ in found], (self.claim.ways, self.parts))
        return seeds, np.where(np.reshape([samples for _, samples in found], seeds.shape), 1.0, seeds)


def _test(claim, dataset, runs):
    """The `_Test` of a claim, or the `Verdict` that it is not tested."""
    try:
        effects = [effect_of(part, runs) for part in claim.parts]
        _require(claim, runs)
    except CannotDecide as reason:
        return Verdict(claim, dataset, "inconclusive", str(reason), seeds_needed=reason.seeds)
    return _Test(claim, dataset, effects)


def _require(claim, runs):
    if runs.epochs < claim.least_epochs:
        raise CannotDecide(f"needs {claim.least_epochs} epochs, has {runs.epochs}")
    seeds = runs.summary["seed"].nunique()
    if seeds < LEAST_SEEDS:
        raise CannotDecide(f"needs {LEAST_SEEDS} seeds, has {seeds}", LEAST_SEEDS)
