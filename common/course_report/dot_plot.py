"""The report's numbers beside ours as a dot plot for the page: a row for each number, a group of rows for each unit with an axis of its
own."""

from typing import NamedTuple

import numpy as np

from common.course_report import reproduction
from common.course_report.ticks import ticks
from common.data import label

ROOM = 0.04  # share of a row's width that stays free on each side, for marks at the ends
MOST_TICKS = 5
LEAST_RATIO = 3.0  # between the ends of a logarithmic axis
UNITS = {"share": "Shares", "epochs": "Epochs"}  # of one axis; any other measure has its own


class Row(NamedTuple):
    """A number of the report beside ours.

    Attributes:
        what: its arm, and the measure where the group has several.
        source: where the report has it, see `common.course_report.numbers`.
        words: both sides in words.
        verdict, why: as in `reproduction.csv`.
        values: `{"report", "mean", "low", "high": the number}`, the last two the interval for one more run; NaN where there is none.
        places: the same on the axis, from 0 to 100, at most at its ends; without those that are NaN.
    """

    what: str
    source: str
    words: str
    verdict: str
    why: str
    values: dict
    places: dict


class Group(NamedTuple):
    """The rows of one unit.

    Attributes:
        heading: the unit.
        ticks: pairs of a place on the axis, from 0 to 100, and a number in words.
        rows: the `Row`s.
    """

    heading: str
    ticks: list
    rows: list


def blocks(table, measures):
    """The dot plots: list of dicts, one per dataset, with `dataset`, its label, and `parts`, pairs of words on what the part holds and its
    `Group`s: of the informative numbers, then of the others.

    Args:
        table: `reproduction.csv`, DataFrame.
        measures: `{column: Measure}`.
    """
    found = []
    for dataset, rows in table.groupby("dataset", sort=False):
        parts = []
        for name, of_part in (("informative", rows[rows["informative"]]), ("uninformative", rows[~rows["informative"]])):
            if len(of_part):
                parts.append((_heading(name, of_part), _groups(of_part, measures)))
        found.append({"dataset": label(dataset), "parts": parts})
    return found


def _heading(name, rows):
    few = (rows["verdict"] == "too few seeds").sum()
    counts = f"{(rows['verdict'] == 'reproduced').sum()} of {len(rows)} informative numbers reproduced"
    others = f"{len(rows)} numbers that tell little" + (f", {few} of them with too few seeds" if few else "")
    return counts if name == "informative" else others


def _groups(rows, measures):
    by_unit = {}
    for row in rows.to_dict("records"):
        measure = measures[row["measure"]]
        by_unit.setdefault(UNITS.get(measure.unit, f"{measure.label[:1].upper()}{measure.label[1:]}"), []).append((row, measure))
    return [_group(heading, of_unit) for heading, of_unit in by_unit.items()]


def _group(heading, rows):
    measure = rows[0][1]
    values = [_values(row) for row, _ in rows]
    axis = _Axis.of([value for of_row in values for value in of_row.values()], measure.unit != "share")
    ticks = [(axis.place(tick), reproduction.in_unit(tick, measure.unit)) for tick in axis.ticks()]
    found = []
    for (row, of_row), numbers in zip(rows, values, strict=True):
        places = {name: axis.place(value) for name, value in numbers.items() if not np.isnan(value)}
        named = f", {of_row.title or of_row.label}" if heading in UNITS.values() else ""
        texts = f"{reproduction.arm(row)}{named}", row["source"], _words(numbers, of_row.unit)
        found.append(Row(*texts, row["verdict"], row["why"], numbers, places))
    return Group(heading, ticks, found)


def _values(row):
    return {"report": row["report"], "mean": row["mean"], "low": row["pred_low"], "high": row["pred_high"]}


def _words(values, unit):
    report, mean, low, high = (reproduction.in_unit(values[name], unit) for name in ("report", "mean", "low", "high"))
    interval = "" if np.isnan(values["low"]) else f", one more run {low} to {high}"
    return f"report {report}; ours {mean}{interval}"


class _Axis(NamedTuple):
    low: float
    high: float
    log: bool

    @classmethod
    def of(cls, values, log):
        known = np.array([value for value in values if np.isfinite(value) and (value > 0 or not log)])
        low, high = (known.min(), known.max()) if len(known) else (1.0, 1.0)
        if log and high < LEAST_RATIO * low:
            low, high = (low * high / LEAST_RATIO) ** 0.5, (low * high * LEAST_RATIO) ** 0.5
        elif low == high:
            low, high = low - 0.05, high + 0.05
            low, high = (max(low, 0.0), min(high, 1.0)) if 0 <= known[0] <= 1 else (low, high)  # a share stays one
        return cls(float(low), float(high), log)

    def place(self, value):
        low, high, value = self.low, self.high, min(max(value, self.low), self.high)
        if self.log:
            low, high, value = np.log([low, high, value])
        return float(100 * (ROOM + (1 - 2 * ROOM) * (value - low) / (high - low)))

    def ticks(self):
        return ticks(self.low, self.high, self.log, MOST_TICKS)
