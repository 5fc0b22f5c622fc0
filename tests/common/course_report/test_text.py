"""The verdicts as text: what the console has room for, the seeds that are asked for, and the family."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

import exp_a_loss
import exp_b_activation
import exp_c_optimizer
from common import cli
from common.course_report import answers, deciding, text, verdicts
from common.course_report.claims import Above, Claim
from common.course_report.control_runs import MISSING
from common.course_report.runs import Runs
from common.course_report.verdicts import Verdict
from common.experiment.measures import registry
from common.results.results import Results
from tests.support.arms import ACCURACY, MARGINS, MEASURES, SEEDS, claims, four_arms, runs
from tests.support.made_up_claims import has_best, verdict_on

SCRIPTS = [exp_a_loss, exp_b_activation, exp_c_optimizer]


def test_the_command_asks_for_the_seeds_of_the_dataset_and_the_family_is_counted():
    of = {"digits": runs(*four_arms()), "moons": runs(*(arm[:3] for arm in four_arms()))}
    few = Above(ACCURACY, {"loss": "b"}, {"loss": "a"})
    asked = [Claim("few", "", (few,), ("moons",), 1), *claims(margins={**MARGINS, "c": 0.11})]
    decided = deciding.decide(asked, of)
    digits, moons = sorted(text.claim_blocks(decided, MEASURES, "exp_a_loss.py"), key=lambda block: block["heading"])
    args = cli.parse(exp_a_loss.EXPERIMENT, digits["command"].split()[2:])
    (open_one,) = (one for one in decided if one.seeds_needed and one.dataset == "digits")
    assert args.datasets == ["digits"] and args.seeds is None and args.until_decided and args.max_seeds == open_one.seeds_needed
    # As many as give Student's test a power of 80 % at a quarter of 5 %, of which Holm leaves it a fourth: two of six ends are rejected. Of
    # the ways to a verdict the nearest: that it is more than nothing is clear, that it is short of the margin is not yet.
    a, _, c, _ = four_arms()
    size, n = (0.11 - (c - a).mean()) / (c - a).std(ddof=1), np.arange(SEEDS + 1, 1000)
    direction = np.sign(size)
    power = scipy.stats.nct.sf(scipy.stats.t.isf(0.05 / 4 / 4, n - 1), n - 1, direction * size * np.sqrt(n))
    assert open_one.seeds_needed == n[power >= 0.8][0]
    assert not moons["command"] and moons["command_to_run"] == "python exp_a_loss.py --datasets moons --seeds 5"
    family = text.family(decided, 1)
    assert "the 3 claims" in family and "6 tests" in family and " 5 %" in family and "1.25 %" in text.family(decided, 4)
    assert text.family([one for one in decided if one.note], 1) == ""


def test_the_command_asks_for_no_more_than_ten_times_the_seeds_and_says_what_they_decide():
    (claim,) = claims(margins={"b": 0.1})
    tested = {"verdict": "undecided", "part": 0, "n": 12, "confidence": 0.99}
    found = [Verdict(replace(claim, id=str(seeds)), "digits", seeds_needed=seeds, **tested) for seeds in (30, 90, 400, None)]
    (block,) = text.claim_blocks(found, MEASURES, "exp_a_loss.py")
    assert block["command"].endswith("--max-seeds 90") and "2 of the 4" in block["seeds"] and "400 with 400" in block["seeds"]
    (beyond,) = text.claim_blocks(found[2:], MEASURES, "exp_a_loss.py")
    assert not beyond["command"] and "400 with 400" in beyond["seeds"]
    (none,) = text.claim_blocks(found[3:], MEASURES, "exp_a_loss.py")
    assert not none["command"] and not none["seeds"]
    levels = [replace(one, confidence=of) for one, of in zip(found, (0.991, 0.993, 0.996, 0.992), strict=True)]
    assert verdicts.confidences(levels) == "99.10 to 99.60 %" and "99.10 to 99.60 %" in text.family(levels, 1)


def decided_on_all(script, word):
    """Verdicts on all claims of a script on its last dataset, each as if it were the only one; and what is not run of the rest."""
    found = []
    for claim in script.EXPERIMENT.report.claims:
        dataset = claim.datasets[-1]
        if has_best(claim) or word == "missing":
            empty = Runs(verdict_frame(script), ("init",), registry(script.EXPERIMENT), 1, settings=script.EXPERIMENT.settings)
            found += deciding.decide([claim], {dataset: empty})
            continue
        words = [word if word != "small" or len(part.arms) == 2 else "holds" for part in claim.parts]
        found.append(verdict_on(script, claim, dataset, words))
    last = script.EXPERIMENT.report.claims[-1].datasets[-1]
    return [replace(one, dataset=last) for one in found]


def verdict_frame(script):
    """A summary without any arm that a claim is about."""
    names = [setting.name for setting in script.EXPERIMENT.settings if setting.always_an_arm]
    return runs(np.zeros(3)).summary.assign(init="he", **dict.fromkeys(names, "other"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.NAME)
@pytest.mark.parametrize("word", ["fails", "small", "missing"])
def test_the_lines_of_the_claims_fit_a_console_and_name_each_with_its_verdict(script, word, monkeypatch):
    monkeypatch.setattr(deciding, "MOST_SEEDS", 0)
    found = decided_on_all(script, word)
    report, measures = script.EXPERIMENT.report, registry(script.EXPERIMENT)
    monkeypatch.setattr(type(report), "_reproduced", lambda *_: [])  # which is about other numbers
    lines = [line for part in report.lines(_results(script, found, measures)) for line in part]
    assert max(map(len, lines)) <= 79
    assert any(line.startswith("Why: ") for line in lines) == (word != "missing")
    assert any(line.startswith("Waiting for --controls: ") for line in lines) == bool(report.controls)
    together = " ".join(" ".join(lines).split())
    for one in found:
        assert one.claim.id in together
        if one.verdict != "not run":
            (row, *_) = (row for row, line in enumerate(lines) if line.startswith(f"  {one.claim.id} "))
            *_, heading = (line for line in lines[:row] if not line.startswith(" "))  # rows of a verdict stand below it
            assert heading == f"{one.verdict}:"


def _results(script, found, measures):
    report, dataset = script.EXPERIMENT.report, found[0].dataset
    controls = [Verdict(one, dataset, "not run", MISSING) for one in report.controls]
    asked = [replace(question, facts=()) for question in report.questions]
    of = Runs(verdict_frame(script), ("init",), measures, 1)
    tables = {"claims": verdicts.as_table(found), "controls": verdicts.as_table(controls)}
    tables["answers"] = answers.answer_all(asked, {dataset: of}, {"layers": of.summary}, found, controls)
    return Results(script.EXPERIMENT, [], tables, measures, "", {})


def test_several_parts_name_the_one_that_decides_and_an_opposite_direction_is_told():
    (claim,) = claims(margins={"b": 0.1})
    (other,) = claims(margins={"c": 0.1})
    both = replace(claim, id="both", parts=(*claim.parts, *other.parts))
    known = {"part": 1, "n": 12, "confidence": 0.99, "estimate": -0.2, "ci_low": -0.3, "ci_high": -0.1}
    found = [
        Verdict(both, "digits", "contradicted", **known),
        Verdict(claim, "digits", "contradicted", **{**known, "part": 0, "ci_high": 0.05}),
    ]
    (block,) = text.claim_blocks(found, MEASURES, "exp_a_loss.py")
    deciding_part, opposite = block["remarks"]
    assert "both by c against a" in deciding_part and "both:" in opposite and "b:" not in opposite.replace("both:", "")
