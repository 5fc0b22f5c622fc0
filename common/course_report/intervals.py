"""The rows of claims on the page: sentence, interval on the axis of its unit, verdict."""

from typing import NamedTuple

import numpy as np

from common.course_report import text, verdicts
from common.course_report.axes import Axis, by_unit
from common.course_report.cards import anchor_of

WORDS = {
    "points": "Difference in percentage points",
    "%": "Share in %",
    "ratio": "Ratio",
    "times": "Ratio",
    "epochs": "Epochs",
    "decades": "Distance in decades",
}
WITHOUT = "Not tested"


class Row(NamedTuple):
    """A row.

    Attributes:
        verdict: the `Verdict`.
        number: of its claim, in the order of the report, from 1.
        anchor: on the page.
        sentence, estimate, needs, seeds: in words.
        value: the estimate, by which rows are sorted; None where it is not tested.
        places: of the estimate, the ends of the interval, the margin and the least that counts on the axis, from 0 to 1; empty where it is
            not tested.
        beyond: whether the interval's ends lie beyond the axis, `(2,)`.
    """

    verdict: object
    number: int
    anchor: str
    sentence: str
    estimate: str
    needs: str
    seeds: str
    value: float | None
    places: tuple = ()
    beyond: tuple = ()


class Group(NamedTuple):
    """The rows of one unit on one dataset.

    Attributes:
        heading: the unit in words.
        nothing: the place of no effect on the axis, None if it has none.
        ticks: pairs of a place on the axis and a number in words.
        rows: the `Row`s, the largest estimate in front.
    """

    heading: str
    nothing: float | None
    ticks: list
    rows: list


def groups(decided, claims, measures):
    """`{dataset: list of Group}` of the `Verdict`s of a section that were run; all datasets share the axis of a unit.

    Args:
        decided: the `Verdict`s, list.
        claims: all claims of the report, in whose order they are numbered.
        measures: `{column: Measure}`.
    """
    numbers = {claim.id: i for i, claim in enumerate(claims, 1)}
    found = {}
    for unit, of_unit in by_unit(decided, measures).items():
        axis = Axis.of(unit, of_unit, measures)
        ticks = [(axis.place(value), f"{value:g}") for value in axis.ticks()]
        nothing = None if axis.nothing is None else axis.place(axis.nothing)
        for dataset in dict.fromkeys(one.dataset for one in of_unit):
            rows = [_row(one, numbers[one.claim.id], measures, axis) for one in of_unit if one.dataset == dataset]
            rows.sort(key=lambda row: -row.value)
            found.setdefault(dataset, []).append(Group(WORDS.get(axis.unit) or axis.unit[0].upper() + axis.unit[1:], nothing, ticks, rows))
    for one in decided:
        if not one.tested and one.verdict != "not run":
            of_dataset = found.setdefault(one.dataset, [])
            if not of_dataset or of_dataset[-1].heading != WITHOUT:
                of_dataset.append(Group(WITHOUT, None, [], []))
            of_dataset[-1].rows.append(_row(one, numbers[one.claim.id], measures, None))
    return found


def _row(one, number, measures, axis):
    estimate, needs = verdicts.in_words(one, measures)
    known = one, number, anchor_of(one), text.sentence(one.claim), estimate, needs, f"{one.n:.0f}" * one.tested
    if axis is None:
        return Row(*known, None)
    values = axis.numbers(one)
    beyond = tuple(bool(end) for end in (values[1] < axis.low, values[2] > axis.high))
    return Row(*known, float(values[0]), tuple(axis.place(value) for value in np.nan_to_num(values, nan=np.nan_to_num(values[0]))), beyond)
