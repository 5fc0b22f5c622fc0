"""Verdicts in words: numbers that differ read differently, and units are what they are."""

import re

import numpy as np
import pytest

from common.course_report.claims import VERDICTS, Above, AtLeast, Below, Claim, counts
from common.course_report.verdicts import Verdict, as_table, in_words
from common.experiment import Measure
from common.experiment.measures import share

ARM, OTHER = {"loss": "a"}, {"loss": "b"}
MEASURES = {
    "loss": Measure("loss", ""),
    "accuracy": share("accuracy", ""),
    "gain": Measure("gain", "", "share", "linear"),
    "epoch": Measure("epoch", "", "epochs", "linear", "never"),
    "event": Measure("event", "", "share", "event"),
}


def verdict(part, *numbers, word="supported", **more):
    return Verdict(Claim("X", "", (part,), ("digits",), 1), "digits", word, "", 0, "", *numbers, n=5, **more)


@pytest.mark.parametrize(
    ("part", "numbers", "words"),
    [
        (Above("loss", ARM, ARM, times=1.1), (1.13, 1.12, 1.14), ("1.13 x [1.12, 1.14]", "> 1.1 x")),
        (Above("loss", ARM, ARM, times=1.1), (1.3, 1.2, 1.4), ("1.3 x [1.2, 1.4]", "> 1.1 x")),
        (Above("loss", ARM, ARM, times=1.1), (1.1, 1.1, 1.1), ("1.1 x [1.1, 1.1]", "> 1.1 x")),
        (Above("loss", ARM, ARM, times=0.5), (0.0214, 0.0211, 0.0212), ("0.0214 x [0.0211, 0.0212]", "> 0.5 x")),
        (Above("accuracy", ARM, ARM, by=0.05), (0.1, 0.0504, 0.2), ("10.00 points [5.04, 20.00]", "> 5 points")),
        (Above("accuracy", ARM, ARM, by=0.05), (0.001, 0.0, 0.002), ("0.1 points [0.0, 0.2]", "> 5 points")),
        (Above("accuracy", ARM, ARM, by=0.01), (0.021, 0.015, 0.03), ("2.1 points [1.5, 3.0]", "> 1 point")),
        (Above("accuracy", ARM, ARM, by=-0.005), (0.0, -0.0049, 0.01), ("0.00 points [-0.49, 1.00]", "> -0.5 points")),
        (Below("accuracy", ARM, limit=0.65), (0.6, 0.59, 0.61), ("60.0 % [59.0, 61.0]", "< 65 %")),
        (AtLeast("event", ARM, limit=0.5), (1.0, 0.7, 1.0), ("100.0 % [70.0, 100.0]", "> 50 %")),
        (Below("gain", ARM, limit=0.01), (0.002, 0.001, 0.003), ("0.2 points [0.1, 0.3]", "< 1 point")),
        (Below("epoch", ARM, limit=50.5), (30.0, 20.0, 40.0), ("30.0 epochs [20.0, 40.0]", "< 50.5 epochs")),
        (Above("epoch", ARM, OTHER, by=1), (3.0, 2.0, 4.0), ("3.0 epochs [2.0, 4.0]", "> 1 epoch")),
    ],
)
def test_the_ends_of_an_interval_and_its_margin_read_differently_where_they_differ(part, numbers, words):
    assert in_words(verdict(part, *numbers), MEASURES) == words


PARTS = [
    Above("accuracy", ARM, OTHER, by=0.03, least=0.015),
    Above("accuracy", ARM, OTHER, by=0.002),
    Above("loss", ARM, OTHER, times=1.1),
    Above("loss", ARM, OTHER, times=10, least=3.16),
    Below("accuracy", ARM, limit=0.805),
    AtLeast("loss", ARM, limit=0.645),
]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: f"{part.measure} {part.margin('digits')}")
def test_no_rounding_erases_a_decision(part):
    """Each end of the interval, as it is printed, lies on the same side of the margin, as it is printed, of nothing and of the least that
    counts, as it does before it is rounded."""
    random = np.random.default_rng(0)
    margin, least = part.margin("digits"), part.counts_from("digits")
    nothing = None if len(part.arms) == 1 else 0.0 if part.times is None else 1.0
    scale = 100 if part.measure == "accuracy" else 1
    for _ in range(1000):
        near = random.choice([of for of in (margin, least, nothing) if of is not None])
        low, high = np.sort(near + random.normal(0, 10 ** random.uniform(-5, -1), 2))
        found, needs = in_words(verdict(part, (low + high) / 2, low, high), MEASURES)
        _, *ends = map(float, re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", found))
        printed, *_ = map(float, re.findall(r"-?\d+\.?\d*", needs))  # the least that counts may follow
        assert printed == pytest.approx(scale * margin)
        for end, true in zip(ends, (low, high), strict=True):
            for of in {margin, least, nothing} - {None}:
                unlike = scale * abs(true - of) > 2e-5 * max(1, scale * abs(of))  # less is not told apart by any digits that are shown
                assert not unlike or (round(end - scale * of, 9) * (true - of) > 0), (found, needs, true)


def test_a_bound_reads_as_one():
    late = verdict(Above("epoch", ARM, OTHER, times=1.1), 4.0, 2.0, np.inf, bound=">")
    early = verdict(Above("epoch", ARM, OTHER, times=1.1), 0.5, 0.0, 0.8, bound="<")
    assert in_words(late, MEASURES)[0] == "> 4.0 x [2.0, inf]" and in_words(early, MEASURES)[0].startswith("< 0.5 x [")
    assert as_table([late, early])["bound"].tolist() == [">", "<"]
    assert in_words(verdict(late.decides, 4.0, 2.0, np.inf, method="sign"), MEASURES)[0].startswith("median 4.0 x")


def test_what_is_not_run_reads_as_its_note():
    missing = Verdict(Claim("X", "", PARTS[:1], ("digits",), 1), "digits", "not run", "needs lr 0.1", flags={"lr": ["0.1", "0.01"]})
    assert in_words(missing, MEASURES) == ("needs lr 0.1", "")
    row = as_table([missing]).iloc[0]
    assert row["flags"] == "--lr 0.1 0.01" and row[["estimate", "needs", "n", "p_value"]].isna().all()


def test_a_row_has_the_margin_and_the_least_that_counts():
    row = as_table([verdict(PARTS[0], 0.03, 0.02, 0.04), verdict(PARTS[4], 0.8, 0.79, 0.81)])
    assert row["needs"].tolist() == ["> 0.03", "< 0.805"] and row["counts_from"].tolist() == ["> 0.015", "< 0.805"]


def test_verdicts_are_counted_in_their_order():
    assert counts(["not run", "supported", "undecided", "supported"]) == "2 supported, 1 undecided, 1 not run"
    assert counts([*VERDICTS]) == "1 supported, 1 smaller than claimed, 1 contradicted, 1 undecided, 1 not run"
