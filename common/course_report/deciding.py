"""From claims and runs to verdicts, all of a call together: their tests are one family.

A claim that has data has two ladders of one-sided hypotheses, each implied by the one before. Up: the effect is not beyond nothing, it is
not beyond the margin. Down: it is not short of the margin, it is not short of the least that counts. Holm's procedure (1979) over the last
steps of all ladders, with the earlier ones tested at the level at which it ends, keeps the chance of any false rejection, and so of any
wrong verdict, at alpha, whatever the dependence between the tests: `docs/statistics.md` has the proof. Seeds that an open claim needs are
those for a call with `--until-decided`, whose looks are paid for: a quarter of alpha each.
"""

import numpy as np

from common import stats
from common.course_report.effects import effect_of
from common.course_report.runs import CannotDecide
from common.course_report.verdicts import Verdict
from common.experiment.grid import LOOKS

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
    ends = [p_value for one in found if isinstance(one, _Test) for p_value in (one.supports, one.contradicts)]
    (adjusted, level), later = stats.holm(ends, alpha), stats.holm(ends, ALPHA / LOOKS)[1]
    of_tests = zip(adjusted[::2], adjusted[1::2], strict=True)
    return [one.verdict(*next(of_tests), level, later, alpha) if isinstance(one, _Test) else one for one in found]


class _Test:
    """A claim on one dataset with its `Effect`s, and the one-sided p-values of its hypotheses: that all parts hold, `supports`, or have at
    least their direction; that one fails, `contradicts`, or at least stays short of its margin."""

    def __init__(self, claim, dataset, effects):
        self.claim, self.dataset, self.effects, self.parts = claim, dataset, effects, len(effects)
        self.holds, self.has_direction, self.is_short, self.fails = np.transpose([effect.p_values(dataset) for effect in effects])
        # All must be so: the largest (Berger 1982). One may: the smallest, times their number (Bonferroni).
        self.supports, self.contradicts = float(self.holds.max()), self._of_one(self.fails)

    def _of_one(self, p_values):
        return min(1.0, self.parts * float(p_values.min()))

    def verdict(self, supports, contradicts, level, later, alpha):
        """The `Verdict`, given Holm's adjusted p-values of the two last hypotheses, the level at which the others are tested, and that with
        more seeds."""
        # Direction and size are told by one interval, which the parts share.
        smaller = max(self._of_one(self.is_short), min(1.0, self.parts * float(self.has_direction.max())))
        word, p_value, part, each = "undecided", min(supports, contradicts), int(np.argmax(self.holds)), level / self.parts
        if supports <= alpha:
            word, p_value, each = "supported", supports, level
        elif contradicts <= alpha:
            word, p_value, part = "contradicted", contradicts, int(np.argmin(self.fails))
        elif smaller <= level:
            word, p_value, part = "smaller than claimed", smaller * alpha / level, int(np.argmin(self.is_short))
        elif self._of_one(self.is_short) <= level:  # a size is known, a direction is not: of the part that lacks it
            part = int(np.argmax(self.has_direction))
        elif contradicts < supports:
            part = int(np.argmin(self.fails))
        seeds, reason = self._seeds_needed(part, later) if word == "undecided" else (None, "")
        effect = self.effects[part]
        estimate, low, high, confidence = effect.numbers(each)
        shown = (estimate, low, high, effect.judged.n, float(min(1.0, p_value * ALPHA / alpha)), float(confidence), effect.judged.method)
        chosen = dict.fromkeys(words for of_part in self.effects for words in of_part.chosen)
        remark = "; ".join(filter(None, [*chosen, effect.remark, reason]))
        return Verdict(self.claim, self.dataset, word, "", part, effect.statistic, *shown, seeds, remark, bound=effect.bound)

    def _seeds_needed(self, part, level):
        """`(seeds, reason)`: the fewest that would probably decide, if the effects are as they are estimated; or None, and the reason."""
        shared, each = 1 - (1 - POWER) / self.parts, level / self.parts
        supported = self._seeds("margin", 1, level, shared).max(axis=1)
        direction, short, fails = (
            self._seeds(*one) for one in (("nothing", 1, each, shared), ("margin", -1, each, POWER), ("counts_from", -1, each, POWER))
        )
        smaller = np.maximum(direction.max(axis=1), short.min(axis=1))
        # First of the seeds, then as if the dataset had no end.
        seeds, endless = np.minimum(np.minimum(supported, smaller), fails.min(axis=1))
        if np.isfinite(seeds):
            return max(int(seeds), self.effects[part].judged.n + 1), ""
        cause = (
            "the correction for samples that seeds share is too large"
            if np.isfinite(endless)
            else "the estimate is too close to the margin"
        )
        return None, f"no number of seeds up to {MOST_SEEDS:,} would decide: {cause}"

    def _seeds(self, margin, direction, alpha, power):
        """The seeds with which each part would probably be found beyond a margin, for or against the claim: array `(2, parts)`, infinite
        where no number would do; the second row is finite where one would if the dataset had no end."""
        found = [effect.seeds_needed(self.dataset, margin, direction, alpha, power, MOST_SEEDS) for effect in self.effects]
        seeds = np.array([np.inf if needed is None else needed for needed, _ in found])
        return np.stack([seeds, np.where([samples for _, samples in found], 1.0, seeds)])


def _test(claim, dataset, runs):
    """The `_Test` of a claim, or the `Verdict` that it is not tested."""
    runs = runs.for_claim(claim)
    try:
        _require(claim, runs)  # first: of too few epochs there may be nothing to measure
        effects = [effect_of(part, runs) for part in claim.parts]
    except CannotDecide as reason:
        if reason.ran:
            return Verdict(claim, dataset, "undecided", str(reason), remark=reason.ran)
        return Verdict(claim, dataset, "not run", str(reason), seeds_needed=reason.seeds, flags=runs.flags(claim, claim.least_seeds))
    return _Test(claim, dataset, effects)


def _require(claim, runs):
    for _, arm in (of_arm for part in claim.parts for of_arm in part.arms):
        try:
            runs.of_arm(arm)
        except CannotDecide as reason:
            if not reason.ran:
                raise
    if runs.epochs < claim.least_epochs:
        raise CannotDecide(f"needs {claim.least_epochs} epochs, has {runs.epochs}")
    seeds = runs.summary["seed"].nunique()
    if seeds < claim.least_seeds:
        raise CannotDecide(f"needs {claim.least_seeds} seeds, has {seeds}", claim.least_seeds)
