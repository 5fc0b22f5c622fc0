"""Answers say yes, no, mixed, undecided, not run, as the tables of controls and claims have it, with the mechanism that goes with it."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import exp_a_loss
import exp_b_activation
import exp_c_optimizer
from common import cli
from common.course_report import answers, deciding, verdicts
from common.course_report.claims import Above, AtLeast, Below, Claim
from common.course_report.control_runs import MISSING
from common.course_report.controls import SPOKEN, Apart
from common.course_report.questions import Extremes, Question
from common.course_report.verdicts import Verdict
from tests.support.arms import ACCURACY, MEASURES, runs, standardised
from tests.support.made_up_controls import A, B, C, control

SCRIPTS = (exp_a_loss, exp_b_activation, exp_c_optimizer)
QUESTION = Question("Q", "Why?", "Is it so?", "It is so.", ("claimed",), ("told",), (Extremes(ACCURACY, "accuracy"),))
ARMS = {"a": 0.5, "b": 0.7, "c": 0.5}  # accuracies: what compares b with a holds, what compares c with a does not


def claim(name, of=B, by=0.1):
    return Claim(name, f"sentence of {name}", (Above(ACCURACY, of, A, by=by),), ("digits",), 1)


def made_up(**levels):
    """Runs of the three arms with accuracies about these levels."""
    random = np.random.default_rng(0)
    return runs(*(level + 0.005 * standardised(random) for level in {**ARMS, **levels}.values()))


def answered(controls, claims=(), missing=(), of=None, question=QUESTION):
    """`(row, claims, controls)`: the answer, and the verdicts that it rests on; the controls in `missing` were not run."""
    runs_of = {"digits": of or made_up()}
    on_claims, on_controls = (deciding.decide(some, runs_of) for some in (claims, controls))
    on_controls += [Verdict(one, "digits", "not run", MISSING) for one in missing]
    layers = pd.DataFrame({"dataset": []})
    table = answers.answer_all([question], runs_of, {"layers": layers}, on_claims, on_controls)
    return table.iloc[0], on_claims, on_controls


OPEN = {"by": 0.2}  # the difference between b and a itself
CASES = {  # controls, claims, controls that were not run, the word
    "all controls for it": ([control("x"), control("y")], [claim("claimed", C)], [], "yes"),
    "all controls against it": ([control("x", C), control("y", C)], [claim("claimed")], [], "no"),
    "one for, one against": ([control("x"), control("y", C)], [], [], "mixed"),
    "one for, one open": ([control("x"), control("y", **OPEN)], [], [], "yes"),
    "one against, one missing": ([control("x", C)], [], [control("y")], "no"),
    "open, whatever the claims say": ([control("x", **OPEN)], [claim("claimed")], [], "undecided"),
    "no control ran, the claim holds": ([], [claim("claimed")], [control("x")], "yes"),
    "no control ran, the claim fails": ([], [claim("claimed", C)], [control("x")], "no"),
    "no control ran, the claim is open": ([], [claim("claimed", **OPEN)], [control("x")], "undecided"),
    "no control ran, no claim": ([], [claim("told")], [control("x")], "not run"),
    "the claim's arm is missing": ([], [claim("claimed", {"loss": "d"})], [], "not run"),
    "nothing to decide it by": ([], [claim("told")], [], "described"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_word_is_that_of_the_controls_and_without_them_of_the_claims(case):
    controls, claims, missing, word = CASES[case]
    row, *_ = answered(controls, claims, missing)
    assert row["verdict"] == word and row["answer"].lower().startswith(word)
    assert ("--controls" in row["answer"]) == bool(missing and not controls)  # who waits, is told
    assert ("arms alone" in row["answer"]) == (not controls and word in ("yes", "no", "undecided"))
    assert row["evidence"].splitlines()[-1].startswith("Accuracy: ")  # the facts are there in any case


def test_an_answer_turns_with_the_data_and_so_does_its_mechanism():
    x = control("x")
    for level, word, mechanism, seen in ((0.7, "yes", x.holds, x.speaks_for), (0.5, "no", x.fails, x.speaks_against)):
        row, _, (verdict,) = answered([x], of=made_up(b=level))
        assert (row["verdict"], row["mechanism"]) == (word, mechanism)
        assert f"Done for x, and {seen}" in row["seen"] and x.cause in row["answer"]
        assert verdicts.in_words(verdict, MEASURES)[0] in row["seen"]
        assert "x_digits.png" in row["evidence"] and verdict.claim.id == row["decided_by"]


def test_a_mixed_answer_says_what_is_a_cause_what_is_none_and_what_is_both():
    row, *_ = answered([control("x"), control("y", C), control("z", cause="both"), control("w", C, cause="both"), control("v", **OPEN)])
    words = ("the cause is cause of x", "it is not cause of y", "on both the controls disagree", "Left open: whether sentence of v (v)")
    of = [row["answer"].index(part) for part in words]
    assert of == sorted(of)
    assert [line.split()[2] for line in row["mechanism"].splitlines()] == ["x", "z", "y", "w"]  # those for it in front
    assert [line.split()[2].strip(",") for line in row["seen"].splitlines()] == ["x", "z", "y", "w"]  # each beside its mechanism


def test_a_rival_cause_is_told_and_does_not_answer_for_the_report():
    row, *_ = answered([control("x", C), control("y", rival=True), control("z", C, rival=True)])
    assert (row["verdict"], row["decided_by"]) == ("no", "x")
    words = ("No: the cause is not cause of x", "another cause is cause of y", "no other cause is cause of z")
    assert [row["answer"].index(part) for part in words] == sorted(row["answer"].index(part) for part in words)
    assert "y speaks for another cause" in row["evidence"] and len(row["seen"].splitlines()) == 3
    alone, *_ = answered([control("y", rival=True)])
    assert alone["verdict"] == "undecided" and "another cause is cause of y" in alone["answer"] and not alone["decided_by"]


def test_few_causes_and_claims_that_are_open_are_named_and_many_are_counted():
    for count in (2, 6):
        row, *_ = answered([control(f"x{i}", **OPEN) for i in range(count)])
        named = [f"cause of x{i}" in row["answer"] for i in range(count)]
        assert all(named) if count == 2 else not any(named) and str(count) in row["answer"]
        left_open = row["answer"].partition("Left open: ")[2]
        assert left_open == ("whether sentence of x0 (x0) and sentence of x1 (x1)." if count == 2 else "6 of 6 controls.")
        assert all(f"x{i} leaves it open" in row["evidence"] for i in range(count))
    row, *_ = answered([], [claim("claimed", **OPEN), claim("told", **OPEN)])
    assert "Left open: whether sentence of claimed (claimed)." in row["answer"]
    assert row["became"] == "Undecided: claimed; sentence of told (told)."  # the answer has the sentence already


def test_what_controls_share_is_said_once():
    shared = {"cause": "c", "done": "d is done", "speaks_for": "it is seen", "holds": "Shared by all. Of x alone."}
    of_y, of_z = {**shared, "holds": "Shared by all. Of y alone."}, {**shared, "done": "e is done", "holds": "Of z alone. Shared by all."}
    row, *_ = answered([control("x", **shared), control("y", by=0.05, **of_y), control("z", **of_z)])
    assert row["mechanism"] == "Shared by all. Of x alone. Of y alone.\nOf z alone."
    assert row["seen"].count("D is done") == row["answer"].count("the cause is c") == 1
    first, second = row["seen"].splitlines()
    assert first.count("points [") == 2 and "(x)" in first and "(y)" in first and second.count("points [") == 1


def test_the_reports_claims_are_told_with_what_became_of_them():
    row, *_ = answered([control("x")], [claim("claimed"), claim("told", C), claim("other")])
    assert row["became"].splitlines() == ["Supported: sentence of claimed (claimed).", "Contradicted: sentence of told (told)."]
    row, *_ = answered([], [claim("claimed"), claim("told", C)])  # the answer has the sentence already
    assert row["became"].splitlines()[0] == "Supported: claimed." and "sentence of claimed" in row["answer"]
    assert row["report_said"] == QUESTION.said


NUMBER = r"-?\d+(?:\.\d+)?(?:e-?\d+)?"


@pytest.mark.parametrize("level", [0.5, 0.55, 0.62, 0.7, 0.9])
@pytest.mark.parametrize("kind", ["difference", "ratio", "below", "at least", "two parts"])
def test_every_number_of_an_answer_stands_in_the_rows_of_controls_and_claims(kind, level):
    """None is typed in: each is the estimate, an end of the interval or a margin of a verdict, in percent where it is a share."""
    parts = {
        "difference": (Above(ACCURACY, B, A, by=0.2, least=0.1),),
        "ratio": (Above(ACCURACY, B, A, times=1.37),),
        "below": (Below(ACCURACY, B, limit=0.61),),
        "at least": (AtLeast(ACCURACY, B, limit=0.61),),
        "two parts": (Above(ACCURACY, B, A, by=0.1), Above(ACCURACY, B, C, by=0.15)),
    }[kind]
    both = [replace(control("x"), parts=parts)], [replace(claim("claimed"), parts=parts)]
    for controls, claims in (both, ([], both[1])):
        row, on_claims, on_controls = answered(controls, claims, of=made_up(b=level))
        assert row["verdict"] in ("yes", "no", "undecided")
        known = [
            scale * number
            for one in [*on_claims, *on_controls]
            for number in (one.estimate, one.ci_low, one.ci_high, one.needs, one.decides.counts_from("digits"))
            for scale in (1, 100)
        ]
        for word in re.findall(NUMBER, " ".join((row["answer"], row["seen"], row["became"]))):
            decimals = len(word.partition(".")[2])
            assert any(abs(float(word) - number) <= 0.5 * 10.0**-decimals + 1e-9 for number in known), (word, row["answer"], row["seen"])


def test_the_place_of_an_interval_is_on_the_side_on_which_it_lies():
    for level in (0.5, 0.55, 0.7, 0.9):
        for part in (Above(ACCURACY, B, A, by=0.1, least=0.03), Below(ACCURACY, B, limit=0.6), AtLeast(ACCURACY, B, limit=0.6)):
            (verdict,) = deciding.decide([replace(control("x"), parts=(part,))], {"digits": made_up(b=level)})
            words = verdicts.place(verdict, MEASURES)
            margin = float(re.search(NUMBER, words)[0]) / 100
            assert (verdict.ci_low > margin) if "more than" in words else (verdict.ci_high < margin), (level, words)
            assert ("in that direction" in words) == (verdict.verdict == "smaller than claimed")


def test_the_answers_that_matter_most_rest_on_controls_then_speak_against_the_report_then_are_clear():
    asked = {"arms": "claimed", "confirmed": "x", "close": "y", "clear": "z"}
    questions = [replace(QUESTION, id=name, claims=("claimed",) if name == "arms" else ()) for name in asked]
    controls = [
        replace(control(one, of, by), question=name)
        for name, one, of, by in (
            ("confirmed", "x", B, 0.1),
            ("close", "y", C, 0.01),
            ("clear", "z", C, 0.3),
        )
    ]
    runs_of = {"digits": made_up()}
    on_claims, on_controls = deciding.decide([claim("claimed", C, 0.4)], runs_of), deciding.decide(controls, runs_of)
    table = answers.answer_all(questions, runs_of, {"layers": pd.DataFrame({"dataset": []})}, on_claims, on_controls)
    assert table["verdict"].tolist() == ["no", "yes", "no", "no"]
    assert [row["id"] for row in answers.most_telling(table, on_claims, on_controls, 4)] == ["clear", "close", "confirmed", "arms"]
    assert len(answers.most_telling(table, on_claims, on_controls)) == 3
    # A question once, where it is clearest.
    elsewhere = [replace(one, dataset="moons", ci_low=one.estimate, ci_high=one.estimate) for one in on_controls]
    twice = pd.concat([table, table.iloc[1:].assign(dataset="moons")])
    found = answers.most_telling(twice, on_claims, [*on_controls, *elsewhere], 9)
    assert sorted(row["id"] for row in found) == sorted(asked) and {row["dataset"] for row in found[:3]} == {"moons"}


def test_a_verdict_is_as_clear_as_its_estimate_lies_far_from_the_margin():
    known = {"note": "", "part": 0, "n": 5, "confidence": 0.95}
    difference = Verdict(claim("x"), "digits", "supported", estimate=0.3, ci_low=0.2, ci_high=0.9, **known)
    assert answers.clearness(difference) == pytest.approx(2)  # twice as far from 0.1 as the interval reaches
    ratio = Verdict(replace(claim("x"), parts=(Above(ACCURACY, B, A, times=2.0),)), "digits", "contradicted", **known)
    ratio = replace(ratio, estimate=0.5, ci_low=0.1, ci_high=1.0)
    assert answers.clearness(ratio) == pytest.approx(2)  # two octaves, of which the interval takes one
    assert answers.clearness(replace(ratio, ci_high=np.inf)) == 0


def test_what_waits_for_controls_is_named_with_a_command_that_runs_it():
    (one, *_) = exp_c_optimizer.EXPERIMENT.report.controls
    missing = [Verdict(one, dataset, "not run", MISSING) for dataset in one.datasets]
    words, command = answers.waiting(missing, "exp_c_optimizer.py")
    args = cli.parse(exp_c_optimizer.EXPERIMENT, command.split()[2:])
    assert args.controls == [one.question] and args.datasets == list(one.datasets) and one.question in words
    assert answers.waiting([replace(missing[0], note="needs 3 seeds, has 2")], "exp_c_optimizer.py") == ("", "")


def test_all_questions_of_the_report_are_asked_and_answered_by_claims_and_controls_that_there_are():
    own = dict(zip(SCRIPTS, ("A1 A2 A3 A4", "B1 B2 B3 B4", "Q5 C1 C2 C3 C4 C5 B4"), strict=True))
    for script, ids in own.items():
        report = script.EXPERIMENT.report
        assert [question.id for question in report.questions] == ["Q1", "Q2", "Q3", "Q4", *ids.split()]
        of_claims = {name for question in report.questions for name in (*question.claims, *question.beside)} - {"A-gap"}
        assert of_claims <= {claim.id for claim in report.claims}
        assert {one.question for one in report.controls} <= {question.id for question in report.questions}
        assert all(question.said and question.asks.endswith("?") for question in report.questions if question.claims)
        assert all(not set(question.claims) & set(question.beside) for question in report.questions)


def test_the_control_of_two_curves_names_the_curve():
    apart = replace(control("x"), parts=(Apart("train_loss", B, A, beyond=0.1),))
    verdict = Verdict(apart, "digits", "contradicted", "", 0, "apart", 0.05, 0.03, 0.06, 5, 0.001, 0.95, "student")
    table = answers.answer_all([QUESTION], {"digits": made_up()}, {"layers": pd.DataFrame({"dataset": []})}, [], [verdict])
    assert "training loss" in table["evidence"].item() and SPOKEN[verdict.verdict] == table["verdict"].item() == "no"
    assert "0.05 decades [0.03, 0.06], less than 0.1 decades" in table["seen"].item()
