"""Verdicts in words: numbers that differ read differently."""

import pytest

from common.course_report.claims import Above, Claim
from common.course_report.verdicts import Verdict, in_words
from common.experiment import Measure
from common.experiment.measures import share

ARM = {"loss": "a"}
MEASURES = {"loss": Measure("loss", ""), "accuracy": share("accuracy", "")}


@pytest.mark.parametrize(
    ("part", "numbers", "words"),
    [
        (Above("loss", ARM, ARM, times=1.1), (1.13, 1.12, 1.14), ("1.13 x [1.12, 1.14]", "> 1.1 x")),
        (Above("loss", ARM, ARM, times=1.1), (1.3, 1.2, 1.4), ("1.3 x [1.2, 1.4]", "> 1.1 x")),
        (Above("loss", ARM, ARM, times=1.1), (1.1, 1.1, 1.1), ("1.1 x [1.1, 1.1]", "> 1.1 x")),
        (Above("loss", ARM, ARM, times=0.5), (0.0214, 0.0211, 0.0212), ("0.0214 x [0.0211, 0.0212]", "> 0.5 x")),
        (Above("accuracy", ARM, ARM, by=0.05), (0.1, 0.0504, 0.2), ("10.00 % [5.04, 20.00]", "> 5 %")),
        (Above("accuracy", ARM, ARM, by=0.05), (0.001, 0.0, 0.002), ("0.1 % [0.0, 0.2]", "> 5 %")),
    ],
)
def test_the_ends_of_an_interval_and_its_margin_read_differently_where_they_differ(part, numbers, words):
    verdict = Verdict(Claim("X", "", (part,), ("digits",), 1), "digits", "supported", "", 0, "", *numbers, n=5)
    assert in_words(verdict, MEASURES) == words
