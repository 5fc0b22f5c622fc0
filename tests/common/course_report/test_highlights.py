"""Highlights are said where the controls behind them speak as they need, with these controls' numbers, and nowhere else."""

import re
from dataclasses import replace

import numpy as np
import pytest

from common.course_report import deciding, highlights
from common.course_report.highlights import Highlight
from common.experiment.find import find_experiments
from tests.support.arms import MEASURES, runs, standardised
from tests.support.made_up_controls import C, control

CONTROLS = [control("holds"), control("fails", C)]


def verdicts(of=CONTROLS):
    random = np.random.default_rng(0)
    return deciding.decide(of, {"digits": runs(*(level + 0.005 * standardised(random) for level in (0.5, 0.7, 0.5)))})


@pytest.mark.parametrize(
    ("rests_on", "said"),
    [
        ({"holds": "yes"}, True),
        ({"holds": "no"}, False),
        ({"fails": "no", "holds": "yes"}, True),
        ({"fails": "yes", "holds": "yes"}, False),
        ({"holds": "yes", "not there": "no"}, False),
    ],
)
def test_a_sentence_is_said_only_if_all_its_controls_speak_as_it_needs(rests_on, said):
    table = highlights.table([Highlight("x", "It is so", rests_on)], verdicts(), MEASURES)
    assert len(table) == said and tuple(table) == highlights.COLUMNS
    for name, one in ((one.claim.id, one) for one in verdicts() if said and one.claim.id in rests_on):
        (words,) = (words for words in table["numbers"].item().split("; ") if f"({name})" in words)
        numbers = [float(number) for number in re.findall(r"-?\d+\.\d", words)][:3]
        assert numbers == pytest.approx([100 * one.estimate, 100 * one.ci_low, 100 * one.ci_high], abs=0.051)


def test_undecided_controls_carry_nothing():
    table = highlights.table([Highlight("x", "It is so", {"holds": "yes"})], verdicts([control("holds", by=0.2)]), MEASURES)
    assert table.empty


def test_the_index_reads_what_was_written_with_the_first_figure_that_there_is(tmp_path):
    table = highlights.table([Highlight("x", "It is so", {"holds": "yes"})], verdicts([replace(CONTROLS[0], figure="shown")]), MEASURES)
    table.to_csv(tmp_path / highlights.FILE, index=False)
    (one,) = highlights.read(tmp_path)
    assert (one["sentence"], one["figure"]) == ("It is so", None) and one["datasets"] == [("Digits", table["numbers"].item())]
    (tmp_path / "shown_digits.png").touch()
    assert highlights.read(tmp_path)[0]["figure"] == tmp_path / "shown_digits.png"


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00", b"sentence\nx\n", b'sentence,dataset\n"a'])
def test_a_missing_or_damaged_table_says_nothing(content, tmp_path):
    if content is not None:
        (tmp_path / highlights.FILE).write_bytes(content)
    assert highlights.read(tmp_path) == []


def test_every_highlight_rests_on_controls_that_there_are_has_a_figure_and_no_number_of_its_own():
    reports = [experiment.report for experiment in find_experiments().values()]
    found = [(report.controls, one) for report in reports for one in report.highlights]
    assert 0 < len(found) <= 5
    for controls, one in found:
        known = {control.id: control for control in controls}
        assert one.rests_on.keys() <= known.keys() and set(one.rests_on.values()) <= {"yes", "no"}
        assert known[next(iter(one.rests_on))].figure and not one.sentence.endswith(".")
