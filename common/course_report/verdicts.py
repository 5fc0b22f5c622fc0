"""Verdicts on claims: their rows in `claims.csv`, and their numbers in words. `common/course_report/deciding.py` makes them."""

import shlex
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from common.course_report.claims import Best, Claim
from common.experiment import formatting
from common.experiment.knobs import MEASURING

COLUMNS = ["id", "dataset", "statistic", "estimate", "ci_low", "ci_high", "n", "p_value", "verdict"]
COLUMNS += ["needs", "counts_from", "confidence", "method", "bound", "note", "flags", "part", "seeds_needed", "remark"]
OF_THE_CLAIM = ("id", "needs", "counts_from")  # columns that are no fields of a Verdict
MOST_DIGITS = 5  # beyond the usual ones, to tell numbers apart
WHOLE = {"n": "Int64", "part": "Int64", "seeds_needed": "Int64"}
SIGNS = {"ratio": " x", "times": " x", "share": " %", "points": " points", "epochs": " epochs", "decades": " decades"}


@dataclass(frozen=True)
class Verdict:
    """The verdict on a claim on one dataset, a row of `claims.csv`.

    Attributes:
        claim: the `Claim`.
        dataset: name of the dataset.
        verdict: one of `common.course_report.claims.VERDICTS`.
        note: what a claim that is not tested needs or lacks. Defaults to none, and then all that follows up to `method` has a value.
        part: position of the claim's part that decides.
        statistic: the part's statistic in words.
        estimate, ci_low, ci_high: of the statistic.
        n: number of seeds.
        p_value: of the one-sided test that the verdict rests on, adjusted for all tests and looks: at most 0.05 if, and only if, it is
            decided.
        confidence: of the interval, which lies beyond the margin if the claim is supported; between nothing and the margin if it is smaller
            than claimed; short of the least that counts if it is contradicted; and in none of these places if it is undecided.
        method: see `stats.Judged`.
        seeds_needed: the number of seeds with which an undecided claim would probably be decided by a call with `--until-decided`; of one
            that is not run, those with which it is. Defaults to None: no number would, or it is decided.
        remark: words on arms whose runs fall into two groups or never got there, and on why no number of seeds would decide it. Defaults
            to none.
        flags: those that run what a claim needs, `{flag: list of words}`. Defaults to none.
        bound: see `Effect`. Defaults to none.
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
    flags: dict = field(default_factory=dict)
    bound: str = ""

    @property
    def tested(self):
        """Whether its arms, epochs and seeds were enough to test it."""
        return not self.note

    @property
    def open(self):
        """Whether it is not decided and some number of seeds would probably change that."""
        return self.verdict in ("undecided", "not run") and self.seeds_needed is not None

    @property
    def decides(self):
        """The claim's part that decides."""
        return self.claim.parts[self.part]

    @property
    def needs(self):
        """The margin, in the statistic's unit."""
        return self.decides.margin(self.dataset)

    @property
    def nothing(self):
        """No effect, in the statistic's unit; None of a level."""
        return None if len(self.decides.arms) == 1 else 0.0 if self.decides.times is None else 1.0

    @property
    def opposite(self):
        """Whether the direction is shown to be the opposite of the one that is claimed."""
        return self.nothing is not None and self.verdict == "contradicted" and self.ci_high < self.nothing

    @property
    def slight(self):
        """Whether it has the direction that is claimed, but less than counts."""
        return self.nothing is not None and self.verdict == "contradicted" and self.ci_low > self.nothing

    def unit(self, measures):
        """The statistic's unit, see `unit_of`."""
        return unit_of(self.decides, measures)

    def deciding(self, measures):
        """The part that decides, in short: the settings, or else the measures, in which its arms differ; of a single arm the measure.
        Nothing where the claim has one part."""
        return "" if len(self.claim.parts) == 1 or self.note else self.sides(measures)

    def sides(self, measures):
        """The two sides of the part that decides, see `deciding`."""
        (measure, arm), *other = self.decides.arms
        if not other:
            return measures[measure].label
        ((than_measure, than),) = other
        both = [name for name in {**arm, **than} if arm.get(name) != than.get(name) and name not in MEASURING]
        differing = [name for name in both if not isinstance(arm.get(name), Best)]
        words = [[_short(name, of[name], name in arm and name in than) for name in differing if name in of] for of in (arm, than)]
        return " against ".join(
            " ".join(of) or "unchanged" for of in (words if differing else [[measures[measure].label], [measures[than_measure].label]])
        )

    def row(self):
        """The row of `claims.csv`, as a dict."""
        row = {"id": self.claim.id, **{name: getattr(self, name) for name in COLUMNS if name not in OF_THE_CLAIM}}
        row["flags"] = flags_in_words(self.flags)
        if self.note:
            return {name: row[name] for name in ("id", "dataset", "verdict", "note", "flags", "seeds_needed")}
        sign = ">" if self.decides.sign > 0 else "<"
        return {**row, **{name: f"{sign} {of:.3g}" for name, of in self._margins().items()}}

    def _margins(self):
        return {"needs": self.needs, "counts_from": self.decides.counts_from(self.dataset)}


def unit_of(part, measures):
    """The unit of a part's statistic: `"ratio"`; `"points"`, of a difference of shares, which some measures are; or that of its
    `Measure`."""
    measure = measures[part.measure]
    if part.times is not None:
        return "ratio"
    difference = len(part.arms) == 2 or measure.scale == "linear"
    return "points" if measure.unit == "share" and difference else measure.unit


def _short(name, value, in_both):
    """A setting's value in words; with its name where only one of two arms has it, as of a knob that a control turns."""
    words = str(value) if isinstance(value, tuple) else formatting.name_of(value) if isinstance(value, str) else formatting.word(value)
    return words if in_both else f"{formatting.name_of(name)} {words}"


def flags_in_words(flags):
    """Flags, `{flag: list of words}`, as they are typed."""
    return " ".join(" ".join([f"--{flag}", *words]) for flag, words in flags.items())


def in_words(verdict, measures):
    """A verdict as people read it: `(estimate with its interval, what the claim needs)`; the note and nothing where it is not run.

    Args:
        verdict: the `Verdict`.
        measures: `{column: Measure}`.
    """
    if verdict.note:
        return verdict.note, ""
    unit = verdict.unit(measures)
    sign = SIGNS.get(unit, "")
    times = 100 if unit in ("share", "points") else 1
    estimate, low, high, needs = (times * value for value in (verdict.estimate, verdict.ci_low, verdict.ci_high, verdict.needs))
    decimals = times == 100
    apart = [needs, times * verdict.decides.counts_from(verdict.dataset), *([] if verdict.nothing is None else [verdict.nothing])]
    more = _more_digits(low, high, apart, decimals)
    shown = [_digits(value, more, decimals) for value in (estimate, low, high)]
    if not decimals and low < 0 < high < np.inf:  # as many decimals for all
        places = max(0, 1 - int(np.floor(np.log10(max(abs(low), abs(high), 1e-12)))))
        shown = [f"{value:.{places + more}f}" for value in (estimate, low, high)]
    shown = [text.removeprefix("-") if text != "-" and float(text) == 0 else text for text in shown]
    words = " ".join(filter(None, ["median" * (verdict.method == "sign"), verdict.bound, shown[0]]))
    found = f"{words}{sign}" + ("" if np.isnan(low) else f" [{', '.join(shown[1:])}]")
    one = sign.removesuffix("s") if abs(needs) == 1 else sign
    least = times * verdict.decides.counts_from(verdict.dataset)
    counts = "" if least == needs else f" (counts from {float(f'{least:.2g}'):g})"
    return found, f"{'>' if verdict.decides.sign > 0 else '<'} {float(f'{needs:.3g}'):g}{one}{counts}"


def place(verdict, measures):
    """The place of the interval of a decided verdict, in words: `"more than 0.1 decades"`; arguments as those of `in_words`."""
    unit = verdict.unit(measures)
    contradicted, sign = verdict.verdict == "contradicted", SIGNS.get(unit, "")
    margin = verdict.decides.counts_from(verdict.dataset) if contradicted else verdict.needs
    amount = float(f"{(100 if unit in ('share', 'points') else 1) * margin:.3g}")
    above = (verdict.decides.sign > 0) == (verdict.verdict == "supported")
    words = f"{'more' if above else 'less'} than {amount:g}{sign.removesuffix('s') if abs(amount) == 1 else sign}"
    return f"in that direction, but {words}" if verdict.verdict == "smaller than claimed" else words


def _more_digits(low, high, margins, decimals):
    """The digits beyond the usual ones with which the ends of an interval, as they are printed, lie on the same side of the margins as they
    do, and differ where they do. What differs by less than all the digits show counts as equal."""
    pairs = [(end, float(f"{margin:.12g}")) for end in (low, high) if np.isfinite(end) for margin in margins]
    pairs = [(end, margin) for end, margin in pairs if abs(end - margin) > 10.0**-MOST_DIGITS * max(1, abs(margin))]

    def on_its_side(more):
        return all((float(_digits(end, more, decimals)) - margin) * (end - margin) > 0 for end, margin in pairs)

    enough = [more for more in range(MOST_DIGITS + 1) if on_its_side(more)] or [0]
    differ = (more for more in enough if low == high or _digits(low, more, decimals) != _digits(high, more, decimals))
    return next(differ, enough[0])


def _digits(value, more, decimals):
    """A number as `formatting.number` has it, with so many digits more; `decimals`: always with decimals, as of a percentage."""
    if np.isnan(value):
        return "-"
    if decimals or 1 <= abs(value) < 1e5:
        return f"{value:.{1 + more}f}"
    return f"{value:.{2 + more}g}"


def confidences(verdicts):
    """The confidence of the intervals of the tested `Verdict`s, as text: `"99.1 to 99.6 %"`; nothing if none is tested."""
    ends = [f"{100 * of:.2f}" for of in sorted(one.confidence for one in verdicts if one.tested)]
    return f"{' to '.join(dict.fromkeys([ends[0], ends[-1]]))} %" if ends else ""


def as_table(verdicts):
    """`claims.csv`, a DataFrame with a row for each `Verdict`."""
    return pd.DataFrame([verdict.row() for verdict in verdicts], columns=COLUMNS).astype(WHOLE)


def from_table(claims, table):
    """The `Verdict`s in a table, a list; `claims` are the `Claim`s, by whose ids the rows go. A column that it lacks is empty."""
    known = {claim.id: claim for claim in claims}
    names = [name for name in COLUMNS if name not in OF_THE_CLAIM]
    found = []
    for row in table.reindex(columns=COLUMNS).astype(WHOLE).to_dict("records"):
        fields = {name: row[name] for name in names if pd.notna(row[name])}
        found.append(Verdict(known[row["id"]], **{**fields, "flags": _flags(fields.get("flags", ""))}))
    return found


def _flags(words):
    flags = {}
    for word in shlex.split(words):
        if word.startswith("--"):
            flags[word[2:]] = []
        else:
            flags[list(flags)[-1]].append(word)
    return flags
