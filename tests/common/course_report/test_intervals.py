"""The rows of claims on the page: each interval stands where its numbers say, on one axis for all claims of a unit."""

import numpy as np
import pytest

from common.course_report.claims import Above, AtLeast, Claim
from common.course_report.intervals import groups
from common.course_report.verdicts import Verdict
from common.experiment import Measure, share

MEASURES = {"accuracy": share("accuracy", "accuracy"), "loss": Measure("loss", "loss"), "fall": Measure("fall", "how far it falls")}
A, B = {"arm": "a"}, {"arm": "b"}
PARTS = {
    "more": Above("accuracy", A, B, by=0.03, least=0.01),
    "ratio": Above("loss", A, B, times=1.1),
    "faster": Above("loss", A, B, times=3.0),
    "level": AtLeast("fall", A, limit=10),
}
CLAIMS = {name: Claim(name, "a sentence", (part,), ("digits", "moons"), 1, "a reason") for name, part in PARTS.items()}


def verdict(name, dataset, word, *numbers):
    return Verdict(CLAIMS[name], dataset, word, "", 0, "m", *numbers, n=5, confidence=0.99)


DECIDED = [
    verdict("more", "digits", "smaller than claimed", 0.02, 0.005, 0.025),
    verdict("ratio", "digits", "undecided", 2.0, 0.0, np.inf),
    verdict("faster", "digits", "supported", 20.0, 10.0, 40.0),
    verdict("more", "moons", "supported", 0.4, 0.3, 0.5),
    verdict("ratio", "moons", "contradicted", 0.25, 0.125, 0.5),
    verdict("level", "moons", "undecided", 20.0, 5.0, 80.0),
    Verdict(CLAIMS["faster"], "moons", "not run", "needs lr 0.1"),
    Verdict(CLAIMS["more"], "circles", "undecided", "all runs diverged"),
]


@pytest.fixture(scope="module")
def found():
    return groups(DECIDED, list(CLAIMS.values()), MEASURES)


def test_rows_of_a_unit_stand_together_the_largest_estimate_first_with_the_number_of_their_claim(found):
    rows = {
        dataset: [[(row.verdict.claim.id, row.number, row.value) for row in group.rows] for group in some]
        for dataset, some in found.items()
    }
    assert rows["digits"] == [[("more", 1, 2.0)], [("faster", 3, 20.0), ("ratio", 2, 2.0)]]
    assert rows["moons"] == [[("more", 1, 40.0)], [("ratio", 2, 0.25)], [("level", 4, 20.0)]]
    assert rows["circles"] == [[("more", 1, None)]] and found["circles"][0].rows[0].estimate == "all runs diverged"


def places(group, name):
    return next(row.places for row in group.rows if row.verdict.claim.id == name)


def test_places_are_linear_in_points_logarithmic_in_ratios_and_the_same_on_all_datasets(found):
    points, ratios = ([found[dataset][unit] for dataset in ("digits", "moons")] for unit in (0, 1))
    for here, there in (points, ratios):
        assert here.nothing == there.nothing and here.ticks == there.ticks
    at = dict(zip((2, 0.5, 2.5, 3, 1), places(points[0], "more"), strict=True)) | dict(
        zip((40, 30, 50), places(points[1], "more"), strict=False)
    )
    slope, start = np.polyfit(list(at), list(at.values()), 1)
    np.testing.assert_allclose(slope * np.array(list(at)) + start, list(at.values()), atol=1e-9)
    assert points[0].nothing == pytest.approx(start) and all(
        place == pytest.approx(slope * float(tick) + start) for place, tick in points[0].ticks
    )
    fast, slow = places(ratios[0], "faster"), places(ratios[1], "ratio")
    assert fast[0] - fast[1] == pytest.approx(fast[2] - fast[0]) == pytest.approx(slow[0] - slow[1])  # each a factor of two


def test_an_interval_without_an_end_reaches_to_the_end_of_the_axis_and_says_so(found):
    (row,) = (row for row in found["digits"][1].rows if row.verdict.claim.id == "ratio")
    assert row.places[1:3] == (0, 1) and row.beyond == (True, True)
    assert all(row.beyond == (False, False) for some in found.values() for group in some for row in group.rows if row.value == 20.0)
