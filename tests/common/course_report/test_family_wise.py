"""The chance of any wrong verdict, and of a right one, by simulation: what is wrong is told from the truth alone."""

import numpy as np
import pytest

from common.course_report import deciding
from common.course_report.claims import Above, Claim
from common.course_report.runs import Runs
from common.experiment import Measure
from tests.support.frames import every

SEEDS, LEAST, MARGIN = 10, 0.75, 1.5  # in standard deviations of a run
MEASURES = {"m": Measure("m", "m", scale="linear")}
PLACES = {"nothing": 0.0, "least": LEAST, "margin": MARGIN}


def above(arm, by=MARGIN, least=LEAST):
    return Above("m", {"loss": arm}, {"loss": "a"}, by=by, least=least)


def claim(name, *parts):
    return Claim(name, "", parts, ("digits",), 1)


FAMILY = [
    *(claim(arm, above(arm)) for arm in "bcd"),
    claim("two", above("b"), above("c")),
    claim("not lost", above("b", -LEAST, None), above("d")),
]


def decide(claims, arms, alpha=deciding.ALPHA):
    """The verdicts, of the runs of the arms a, b, ..., array `(arms, seeds)`."""
    keys = every(dataset=["digits"], loss=list("abcd"[: len(arms)]), seed=range(arms.shape[1]))
    return deciding.decide(claims, {"digits": Runs(keys.assign(m=arms.ravel()), ("loss",), MEASURES, 50)}, alpha)


def is_wrong(one, truth):
    """By what the verdict says: beyond all margins; with a direction, and one short of its margin; one short of the least that counts."""
    parts = [(truth["abcd".index(part.of["loss"])] - truth[0], part) for part in one.claim.parts]
    return {
        "supported": any(effect <= part.by for effect, part in parts),
        "smaller than claimed": any(effect <= min(0, part.by) for effect, part in parts)
        or all(effect >= part.by for effect, part in parts),
        "contradicted": all(effect >= part.counts_from("digits") for effect, part in parts),
        "undecided": False,
    }[one.verdict]


@pytest.mark.slow
@pytest.mark.parametrize("places", ["margin margin margin", "nothing nothing nothing", "least least least", "margin least nothing"])
def test_any_verdict_is_wrong_in_at_most_5_percent_of_families_whose_claims_share_an_arm(places, monkeypatch):
    """With effects at their margins, at nothing, and at the least that counts, where a statement just is not true."""
    monkeypatch.setattr(deciding, "MOST_SEEDS", 0)
    repetitions, random = 400, np.random.default_rng(0)
    truth = np.array([0.0, *(PLACES[place] for place in places.split())])
    wrong, decided = 0, 0
    for _ in range(repetitions):
        found = decide(FAMILY, truth[:, None] + random.normal(0, 1, (4, SEEDS)))
        wrong += any(is_wrong(one, truth) for one in found)
        decided += sum(one.verdict != "undecided" for one in found)
    assert wrong / repetitions <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / repetitions), wrong
    assert decided > wrong or set(places.split()) == {"margin"}  # there is something to be right about


@pytest.mark.slow
def test_so_many_seeds_decide_in_80_percent_of_repetitions():
    """If the truth is what was estimated."""
    random, repetitions = np.random.default_rng(1), 300
    a, b = random.normal(0, 1, (2, SEEDS))
    b += 0.5 - (b - a).mean()
    claims = [claim("b", above("b", 0.0, None))]
    (open_one,) = decide(claims, np.stack([a, b]))
    differences = random.normal(0.5, (b - a).std(ddof=1), (repetitions, open_one.seeds_needed))
    found = [decide(claims, np.stack([0 * sample, sample]), deciding.ALPHA / 4)[0].verdict for sample in differences]
    assert found.count("supported") / repetitions == pytest.approx(0.8, abs=0.07)
