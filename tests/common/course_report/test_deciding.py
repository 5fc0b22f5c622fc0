"""Claims are decided as a textbook would: against closed forms and SciPy, with Holm's procedure by hand."""

import numpy as np
import pytest
import scipy.stats

import exp_a_loss
from common import stats
from common.course_report import deciding, verdicts
from common.course_report.claims import Above, AtLeast, Below, Claim
from common.course_report.runs import Runs
from common.results.results import Results
from tests.support.arms import ACCURACY, MARGINS, MEASURES, SEEDS, above, claims, four_arms, runs, standardised


def decide(these, of, alpha=deciding.ALPHA):
    return deciding.decide(these, {"digits": of}, alpha)


def correct_of(settings, seeds):
    """Images right by chance: arms differ in how many, most images are as hard for all seeds."""
    random = np.random.default_rng(ord(settings["loss"]))
    return random.random((len(seeds), 400)) < random.random(400)


def by_hand(arms, correction, correct):
    """`(estimates, errors, degrees of freedom)` of b, c and d against a: Nadeau & Bengio's variance, the test sample's added to it with
    Satterthwaite's degrees of freedom."""
    a, *others = arms
    found = []
    for arm, values in zip("bcd", others, strict=True):
        of_runs = (1 / SEEDS + correction) * (values - a).var(ddof=1)
        of_images = stats.test_sample_variance(*(correct({"loss": one}, range(SEEDS)) for one in (arm, "a"))) if correct else 0.0
        freedom = (SEEDS - 1) * ((of_runs + of_images) / of_runs) ** 2
        found.append(((values - a).mean(), np.sqrt(of_runs + of_images), freedom))
    return np.transpose(found)


def holms_steps(p_values, alpha):
    """`(adjusted, level)` by hand: the k-th smallest of m is rejected at alpha / (m - k), and all after the first that is not are kept."""
    tests, largest, adjusted, rejected = len(p_values), 0.0, np.empty(len(p_values)), 0
    for step, i in enumerate(np.argsort(p_values)):
        largest = max(largest, (tests - step) * p_values[i])
        adjusted[i] = min(1, largest)
        rejected += adjusted[i] <= alpha
    return adjusted, alpha / max(1, tests - rejected)


@pytest.mark.parametrize(("correction", "correct"), [(0.0, None), (0.25, None), (0.0, correct_of)], ids=["plain", "splits", "images"])
@pytest.mark.parametrize("looks", [1, 4])
def test_p_values_and_intervals_are_those_of_students_formula_and_of_holms_six_steps(correction, correct, looks):
    arms = four_arms()
    estimates, errors, freedoms = by_hand(arms, correction, correct)
    margins, alpha = np.array([*MARGINS.values()]), 0.05 / looks
    above_it = scipy.stats.t.sf((estimates - margins) / errors, freedoms)
    p_values = np.stack([above_it, 1 - above_it], axis=1)
    adjusted, level = holms_steps(p_values.ravel(), alpha)
    adjusted = adjusted.reshape(3, 2)
    found = decide(claims(), runs(*arms, correction=correction, correct=correct), alpha)
    words = ["supported", "undecided" if correction or correct or looks > 1 else "supported", "contradicted"]
    assert [one.verdict for one in found] == words
    for i, one in enumerate(found):
        p_value = adjusted[i].min()
        assert one.p_value == pytest.approx(min(1, looks * p_value)) and (one.p_value <= 0.05) == (one.verdict != "undecided")
        low, high = scipy.stats.t.interval(1 - 2 * level, freedoms[i], estimates[i], errors[i])
        assert (one.estimate, one.ci_low, one.ci_high, one.confidence) == pytest.approx((estimates[i], low, high, 1 - 2 * level))


@pytest.mark.parametrize(
    ("mean", "margin", "least", "verdict"),
    [
        (0.3, 0.1, 0.05, "supported"),
        (0.07, 0.1, 0.05, "smaller than claimed"),
        (0.03, 0.1, 0.05, "contradicted"),  # it has the direction, but is less than counts
        (0.0, 0.1, 0.05, "contradicted"),  # nothing within the least that counts
        (-0.2, 0.1, 0.05, "contradicted"),
        (0.1, 0.1, 0.05, "undecided"),
        (0.0, 0.1, 0.005, "undecided"),  # neither a direction nor short of the least that counts
        (0.0, -0.1, None, "supported"),  # nothing is lost
        (-0.1, -0.1, None, "undecided"),
        (-0.2, -0.1, None, "contradicted"),
    ],
)
def test_a_verdict_tells_direction_from_size(mean, margin, least, verdict):
    """Differences with a standard error of 0.007; a family of one claim, whose second hypothesis is tested at all of 5 %."""
    noise = standardised(np.random.default_rng(0))
    differences = mean + 0.007 * SEEDS**0.5 * noise
    (one,) = decide(claims("m", {"b": margin}, least), runs(0 * noise, differences, measure="m"))
    assert one.verdict == verdict and one.opposite == (mean < -0.1)
    beyond, direction = (scipy.stats.ttest_1samp(differences, of, alternative="greater").pvalue for of in (margin, 0))
    short, nothing = (
        scipy.stats.ttest_1samp(differences, of, alternative="less").pvalue for of in (margin, margin if least is None else least)
    )
    level = 0.05 / (1 if min(beyond, nothing) <= 0.025 else 2)
    expected = {"supported": 2 * beyond, "contradicted": 2 * nothing, "undecided": 2 * min(beyond, nothing)}
    expected["smaller than claimed"] = max(direction, short) * 0.05 / level
    assert one.p_value == pytest.approx(min(1, expected[verdict]))
    interval = scipy.stats.t.interval(1 - 2 * level, SEEDS - 1, differences.mean(), scipy.stats.sem(differences))
    assert (one.ci_low, one.ci_high) == pytest.approx(interval)


def test_several_parts_all_hold_or_one_fails():
    """The largest p-value supports (Berger 1982), the smallest times their number contradicts (Bonferroni)."""
    arms, parts = four_arms(), (above("b", 0.0), above("c", 0.1), above("d", 0.2))
    both = Claim("both", "", parts, ("digits",), 1)
    tests = [
        [scipy.stats.ttest_1samp(arm - arms[0], part.by, alternative=side).pvalue for side in ("greater", "less")]
        for arm, part in zip(arms[1:], parts, strict=True)
    ]
    (held,) = decide([both], runs(*arms))
    assert (held.verdict, held.part) == ("supported", 1) and held.p_value == pytest.approx(2 * tests[1][0], rel=1e-5)
    fails = Claim("fails", "", (*parts[:2], above("d", 0.5, least=0.2)), ("digits",), 1)
    (small,) = decide([fails], runs(*arms))
    short = scipy.stats.ttest_1samp(arms[3] - arms[0], 0.5, alternative="less").pvalue
    direction = max(scipy.stats.ttest_1samp(arm - arms[0], 0.0, alternative="greater").pvalue for arm in arms[1:])
    assert (small.verdict, small.part, small.deciding(MEASURES)) == ("smaller than claimed", 2, "d against a")
    assert small.p_value == pytest.approx(2 * 3 * max(short, direction), rel=1e-3)  # of two ends, none of which is rejected
    a, b, c, d = arms
    (opposite,) = decide([fails], runs(a, b, c, 2 * a - d))
    less = scipy.stats.ttest_1samp(a - d, 0.2, alternative="less").pvalue
    assert (opposite.verdict, opposite.part) == ("contradicted", 2) and opposite.p_value == pytest.approx(2 * 3 * less, rel=1e-3)
    assert opposite.confidence == pytest.approx(1 - 2 * 0.05 / 3) and opposite.opposite


@pytest.mark.slow
def test_whatever_the_family_an_interval_lies_where_its_verdict_says(monkeypatch):
    """Of the part that is shown: beyond the margin, between nothing and the margin, short of the least that counts; or none of these."""
    monkeypatch.setattr(deciding, "MOST_SEEDS", 0)
    random, seen = np.random.default_rng(0), set()

    def part(arm):
        by = random.choice([0.1, 0.05, -0.05])
        return above(arm, by, "m", None if by < 0 or random.random() < 0.5 else 0.03)

    for _ in range(250):
        a, *others = 0.01 * random.normal(0, 1, (4, SEEDS))
        others = [a + random.choice([-0.1, 0, 0.03, 0.07, 0.2]) + random.choice([1, 3, 10]) * noise for noise in others]
        family = [Claim(str(n), "", tuple(map(part, random.permutation(list("bcd"))[: n + 1])), ("digits",), 1) for n in range(3)]
        for one in decide(family, runs(a, *others, measure="m")):
            nothing, margin, least = (of("digits") for of in (one.decides.nothing, one.decides.margin, one.decides.counts_from))
            lies = {
                "supported": one.ci_low > margin,
                "smaller than claimed": nothing < one.ci_low and one.ci_high < margin,
                "contradicted": one.ci_high < least,
            }
            assert lies[one.verdict] if one.verdict in lies else not any(lies.values())
            assert (one.p_value <= 0.05) == (one.verdict != "undecided")
            seen.add((one.verdict, len(one.claim.parts)))
    assert len(seen) == 12


@pytest.mark.parametrize("times", [1.1, 2.0])
def test_ratios_and_losses_are_judged_on_logarithms(times):
    random = np.random.default_rng(5)
    a, b = np.exp(random.normal([[0.0], [0.5]], 0.1, (2, SEEDS)))
    parts = Above("min_train_loss", {"loss": "b"}, {"loss": "a"}, times=times), Below("min_train_loss", {"loss": "b"}, limit=2.0)
    ratio, level = decide(
        [Claim(str(i), "", (part,), ("digits",), 1) for i, part in enumerate(parts)], runs(a, b, measure="min_train_loss")
    )
    logs = np.log(b / a)
    each = (1 - ratio.confidence) / 2
    interval = np.exp(scipy.stats.t.interval(1 - 2 * each, SEEDS - 1, logs.mean(), scipy.stats.sem(logs)))
    assert (ratio.ci_low, ratio.ci_high) == pytest.approx(tuple(interval)) and ratio.estimate == pytest.approx(scipy.stats.gmean(b / a))
    assert ratio.verdict == {1.1: "supported", 2.0: "contradicted"}[times]
    assert level.verdict == "supported" and level.estimate == pytest.approx(scipy.stats.gmean(b))
    assert level.ci_high < 2 and level.method == "Student"


@pytest.mark.parametrize(("correction", "count"), [(0.0, 10), (0.0, 7), (0.0, 0), (0.25, 10), (0.25, 5)])
def test_an_event_is_judged_by_the_share_of_the_runs_that_have_it(correction, count):
    """Without a correction by SciPy's binomial test, with one by normal variables of that correlation, of which so many lie below."""
    values = np.arange(SEEDS) < count
    part = AtLeast("diverged", {"loss": "a"}, limit=0.5)
    (one,) = decide([Claim("most", "", (part,), ("digits",), 1)], runs(values, measure="diverged", correction=correction))
    if correction:
        random = np.random.default_rng(0)
        shared = np.sqrt(0.2) * random.normal(0, 1, (200_000, 1))
        counts = (shared + np.sqrt(0.8) * random.normal(0, 1, (200_000, SEEDS)) < 0).sum(axis=1)
        least, tolerance = 2 * min(np.mean(counts >= count), np.mean(counts <= count)), 0.01
    else:
        least = 2 * min(scipy.stats.binomtest(count, SEEDS, alternative=side).pvalue for side in ("greater", "less"))
        tolerance = 1e-9
        interval = scipy.stats.binomtest(count, SEEDS).proportion_ci(one.confidence, "exact")
        assert (one.ci_low, one.ci_high) == pytest.approx((interval.low, interval.high))
    assert one.p_value == pytest.approx(min(1, least), abs=tolerance) and one.method == "exact"
    assert one.verdict == {10: "supported", 0: "contradicted"}.get(count, "undecided") and one.estimate == count / SEEDS


@pytest.mark.parametrize(("n", "verdict"), [(5, "undecided"), (10, "supported")])
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
    assert many.seeds_needed > SEEDS and few.verdict == many.verdict == "undecided"
    assert few.seeds_needed is None and few.remark and many.open and not few.open and not many.remark
    (at_the_margin,) = decide(claims(margins={"b": 0.0}), runs(0.4 + 0 * values, 0.4 + values))
    assert at_the_margin.seeds_needed is None and at_the_margin.remark not in ("", few.remark) and not at_the_margin.open


def test_the_seeds_that_are_needed_are_those_of_the_nearest_verdict():
    """What seems to be 0.1, half of what is claimed, is found to be more than nothing and less than the claim, each with that power."""
    noise = standardised(np.random.default_rng(1))
    (one,) = decide(claims("m", {"b": 0.2}, least=0.01), runs(0 * noise, 0.1 + 0.15 * noise, measure="m"))
    n = np.arange(SEEDS + 1, 1000)
    power = scipy.stats.nct.sf(scipy.stats.t.isf(0.05 / 4 / 2, n - 1), n - 1, 0.1 / 0.15 * np.sqrt(n))  # a quarter of 5 %, of two tests
    assert one.verdict == "undecided" and one.seeds_needed == n[power >= 0.8][0]


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
