"""From claims and runs to verdicts.

Intervals are as wide as Holm's adjustment over all claims of a call demands, so that the chance of any wrong verdict among them is at most
5 %.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from common import stats
from common.course_report.claims import Claim
from common.course_report.runs import CannotDecide
from common.experiment import formatting

LEAST_SEEDS = 5
ALPHA = 0.05
COLUMNS = ["id", "dataset", "statistic", "estimate", "ci_low", "ci_high", "n", "p_value", "verdict"]
COLUMNS += ["needs", "confidence", "method", "note", "part"]


@dataclass(frozen=True)
class Verdict:
    """The verdict on a claim on one dataset, a row of `claims.csv`.

    Attributes:
        claim: the `Claim`.
        dataset: name of the dataset.
        verdict: one of `common.course_report.claims.VERDICTS`.
        note: the reason why it is not decided. Defaults to none, and then all that follows has a value.
        part: position of the claim's part that decides.
        statistic: the part's statistic in words.
        estimate, ci_low, ci_high: of the statistic.
        n: number of seeds.
        p_value: two-sided, Holm-adjusted.
        confidence: of the interval.
        method: see `stats.method_for`.
    """

    claim: Claim
    dataset: str
    verdict: str
    note: str = ""
    part: int = -1
    statistic: str = ""
    estimate: float = np.nan
    ci_low: float = np.nan
    ci_high: float = np.nan
    n: int = 0
    p_value: float = np.nan
    confidence: float = np.nan
    method: str = ""

    @property
    def decides(self):
        """The claim's part that decides."""
        return self.claim.parts[self.part]

    @property
    def needs(self):
        """The margin, in the statistic's unit."""
        return self.decides.margin(self.dataset)

    def unit(self, measures):
        """The statistic's unit: `"ratio"`, or that of its `Measure`."""
        return "ratio" if self.decides.times is not None else measures[self.decides.measure].unit

    def row(self):
        """The row of `claims.csv`, as a dict."""
        row = {"id": self.claim.id, **{name: getattr(self, name) for name in COLUMNS if name not in ("id", "needs")}}
        if self.note:
            return {name: row[name] for name in ("id", "dataset", "verdict", "note")}
        return {**row, "needs": f"{'>' if self.decides.sign > 0 else '<'} {self.needs:.3g}"}


def in_words(verdict, measures):
    """A verdict as people read it: `(estimate with its interval, what the claim needs)`; the note and nothing where it is not decided.

    Args:
        verdict: the `Verdict`.
        measures: `{column: Measure}`.
    """
    if verdict.note:
        return verdict.note, ""
    unit = verdict.unit(measures)
    sign = {"ratio": " x", "share": " %", "epochs": " epochs"}.get(unit, "")
    needs = 100 * verdict.needs if unit == "share" else verdict.needs
    found = formatting.with_interval(verdict.estimate, verdict.ci_low, verdict.ci_high, unit, sign)
    return found, f"{'>' if verdict.decides.sign > 0 else '<'} {float(f'{needs:.3g}'):g}{sign}"


def in_short(verdict, measures):
    """The same in one string: `"0.5 [0.4, 0.6], needs > 0.1"`."""
    return ", needs ".join(filter(None, in_words(verdict, measures)))


def as_table(verdicts):
    """`claims.csv`, a DataFrame with a row for each `Verdict`."""
    return pd.DataFrame([verdict.row() for verdict in verdicts], columns=COLUMNS)


def from_table(claims, table):
    """The `Verdict`s in a table, a list; `claims` are the `Claim`s, by whose ids the rows go."""
    known = {claim.id: claim for claim in claims}
    names = [name for name in COLUMNS if name not in ("id", "needs")]
    rows = table.astype({"n": "Int64", "part": "Int64"}).to_dict("records")
    return [Verdict(known[row["id"]], **{name: row[name] for name in names if pd.notna(row[name])}) for row in rows]


def decide(claims, runs_of):
    """The verdicts on all claims.

    Args:
        claims: the `Claim`s.
        runs_of: `{dataset: Runs}`.

    Returns:
        List of `Verdict`, for each dataset in the order of the claims.

    Example:

    ```python
    decided = decide(CLAIMS, {"digits": Runs(summary, ("optimizer",), measures, epochs=100)})
    decided[0].verdict  # "supported"
    ```
    """
    tests = [_test(claim, dataset, runs) for dataset, runs in runs_of.items() for claim in claims if dataset in claim.datasets]
    adjusted = zip(*stats.holm([test.p_value for test in tests if isinstance(test, _Test)], ALPHA), strict=True)
    return [test.verdict(*next(adjusted)) if isinstance(test, _Test) else test for test in tests]


class _Test:
    """A claim on one dataset, with the one-sided p-values that all its parts hold, and that one fails; `effects` are from `_effect`."""

    def __init__(self, claim, dataset, effects):
        self.claim, self.dataset, self.effects = claim, dataset, effects
        p_values = []
        for part, values, _ in effects:
            above, below = (test(values, part.margin(dataset, transformed=True)) for test in (stats.p_above, stats.p_below))
            p_values.append((above, below) if part.sign > 0 else (below, above))
        holds, fails = zip(*p_values, strict=True)
        # All must hold: the largest (Berger 1982). One may fail: the smallest, times their number (Bonferroni).
        self.supports, self.contradicts = max(holds), min(1.0, len(effects) * min(fails))
        self.p_value = min(1.0, 2 * min(self.supports, self.contradicts))
        self.against = self.supports > self.contradicts
        self.deciding = int(np.argmin(fails) if self.against else np.argmax(holds))

    def verdict(self, adjusted, level):
        """The `Verdict`, given Holm's adjusted p-value and the level of the interval."""
        part, values, statistic = self.effects[self.deciding]
        confidence = 1 - level / (len(self.effects) if self.against else 1)
        numbers = np.array([stats.location(values), *stats.location_interval(values, confidence)])
        estimate, low, high = map(float, np.exp(numbers) if part.times is not None else numbers)
        verdict = "inconclusive" if adjusted > ALPHA else "contradicted" if self.against else "supported"
        shown = (estimate, low, high, len(values), adjusted, confidence, stats.method_for(values))
        return Verdict(self.claim, self.dataset, verdict, "", self.deciding, statistic, *shown)


def _test(claim, dataset, runs):
    """The `_Test` of a claim, or the `Verdict` that it is not decided."""
    try:
        effects = [_effect(part, runs) for part in claim.parts]
        _require(claim, runs)
    except CannotDecide as reason:
        return Verdict(claim, dataset, "inconclusive", str(reason))
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
        raise CannotDecide(f"needs {LEAST_SEEDS} seeds, has {seeds}")


def _effect(part, runs):
    """`(part, values by seed, statistic in words)`."""
    values, words = [], []
    for measure, arm in part.arms:
        settings, rows = runs.of_arm(arm, measure)
        values.append(runs.values(rows, measure))
        words.append(f"{measure}({runs.in_words(arm, settings)})")
    if part.times is not None:
        with np.errstate(divide="ignore"):
            values = [np.log(of_arm) for of_arm in values]
    between = " - " if part.times is None else " / "
    return part, values[0] if len(values) == 1 else stats.paired_differences(*values), between.join(words)
