"""Every claim of the three scripts on made-up tables: it holds, it fails, it is open; and how often verdicts are wrong."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

import exp_a_loss
import exp_b_activation
import exp_c_optimizer
from common import cli
from common.course_report import activation, deciding, optimizer, verdicts
from common.course_report.claims import Above, Below, Claim
from common.course_report.runs import Runs
from common.experiment import Measure, grid
from common.experiment.measures import registry
from common.store.tables import read_table, write_table
from tests.support.frames import every

SCRIPTS = {"A": exp_a_loss, "B": exp_b_activation, "C": exp_c_optimizer}
CASES = [
    pytest.param(script, claim, dataset, id=f"{claim.id}-{script.NAME}-{dataset}")
    for script in SCRIPTS.values()
    for claim in script.EXPERIMENT.report.claims
    for dataset in claim.datasets
    if claim.id != "C-early"  # which has a test of its own
]
SEEDS, EPOCHS = 10, 300
(EARLY,) = (claim for claim in exp_c_optimizer.EXPERIMENT.report.claims if claim.id == "C-early")
EARLY_COLUMNS = ["optimizer", "base_learning_rate", "schedule"]


def made_up(script, claim, dataset, effects, sd=0.02, seed=0, seeds=SEEDS):
    """A summary in which the effect of each part of the claim is its margin and so much more, as a share of 0.1 (in logs for ratios)."""
    random = np.random.default_rng(seed)
    arms = {setting.name: setting.default for setting in script.EXPERIMENT.settings if setting.always_an_arm}
    arms |= {"batch_norm": (False, True), "dropout": (0.0, 0.2)}
    summary = every(dataset=[dataset], **arms, seed=range(seeds))
    summary[[measure for part in claim.parts for measure, _ in part.arms]] = 0.5
    for part, effect in zip(claim.parts, effects, strict=True):
        size = part.margin(dataset, transformed=True) + part.sign * 0.1 * effect + random.normal(0, sd, seeds)
        (measure, arm), *other = part.arms
        if not other:
            summary.loc[rows_of(summary, arms, arm), measure] = size
        for than_measure, than in other:  # which moves; several parts may share the arm that does not
            values = summary.loc[rows_of(summary, arms, arm), measure].to_numpy()
            summary.loc[rows_of(summary, arms, than), than_measure] = values - size if part.times is None else values / np.exp(size)
    return summary, list(arms)


def rows_of(summary, arms, wanted):
    """The rows of an arm, by seed."""
    values = {column: {"first": among[0], "highest": among[-1]} for column, among in arms.items()}
    chosen = {column: named.get(wanted.get(column, "first"), wanted.get(column)) for column, named in values.items()}
    return np.logical_and.reduce([summary[column] == value for column, value in chosen.items()])


def decided(claims, summary, arm_columns, epochs, dataset="digits", alpha=deciding.ALPHA, **known):
    """The verdicts on claims; a measure that no script declares is a number."""
    declared = {name: measure for script in SCRIPTS.values() for name, measure in registry(script.EXPERIMENT).items()}
    measures = {name: declared.get(name, Measure(name, name)) for name in summary}
    return deciding.decide(claims, {dataset: Runs(summary, tuple(arm_columns), measures, epochs, **known)}, alpha)


def verdict(script, claim, dataset, effects, epochs=EPOCHS, **made):
    summary, arm_columns = made_up(script, claim, dataset, effects, **made)
    return decided([claim], summary, arm_columns, epochs, dataset)[0]


def test_there_are_the_eighteen_claims_of_the_report_and_two_on_improvements():
    of_the_report = []
    for name, script in SCRIPTS.items():
        *own, normalised, dropped = (claim.id for claim in script.EXPERIMENT.report.claims)
        assert (normalised, dropped) == ("Q2-batch-norm", "Q2-dropout") and all(i.startswith(f"{name}-") for i in own)
        of_the_report += own
    assert len(set(of_the_report)) == len(of_the_report) == 18


@pytest.mark.parametrize(("script", "claim", "dataset"), CASES)
def test_a_claim_holds_fails_and_is_open_as_the_table_has_it(script, claim, dataset):
    parts = len(claim.parts)
    assert verdict(script, claim, dataset, [1] * parts).verdict == "supported"
    for failing in range(parts):
        effects = [-1 if i == failing else 1 for i in range(parts)]
        assert verdict(script, claim, dataset, effects).verdict == "contradicted"
    at_the_margin = [1] * (parts - 1) + [0] if parts <= 2 else [0] * parts
    assert verdict(script, claim, dataset, at_the_margin, sd=0.05, seed=3).verdict == "inconclusive"


def early(losses, sd):
    """Training losses after five epochs by optimizer and rate, as a summary."""
    rates = exp_c_optimizer.LEARNING_RATES
    runs = every(dataset=["digits"], schedule=["exponential"], optimizer=[*losses], base_learning_rate=rates, seed=range(SEEDS))
    noise = np.random.default_rng(0).normal(0, sd, len(runs))
    return runs.assign(early_train_loss=np.repeat(np.concatenate([*losses.values()]), SEEDS) * np.exp(noise))


@pytest.mark.parametrize(
    ("adam", "sd", "expected"),
    [((np.nan, 0.1, 0.5), 0.01, "supported"), ((np.nan, 0.3, 0.5), 0.01, "contradicted"), ((2.0, 0.18, 2.0), 0.2, "inconclusive")],
)
def test_early_losses_are_compared_at_every_rate_of_the_others_and_at_any_of_adams(adam, sd, expected):
    """Momentum's best is 0.2, at 0.01. A rate at which Adam diverged is never its best."""
    summary = early({"sgd": (0.8, 1.9, 3.0), "momentum": (0.5, 0.2, 0.9), "adam": adam}, sd)
    one_rate = summary[summary["base_learning_rate"] == 0.01]
    row, open_row = (decided([EARLY], runs, EARLY_COLUMNS, 100)[0] for runs in (summary, one_rate))
    assert row.verdict == expected and (open_row.verdict, open_row.note) == ("inconclusive", "needs lr 0.1")
    if expected == "supported":  # p: the largest of six, of the three ways the smallest times three, and Holm's two
        logs = np.log(summary.pivot(index="seed", columns=["optimizer", "base_learning_rate"], values="early_train_loss"))
        others = [logs[name, rate] for name in ("sgd", "momentum") for rate in exp_c_optimizer.LEARNING_RATES]
        against = [scipy.stats.ttest_1samp(other - logs["adam", 0.01], np.log(1.1), alternative="greater").pvalue for other in others]
        assert row.p_value == pytest.approx(2 * 3 * max(against), rel=1e-6)
        assert "(momentum 0.01" in row.statistic and "(adam 0.01" in row.statistic


def test_too_few_seeds_or_epochs_or_a_missing_arm_are_said():
    claim = exp_a_loss.EXPERIMENT.report.claims[1]
    assert verdict(exp_a_loss, claim, "digits", [1], seeds=4).note == "needs 5 seeds, has 4"
    assert verdict(exp_a_loss, claim, "digits", [1], epochs=9).note == "needs 10 epochs, has 9"
    summary, columns = made_up(exp_a_loss, claim, "digits", [1])
    row = decided([claim], summary[summary["loss"] != "mse_softmax"], columns, 30)[0]
    assert (row.verdict, row.note) == ("inconclusive", "needs loss mse_softmax")
    rows = decided(exp_a_loss.EXPERIMENT.report.claims[-2:], summary.assign(idle_fall=1.0), ["loss"], 30)
    assert [row.note for row in rows] == ["needs --batch-norm", "needs --dropout"]


def test_diverged_runs_and_missed_targets_count():
    summary = every(dataset=["digits"], optimizer=["a", "b"], seed=range(10))
    summary["epochs_to_target"] = [5.0 + seed % 3 for seed in range(10)] + [np.nan] * 9 + [20]
    summary["oscillation"] = [0.1 + seed / 100 for seed in range(10)] + [np.nan] * 10
    a, b = {"optimizer": "a"}, {"optimizer": "b"}
    parts = Above("epochs_to_target", b, a, by=1), Above("oscillation", b, a, times=2), Below("epochs_to_target", b, limit=30)
    claims = [Claim(str(i), "", (part,), ("digits",), 1) for i, part in enumerate(parts)]
    slower, rougher, known = decided(claims, summary, ["optimizer"], 50)
    times = np.array([51] * 9 + [20]) - summary["epochs_to_target"][:10]
    assert (slower.verdict, slower.n, slower.estimate) == ("supported", 10, np.median(times))  # one run is far from the rest
    assert (rougher.verdict, rougher.method, rougher.estimate) == ("supported", "sign", np.inf)
    assert known.verdict == "contradicted"
    statistics = ["epochs_to_target(b) - epochs_to_target(a)", "oscillation(b) / oscillation(a)"]
    assert [slower.statistic, rougher.statistic] == [f"in most seeds: {words}" for words in statistics]


@pytest.mark.parametrize("epochs", [1, 15, 300])
def test_verdicts_survive_the_way_to_the_table_and_back(epochs, tmp_path):
    """None decided, some, and all, finite and infinite: each Verdict equals the one that is read from claims.csv."""
    report = exp_a_loss.EXPERIMENT.report
    effects = {"A-vanish": [-1], "A-linear": [0]}
    written = [verdict(exp_a_loss, one, "digits", effects.get(one.id, [1]), epochs) for one in report.claims]
    written += [replace(one, estimate=np.inf, ci_low=-np.inf) for one in written if not one.note]
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
