"""From claims and runs to verdicts, all of a call together: their tests are one family.

Each claim that has data has two one-sided hypotheses: it does not hold, and it does. Holm's procedure over them all keeps the chance of
any false rejection, and so of any wrong verdict, at alpha, whatever the dependence between the tests (Holm 1979): claims may share runs,
and the two directions of a claim may be tested together.
"""

import numpy as np

from common import stats
from common.course_report.effects import effect_of
from common.course_report.runs import CannotDecide
from common.course_report.verdicts import Verdict
from common.experiment import formatting

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
    of_family = stats.holm([p_value for test in tests for p_value in (test.supports, test.contradicts)], alpha)
    adjusted, levels = (iter(np.reshape(one, (-1, 2))) for one in of_family)
    return [one.verdict(next(adjusted), next(levels), alpha) if isinstance(one, _Test) else one for one in found]


class _Test:
    """A claim on one dataset, with the one-sided p-values that all its parts hold, and that one fails; `effects` are its `Effect`s."""

    def __init__(self, claim, dataset, effects):
        self.claim, self.dataset, self.effects = claim, dataset, effects
        holds, fails = zip(*(effect.p_values(dataset) for effect in effects), strict=True)
        # All must hold: the largest (Berger 1982). One may fail: the smallest, times their number (Bonferroni).
        self.supports, self.contradicts = max(holds), min(1.0, len(effects) * min(fails))
        self.against = self.supports > self.contradicts
        self.deciding = int(np.argmin(fails) if self.against else np.argmax(holds))

    def verdict(self, adjusted, levels, alpha):
        """The `Verdict`, given Holm's adjusted p-values of the claim's two hypotheses, and the levels of their tests."""
        effect, p_value, level = self.effects[self.deciding], adjusted[int(self.against)], levels[int(self.against)]
        estimate, low, high, confidence = effect.numbers(level / (len(self.effects) if self.against else 1))
        decided = p_value <= alpha
        verdict = "inconclusive" if not decided else "contradicted" if self.against else "supported"
        seeds, reason = (None, "") if decided else self._seeds_needed(*levels)
        shown = (estimate, low, high, effect.judged.n, float(min(1.0, p_value * ALPHA / alpha)), float(confidence), effect.judged.method)
        remark = "; ".join(filter(None, [effect.remark, reason]))
        return Verdict(self.claim, self.dataset, verdict, "", self.deciding, effect.statistic, *shown, seeds, remark)

    def _seeds_needed(self, to_support, to_contradict):
        """`(seeds, reason)`: the fewer of those that would probably support and contradict, if the effects are as they are estimated; or
        None, and the reason."""
        parts = len(self.effects)
        holds = [one.seeds_needed(self.dataset, True, to_support, 1 - (1 - POWER) / parts, MOST_SEEDS) for one in self.effects]
        fails = [one.seeds_needed(self.dataset, False, to_contradict / parts, POWER, MOST_SEEDS) for one in self.effects]
        ways = [seeds for seeds, _ in fails if seeds is not None]
        if all(seeds is not None for seeds, _ in holds):
            ways.append(max(seeds for seeds, _ in holds))
        if ways:
            return max(min(ways), self.effects[self.deciding].judged.n + 1), ""
        too_few = any(samples for _, samples in fails) or all(samples or seeds is not None for seeds, samples in holds)
        cause = "the samples of the dataset are too few" if too_few else "the estimate is too close to the margin"
        return None, f"no number of seeds up to {MOST_SEEDS:,} would decide: {cause}"


def _test(claim, dataset, runs):
    """The `_Test` of a claim, or the `Verdict` that it is not tested."""
    try:
        effects = [effect_of(part, runs) for part in claim.parts]
        _require(claim, runs)
    except CannotDecide as reason:
        return Verdict(claim, dataset, "inconclusive", str(reason), seeds_needed=reason.seeds)
    return _Test(claim, dataset, effects)


def _require(claim, runs):
    for column, values in (claim.requires or {}).items():
        missing = [value for value in values if value not in set(runs.summary[column])]
        if missing:
            raise CannotDecide(f"needs {formatting.name_of(column)} {', '.join(map(str, missing))}")
    if runs.epochs < claim.least_epochs:
        raise CannotDecide(f"needs {claim.least_epochs} epochs, has {runs.epochs}")
    seeds = runs.summary["seed"].nunique()
    if seeds < LEAST_SEEDS:
        raise CannotDecide(f"needs {LEAST_SEEDS} seeds, has {seeds}", LEAST_SEEDS)
