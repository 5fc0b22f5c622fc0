"""Every claim of the three scripts on made-up tables: it holds, it fails, its effect is too small or nothing, it is open."""

from dataclasses import replace

import numpy as np
import pytest

import exp_a_loss
import exp_b_activation
import exp_c_optimizer
from common import cli
from common.course_report import activation, deciding, optimizer, verdicts
from common.course_report.claims import Above, Below, Claim
from common.experiment import grid
from common.store.tables import read_table, write_table
from tests.support.frames import every
from tests.support.made_up_claims import decided, has_best, verdict_on

SCRIPTS = {"A": exp_a_loss, "B": exp_b_activation, "C": exp_c_optimizer}
CASES = [  # on a second dataset slowly, for there margins alone may differ
    pytest.param(
        script, claim, dataset, id=f"{claim.id}-{script.NAME}-{dataset}", marks=[pytest.mark.slow] if dataset != claim.datasets[0] else []
    )
    for script in SCRIPTS.values()
    for claim in script.EXPERIMENT.report.claims
    for dataset in claim.datasets
    if not has_best(claim)  # which test_best.py is about
]
STATEMENTS = {
    "A": "speed accuracy steady vanish linear stall gap late-signal",
    "B": "speed relief relief-units grow layers vanish stall fast unsteady window saturate depth layer2 block forever not-fatal",
    "C": "diverge momentum early slow decay order first adam-noise sgd-noise damp rate-unsteady infinite small-rate decay-overfit smooth "
    "drop levels good-rates",
}


@pytest.mark.parametrize(("name", "number"), [("A", 8), ("B", 16), ("C", 18)])
def test_every_statement_of_the_report_that_data_can_decide_is_a_claim_with_a_reason(name, number):
    """42 in all, by the ids of the report's list; and two remedies, the same in all experiments."""
    claims = SCRIPTS[name].EXPERIMENT.report.claims
    assert {claim.statement for claim in claims} == {*(f"{name}-{statement}" for statement in STATEMENTS[name].split()), "Q2"}
    assert len(STATEMENTS[name].split()) == number
    assert len({claim.id for claim in claims}) == len(claims)
    assert all(claim.reason and claim.sentence and claim.id.startswith(claim.statement) for claim in claims)


@pytest.mark.parametrize(("script", "claim", "dataset"), CASES)
def test_a_claim_holds_fails_and_is_open_as_the_table_has_it(script, claim, dataset, monkeypatch):
    monkeypatch.setattr(deciding, "MOST_SEEDS", 0)  # the seeds that would decide are not asked for

    def of(word, i):
        words = ["holds"] * len(claim.parts)
        words[i] = word
        found = verdict_on(script, claim, dataset, words)
        _lies_where_the_verdict_says(found)
        return found

    assert of("holds", 0).verdict == "supported"
    for i, part in enumerate(claim.parts):
        failing, open_one = of("fails", i), of("open", i)
        assert (failing.verdict, failing.part) == ("contradicted", i) and failing.opposite == (len(part.arms) == 2)
        assert open_one.verdict == "undecided" and not open_one.note
        if len(part.arms) == 2 and part.nothing(dataset) < part.margin(dataset):
            small, none = of("small", i), of("nothing", i)
            counts = part.counts_from(dataset) < part.margin(dataset)  # what is less than is claimed may count all the same
            assert (small.verdict, none.verdict) == ("smaller than claimed" if counts else "contradicted", "contradicted")
            assert (small.part, none.part) == (i, i) and not small.opposite and not none.opposite
            assert (small.slight, none.slight) == (not counts, False)


def _lies_where_the_verdict_says(one):
    """The interval: beyond the margin, else short of the least that counts, else between nothing and the margin, or in no such place."""
    part = one.claim.parts[one.part]
    nothing, margin, least = (part.sign * of(one.dataset) for of in (part.nothing, part.margin, part.counts_from))
    low, high = sorted([part.sign * one.ci_low, part.sign * one.ci_high])
    lies = {
        "supported": low > margin,
        "smaller than claimed": nothing < low and high < margin and not high < least,
        "contradicted": high < least,
        "undecided": not (low > margin or high < least or (nothing < low and high < margin)),
    }
    assert [verdict for verdict, so in lies.items() if so] == [one.verdict]
    assert (one.p_value <= 0.05) == (one.verdict != "undecided")


def test_too_few_seeds_or_epochs_or_a_missing_arm_are_said():
    claim = exp_a_loss.EXPERIMENT.report.claims[1]
    assert verdict_on(exp_a_loss, claim, "digits", ["holds"], seeds=4).note == "needs 5 seeds, has 4"
    assert verdict_on(exp_a_loss, claim, "digits", ["holds"], epochs=9).note == "needs 10 epochs, has 9"
    summary = every(dataset=["digits"], loss=["cross_entropy"], seed=range(5)).assign(idle_fall=1.0, final_test_accuracy=0.5)
    rows = decided([claim, *exp_a_loss.EXPERIMENT.report.claims[-2:]], summary, ["loss"], 30, exp_a_loss)
    assert [(row.verdict, row.note) for row in rows] == [
        ("not run", note) for note in ("needs loss mse_softmax", "needs --batch-norm", "needs --dropout")
    ]


def test_diverged_runs_and_missed_targets_count():
    summary = every(dataset=["digits"], optimizer=["a", "b"], seed=range(10))
    summary["epochs_to_target"] = [5.0 + seed % 3 for seed in range(10)] + [np.nan] * 9 + [20]
    summary["oscillation"] = [0.1 + seed / 100 for seed in range(10)] + [np.nan] * 10
    a, b = {"optimizer": "a"}, {"optimizer": "b"}
    parts = Above("epochs_to_target", b, a, by=1), Above("oscillation", b, a, times=2), Below("epochs_to_target", b, limit=30)
    claims = [Claim(str(i), "", (part,), ("digits",), 1) for i, part in enumerate(parts)]
    slower, rougher, known = decided(claims, summary, ["optimizer"], 50, exp_c_optimizer)
    times = np.array([51] * 9 + [20]) - summary["epochs_to_target"][:10]
    assert (slower.verdict, slower.n, slower.estimate) == ("supported", 10, np.median(times))  # one run is far from the rest
    assert (rougher.verdict, rougher.method, rougher.estimate) == ("supported", "sign", np.inf)
    assert known.verdict == "contradicted"
    assert [slower.method, rougher.method] == ["sign"] * 2


@pytest.mark.parametrize("epochs", [1, 15, 300])
def test_verdicts_survive_the_way_to_the_table_and_back(epochs, tmp_path):
    """None decided, some, and all, finite and infinite: each Verdict equals the one that is read from claims.csv."""
    report = exp_a_loss.EXPERIMENT.report
    words = {"A-vanish": "fails", "A-linear": "open", "A-speed": "small"}
    written = [verdict_on(exp_a_loss, one, "digits", [words.get(one.id, "holds")] * len(one.parts), epochs) for one in report.claims]
    written += [replace(one, estimate=np.inf, ci_low=-np.inf, bound=">") for one in written if not one.note]
    assert {bool(one.note) for one in written} == {1: {True}, 15: {True, False}, 300: {False}}[epochs]
    write_table(verdicts.as_table(written), tmp_path / "claims.csv")
    read = verdicts.from_table(report.claims, read_table(tmp_path / "claims.csv"))
    for one, other in zip(written, read, strict=True):
        np.testing.assert_equal(vars(other), vars(one))


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=list(SCRIPTS))
def test_the_reports_settings_are_the_scripts_defaults(script):
    """They stand in both: in the report as a fact, in the script as a knob; a cell of the defaults must count as the report's."""
    args = cli.parse(script.EXPERIMENT, [])
    _, values = grid.compared(script.EXPERIMENT, args)
    settings = dict(script.EXPERIMENT.report.settings)
    assert settings.pop("epochs") == args.epochs == script.EPOCHS
    assert all(value in values[name] for name, value in settings.items())


@pytest.mark.parametrize(
    ("script", "report", "claim"), [(exp_b_activation, activation, "B-vanish"), (exp_c_optimizer, optimizer, "C-early")]
)
def test_early_is_as_early_for_a_claim_as_for_what_measures_it(script, report, claim):
    (of_the_report,) = (one for one in report.CLAIMS if one.id == claim)
    assert of_the_report.least_epochs == script.EARLY_EPOCHS
