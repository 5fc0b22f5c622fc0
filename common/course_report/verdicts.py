"""Verdicts on claims: their rows in `claims.csv`, and their numbers in words. `common/course_report/deciding.py` makes them."""

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd

from common.course_report.claims import Claim

COLUMNS = ["id", "dataset", "statistic", "estimate", "ci_low", "ci_high", "n", "p_value", "verdict"]
COLUMNS += ["needs", "confidence", "method", "note", "part", "seeds_needed", "remark"]
MOST_DIGITS = 5  # beyond the usual ones, to tell numbers apart
WHOLE = {"n": "Int64", "part": "Int64", "seeds_needed": "Int64"}


@dataclass(frozen=True)
class Verdict:
    """The verdict on a claim on one dataset, a row of `claims.csv`.

    Attributes:
        claim: the `Claim`.
        dataset: name of the dataset.
        verdict: one of `common.course_report.claims.VERDICTS`.
        note: the reason why it is not tested. Defaults to none, and then all that follows up to `method` has a value.
        part: position of the claim's part that decides.
        statistic: the part's statistic in words.
        estimate, ci_low, ci_high: of the statistic.
        n: number of seeds.
        p_value: of the one-sided test that the verdict rests on, adjusted for all tests and looks: at most 0.05 if, and only if, it is
            decided.
        confidence: of the interval, which excludes the margin if and only if it is decided.
        method: see `stats.Judged`.
        seeds_needed: the number of seeds with which an undecided claim would probably be decided by a call with `--until-decided`; of one
            that is not tested, those with which it is. Defaults to None: no number would, or it is decided.
        remark: words on arms whose runs fall into two groups or never got there, and on why no number of seeds would decide it. Defaults
            to none.
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
    seeds_needed: int | None = None
    remark: str = ""

    @property
    def tested(self):
        """Whether its arms, epochs and seeds were enough to test it."""
        return not self.note

    @property
    def open(self):
        """Whether it is undecided and some number of seeds would probably change that."""
        return self.verdict == "inconclusive" and self.seeds_needed is not None

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
            return {name: row[name] for name in ("id", "dataset", "verdict", "note", "seeds_needed")}
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
    times = 100 if unit == "share" else 1
    estimate, low, high, needs = (times * value for value in (verdict.estimate, verdict.ci_low, verdict.ci_high, verdict.needs))
    decimals = unit == "share"
    more = _more_digits(low, high, needs, decimals)
    shown = [_digits(value, more, decimals) for value in (estimate, low, high)]
    found = f"{'median ' * (verdict.method == 'sign')}{shown[0]}{sign}" + ("" if np.isnan(low) else f" [{', '.join(shown[1:])}]")
    return found, f"{'>' if verdict.decides.sign > 0 else '<'} {float(f'{needs:.3g}'):g}{sign}"


def _more_digits(low, high, needs, decimals):
    """The digits beyond the usual ones without which the ends of an interval and the margin, which differ, would read the same."""
    for more in range(MOST_DIGITS):
        shown = [_digits(low, more, decimals), _digits(high, more, decimals), f"{needs:.3g}"]
        pairs = zip(itertools.combinations((low, high, needs), 2), itertools.combinations(shown, 2), strict=True)
        if all(a == b or np.isnan(low) or float(one) != float(other) for (a, b), (one, other) in pairs):
            return more
    return 0


def _digits(value, more, decimals):
    """A number as `formatting.number` has it, with so many digits more; `decimals`: always with decimals, as of a percentage."""
    if np.isnan(value):
        return "-"
    if decimals or 1 <= abs(value) < 1e5:
        return f"{value:.{1 + more}f}"
    return f"{value:.{2 + more}g}"


def confidences(verdicts):
    """The confidence of the intervals of the tested `Verdict`s, as text: `"99.1 to 99.6 %"`; nothing if none is tested."""
    ends = [f"{100 * of:.1f}" for of in sorted(one.confidence for one in verdicts if one.tested)]
    return f"{' to '.join(dict.fromkeys([ends[0], ends[-1]]))} %" if ends else ""


def in_short(verdict, measures):
    """The same in one string: `"0.5 [0.4, 0.6], needs > 0.1"`."""
    return ", needs ".join(filter(None, in_words(verdict, measures)))


def as_table(verdicts):
    """`claims.csv`, a DataFrame with a row for each `Verdict`."""
    return pd.DataFrame([verdict.row() for verdict in verdicts], columns=COLUMNS).astype(WHOLE)


def from_table(claims, table):
    """The `Verdict`s in a table, a list; `claims` are the `Claim`s, by whose ids the rows go. A column that it lacks is empty."""
    known = {claim.id: claim for claim in claims}
    names = [name for name in COLUMNS if name not in ("id", "needs")]
    rows = table.reindex(columns=COLUMNS).astype(WHOLE).to_dict("records")
    return [Verdict(known[row["id"]], **{name: row[name] for name in names if pd.notna(row[name])}) for row in rows]
