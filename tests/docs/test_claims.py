"""docs/claims.md and docs/controls.md list the claims and controls as they are, every statement of the report among the claims."""

import re

from common.course_report.claims import VERDICTS
from common.course_report.listing import controls_listing, listing
from common.experiment.find import find_experiments
from tests.support.scripts import ROOT

STATEMENTS = {"A": 8, "B": 16, "C": 18}  # of the report that data can decide


def test_the_list_is_made_of_the_claims():
    assert (ROOT / "docs" / "claims.md").read_text(encoding="utf-8") == listing()


def test_the_list_of_controls_is_made_of_the_controls():
    text = (ROOT / "docs" / "controls.md").read_text(encoding="utf-8")
    controls = [control for experiment in find_experiments().values() for control in experiment.report.controls]
    assert text == controls_listing()
    assert sorted({*re.findall(r"^\| `([\w.-]+)`.*\|.*\|.*\|.*\|$", text, re.MULTILINE)}) == sorted(control.id for control in controls)
    assert all(control.reason and control.cause and control.done for control in controls)


def test_every_statement_of_the_report_has_a_claim_and_every_claim_a_reason():
    claims = [claim for experiment in find_experiments().values() for claim in experiment.report.claims]
    statements = {claim.statement for claim in claims} - {"Q2"}
    assert {letter: sum(name.startswith(letter) for name in statements) for letter in "ABC"} == STATEMENTS
    assert all(claim.reason and claim.sentence for claim in claims)
    listed = re.findall(r"^\| [\w-]+ \| `([\w-]+)` \|", listing(), re.MULTILINE)
    assert sorted(listed) == sorted(claim.id for claim in claims)


def test_the_documents_name_the_verdicts_that_there_are():
    words = (ROOT / "docs" / "experiments.md").read_text(encoding="utf-8")
    assert all(f"*{verdict}*" in words for verdict in VERDICTS)
