"""Claims are decided as a textbook would: against closed forms, and by the share of wrong and of right verdicts in simulation."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

import exp_a_loss
from common import cli, stats
from common.course_report import deciding, text, verdicts
from common.course_report.claims import Above, Below, Claim
from common.course_report.runs import Runs
from common.course_report.verdicts import Verdict
from common.experiment import Measure
from common.experiment.measures import registry
from common.results.results import Results
from tests.support.frames import every

ACCURACY = "final_test_accuracy"
MEASURES = {**registry(exp_a_loss.EXPERIMENT), "m": Measure("m", "m", scale="linear")}
SEEDS, MARGINS = 10, {"b": 0.0, "c": 0.1, "d": 0.4}


def claims(measure=ACCURACY, margins=None):
    """A claim for each of the arms b, c and d, all against arm a."""
    return [Claim(arm, "", (above(arm, by, measure),), ("digits",), 1) for arm, by in (margins or MARGINS).items()]


def above(arm, by, measure=ACCURACY):
    return Above(measure, {"loss": arm}, {"loss": "a"}, by=by)


def runs(*arms, measure=ACCURACY, **known):
    """Runs of the arms a, b, ... with these values by seed."""
    keys = every(dataset=["digits"], loss=list("abcd"[: len(arms)]), seed=range(len(arms[0])))
    return Runs(keys.assign(**{measure: np.concatenate(arms)}), ("loss",), MEASURES, 50, **known)


def decide(these, of, alpha=deciding.ALPHA):
    return deciding.decide(these, {"digits": of}, alpha)


def four_arms():
    """Accuracies of four arms; beyond b's margin clearly, beyond c's at one look by three standard errors, short of d's clearly."""
    random = np.random.default_rng(2)
    a = 0.4 + random.normal(0, 0.02, SEEDS)
    noise = random.normal(0, 1, SEEDS)
    noise = (noise - noise.mean()) / noise.std(ddof=1)
    arms = a, a + 0.1 + 0.02 * noise, a + 0.1 + 0.03 * (noise + 3 / SEEDS**0.5), a + 0.3 + 0.03 * noise
    return [np.round(arm, 6) for arm in arms]


def correct_of(settings, seeds):
    """Images right by chance: arms differ in how many, most images are as hard for all seeds."""
    random = np.random.default_rng(ord(settings["loss"]))
    return random.random((len(seeds), 400)) < random.random(400)


@pytest.mark.parametrize(("correction", "correct"), [(0.0, None), (0.25, None), (0.0, correct_of)], ids=["plain", "splits", "images"])
@pytest.mark.parametrize("looks", [1, 4])
def test_p_values_and_intervals_are_those_of_students_formula_and_of_holms_six_steps(correction, correct, looks):
    """Nadeau & Bengio's variance, the test sample's added to it with Satterthwaite's degrees of freedom, and Holm over both directions."""
    a, *others = four_arms()
    estimates, errors, freedoms, p_values = [], [], [], []
    for arm, values in zip("bcd", others, strict=True):
        of_runs = (1 / SEEDS + correction) * (values - a).var(ddof=1)
        of_images = stats.test_sample_variance(*(correct({"loss": one}, range(SEEDS)) for one in (arm, "a"))) if correct else 0.0
        estimates.append((values - a).mean())
        errors.append(np.sqrt(of_runs + of_images))
        freedoms.append((SEEDS - 1) * ((of_runs + of_images) / of_runs) ** 2)
        above_margin = scipy.stats.t.sf((estimates[-1] - MARGINS[arm]) / errors[-1], freedoms[-1])
        p_values += [above_margin, 1 - above_margin]
    alpha, adjusted, level, rejected = 0.05 / looks, {}, {}, 0
    for step, i in enumerate(np.argsort(p_values)):
        adjusted[i] = min(1, max([(6 - step) * p_values[i], *adjusted.values()]))
        rejected += adjusted[i] <= alpha
        level[i] = alpha / (6 - step)
    found = decide(claims(), runs(a, *others, correction=correction, correct=correct), alpha)
    assert [one.verdict for one in found][1] == ("inconclusive" if correction or correct or looks > 1 else "supported")
    for i, one in enumerate(found):
        side = 2 * i + (p_values[2 * i] > 0.5)
        decided = adjusted[side] <= alpha
        assert one.p_value == pytest.approx(min(1, looks * adjusted[side])) and decided == (one.p_value <= 0.05)
        assert one.verdict == (["supported", "contradicted"][side % 2] if decided else "inconclusive")
        one_sided = level[side] if decided else alpha / (6 - rejected)
        low, high = scipy.stats.t.interval(1 - 2 * one_sided, freedoms[i], estimates[i], errors[i])
        assert (one.estimate, one.ci_low, one.ci_high) == pytest.approx((estimates[i], low, high))
        assert (low <= MARGINS["bcd"[i]] <= high) == (one.verdict == "inconclusive")


@pytest.mark.parametrize(("n", "verdict"), [(5, "inconclusive"), (10, "supported")])
def test_runs_in_two_groups_are_judged_by_what_holds_in_most_seeds(n, verdict):
    """Adam at 0.1: most runs at chance, some at 60 %. Their mean, 21 %, is no run's; ten signs decide, five cannot: 1 / 32 > 0.025."""
    values = np.where(np.arange(n) == 2, 0.6, 0.1) + np.arange(n) / 1e4
    fails = Claim("fails", "", (Below(ACCURACY, {"loss": "a"}, limit=0.15),), ("digits",), 1)
    (one,) = decide([fails], runs(values))
    assert (one.verdict, one.method, one.estimate) == (verdict, "sign", np.median(values)) and one.statistic.startswith("in most seeds")
    assert one.p_value == pytest.approx(2 * scipy.stats.binom.sf(n - 2, n, 0.5))
    assert f"{n - 1} of {n}" in one.remark and 0 <= one.ci_low < one.ci_high <= 1
    assert (one.seeds_needed or 6) >= 6


def test_a_claim_that_no_number_of_seeds_decides_says_so():
    """By splits of the same images the variance does not fall below a quarter of that of a seed."""
    values = np.linspace(-0.06, 0.06, SEEDS)
    few, many = (decide(claims(margins={"b": 0.0}), runs(0.4 + 0 * values, 0.42 + values, correction=c))[0] for c in (0.25, 0.0))
    assert many.seeds_needed > SEEDS and few.verdict == many.verdict == "inconclusive"
    assert few.seeds_needed is None and "too few" in few.remark and many.open and not few.open
    (at_the_margin,) = decide(claims(margins={"b": 0.0}), runs(0.4 + 0 * values, 0.4 + values))
    assert at_the_margin.seeds_needed is None and "margin" in at_the_margin.remark and not at_the_margin.open


def test_the_command_asks_for_the_seeds_of_the_dataset_and_the_family_is_counted():
    of = {"digits": runs(*four_arms()), "moons": runs(*(arm[:3] for arm in four_arms()))}
    asked = [Claim("few", "", (above("b", 0.0),), ("moons",), 1), *claims(margins={**MARGINS, "c": 0.11})]
    decided = deciding.decide(asked, of)
    digits, moons = text.claim_blocks(decided, MEASURES, "exp_a_loss.py")
    if digits["heading"].endswith("moons"):
        digits, moons = moons, digits
    args = cli.parse(exp_a_loss.EXPERIMENT, digits["command"].split()[2:])
    (open_one,) = (one for one in decided if one.seeds_needed and one.dataset == "digits")
    assert args.datasets == ["digits"] and args.seeds is None and args.until_decided and args.max_seeds == open_one.seeds_needed
    # As many as give Student's test a power of 80 % at a quarter of 5 %, of which Holm leaves it a fourth: two of six are rejected.
    a, _, c, _ = four_arms()
    size, n = (0.11 - (c - a).mean()) / (c - a).std(ddof=1), np.arange(SEEDS + 1, 1000)
    direction = np.sign(size)
    power = scipy.stats.nct.sf(scipy.stats.t.isf(0.05 / 4 / 4, n - 1), n - 1, direction * size * np.sqrt(n))
    assert open_one.seeds_needed == n[power >= 0.8][0]
    assert moons["command"].endswith("--datasets moons --seeds 5")
    assert "3 claims" in text.family(decided, 1) and "6 one-sided" in text.family(decided, 1) and "1.25 %" in text.family(decided, 4)
    assert text.family([one for one in decided if one.note], 1) == ""


def test_the_command_asks_for_no_more_than_ten_times_the_seeds_and_says_what_they_decide():
    (claim,) = claims(margins={"b": 0.1})
    tested = {"verdict": "inconclusive", "part": 0, "n": 12, "confidence": 0.99}
    found = [Verdict(replace(claim, id=str(seeds)), "digits", seeds_needed=seeds, **tested) for seeds in (30, 90, 400, None)]
    (block,) = text.claim_blocks(found, MEASURES, "exp_a_loss.py")
    assert block["command"].endswith("--max-seeds 90") and "2 of the 4" in block["seeds"] and "400 with 400" in block["seeds"]
    (beyond,) = text.claim_blocks(found[2:], MEASURES, "exp_a_loss.py")
    assert not beyond["command"] and "400 with 400" in beyond["seeds"]
    (none,) = text.claim_blocks(found[3:], MEASURES, "exp_a_loss.py")
    assert not none["command"] and not none["seeds"]
    levels = [replace(one, confidence=of) for one, of in zip(found, (0.991, 0.993, 0.996, 0.992), strict=True)]
    assert verdicts.confidences(levels) == "99.1 to 99.6 %" and "99.1 to 99.6 %" in text.family(levels, 1)


@pytest.mark.parametrize(
    ("accuracy", "epochs", "seeds", "undecided"),
    [(0.53, 30, 5, True), (0.53, 30, 4, True), (0.502, 30, 5, False), (0.9, 30, 5, False), (0.53, 2, 5, False)],
)
def test_a_report_is_undecided_while_some_number_of_seeds_would_probably_decide(accuracy, epochs, seeds, undecided):
    """Not where a claim lacks epochs, which no number of seeds gives, nor where its estimate lies at the margin."""
    report = exp_a_loss.EXPERIMENT.report
    report = type(report)(tuple(claim for claim in report.claims if claim.id in ("A-accuracy", "Q2-dropout")))
    of = runs(0.5 + np.arange(5) / 100, accuracy + np.arange(5)[::-1] / 100)
    summary = of.summary[of.summary["seed"] < seeds].replace({"loss": {"a": "mse_softmax", "b": "cross_entropy"}})
    decided = deciding.decide(report.claims, {"digits": Runs(summary, ("loss",), MEASURES, epochs)})
    tables = {"claims": verdicts.as_table(decided)}
    assert report.undecided(Results(exp_a_loss.EXPERIMENT, [], tables, MEASURES, "", {})) is undecided


@pytest.mark.slow
def test_the_family_wise_error_is_at_most_5_percent_over_claims_that_share_an_arm(monkeypatch):
    """All effects lie at their margins: any verdict but inconclusive is wrong."""
    monkeypatch.setattr(stats, "seeds_needed", lambda *_: None)
    wrong, repetitions, random = 0, 200, np.random.default_rng(0)
    two_parts = Claim("two", "", (above("b", 0.0, "m"), above("c", 0.1, "m")), ("digits",), 1)
    for _ in range(repetitions):
        arms = [random.normal(MARGINS.get(arm, 0), 1, SEEDS) for arm in "abcd"]
        found = decide([*claims("m"), two_parts], runs(*arms, measure="m"))
        wrong += any(one.verdict != "inconclusive" for one in found)
    assert wrong / repetitions <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / repetitions), wrong


@pytest.mark.slow
def test_so_many_seeds_decide_in_80_percent_of_repetitions():
    """If the truth is what was estimated."""
    random, repetitions = np.random.default_rng(1), 300
    a, b = random.normal(0, 1, (2, SEEDS))
    b += 0.5 - (b - a).mean()
    claim = claims("m", {"b": 0.0})
    (open_one,) = decide(claim, runs(a, b, measure="m"))
    differences = random.normal(0.5, (b - a).std(ddof=1), (repetitions, open_one.seeds_needed))
    found = [decide(claim, runs(0 * sample, sample, measure="m"), deciding.ALPHA / 4)[0].verdict for sample in differences]
    assert found.count("supported") / repetitions == pytest.approx(0.8, abs=0.07)
