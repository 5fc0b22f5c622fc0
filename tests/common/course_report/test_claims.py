"""Every claim of the three scripts on made-up tables: it holds, it fails, it is open; and how often verdicts are wrong."""

import numpy as np
import pandas as pd
import pytest

import exp_a_loss
import exp_b_activation
import exp_c_optimizer
from common.course_report import activation, optimizer, verdicts
from common.course_report.claims import Above, Below, Claim

SCRIPTS = {"A": exp_a_loss, "B": exp_b_activation, "C": exp_c_optimizer}
CASES = [
    pytest.param(script, claim, dataset, id=f"{claim.id}-{script.NAME}-{dataset}")
    for script in SCRIPTS.values()
    for claim in script.EXPERIMENT.report.claims
    for dataset in claim.datasets
    if claim.id != "C-early"  # which has a test of its own
]
ARMS = {
    "exp_a_loss": {"loss": exp_a_loss.LOSSES},
    "exp_b_activation": {"activation": exp_b_activation.ACTIVATIONS},
    "exp_c_optimizer": {
        "optimizer": exp_c_optimizer.OPTIMIZERS,
        "base_learning_rate": exp_c_optimizer.LEARNING_RATES,
        "schedule": exp_c_optimizer.SCHEDULES,
    },
}
SEEDS, EPOCHS = 10, 300


def made_up(script, claim, dataset, effects, sd=0.02, seed=0, seeds=SEEDS):
    """A summary in which the effect of each part of the claim is its margin and so much more, as a share of 0.1 (in logs for ratios)."""
    random = np.random.default_rng(seed)
    arms = {**ARMS[script.NAME], "batch_norm": (False, True), "dropout": (0.0, 0.2)}
    index = pd.MultiIndex.from_product([[dataset], *arms.values(), range(seeds)], names=["dataset", *arms, "seed"])
    summary = index.to_frame(index=False)
    for part in claim.parts:
        for measure, _ in part.arms:
            summary[measure] = 0.5
    for part, effect in zip(claim.parts, effects, strict=True):
        size = part.margin(dataset) + part.sign * 0.1 * effect + random.normal(0, sd, seeds)
        measure, arm = part.arms[0]
        rows = rows_of(summary, arms, arm)
        if part.sign < 0:
            summary.loc[rows, measure] = size
            continue
        other, than = part.arms[1]
        base = summary.loc[rows_of(summary, arms, than), other].to_numpy()
        # The arm that several parts share stays as it is; the other moves.
        if sum(part.arms[0] in other_part.arms for other_part in claim.parts) == 1:
            summary.loc[rows, measure] = base + size if part.times is None else base * np.exp(size)
        else:
            above = summary.loc[rows, measure].to_numpy()
            summary.loc[rows_of(summary, arms, than), other] = above - size if part.times is None else above / np.exp(size)
    return summary, list(arms)


def rows_of(summary, arms, wanted):
    """The rows of an arm, by seed."""
    chosen = np.ones(len(summary), bool)
    for column, values in arms.items():
        value = wanted.get(column, "first")
        chosen &= summary[column] == {"first": values[0], "highest": values[-1]}.get(value, value)
    return chosen


def verdict(script, claim, dataset, effects, epochs=EPOCHS, **made):
    summary, arm_columns = made_up(script, claim, dataset, effects, **made)
    return verdicts.decide([claim], summary, arm_columns, {dataset: epochs}).iloc[0]


def test_there_are_the_eighteen_claims_of_the_report_and_two_on_improvements():
    ids = {name: [claim.id for claim in script.EXPERIMENT.report.claims] for name, script in SCRIPTS.items()}
    report = [i for of_script in ids.values() for i in of_script if not i.startswith("Q2")]
    assert len(set(report)) == len(report) == 18 and all(i.startswith(name + "-") for name in ids for i in ids[name][:-2])
    assert all(of_script[-2:] == ["Q2-batch-norm", "Q2-dropout"] for of_script in ids.values())


@pytest.mark.parametrize(("script", "claim", "dataset"), CASES)
def test_a_claim_holds_fails_and_is_open_as_the_table_has_it(script, claim, dataset):
    parts = len(claim.parts)
    assert verdict(script, claim, dataset, [1] * parts)["verdict"] == "supported"
    for failing in range(parts):
        row = verdict(script, claim, dataset, [-1 if i == failing else 1 for i in range(parts)])
        assert row["verdict"] == "contradicted"
    if parts <= 2:
        assert verdict(script, claim, dataset, [1] * (parts - 1) + [0], sd=0.05, seed=3)["verdict"] == "inconclusive"
    else:
        assert verdict(script, claim, dataset, [0] * parts, sd=0.05, seed=3)["verdict"] == "inconclusive"


def early(losses, seeds=SEEDS, sd=0.01):
    """Training losses after five epochs by optimizer and rate, as a summary."""
    random = np.random.default_rng(0)
    rows = [
        {"optimizer": name, "base_learning_rate": rate, "seed": seed, "early_train_loss": loss * np.exp(random.normal(0, sd))}
        for name, by_rate in losses.items()
        for rate, loss in zip(exp_c_optimizer.LEARNING_RATES, by_rate, strict=True)
        for seed in range(seeds)
    ]
    return pd.DataFrame(rows).assign(dataset="digits", schedule="exponential")


@pytest.mark.parametrize(
    ("adam", "sd", "expected"),
    [((np.nan, 0.1, 0.5), 0.01, "supported"), ((np.nan, 0.3, 0.5), 0.01, "contradicted"), ((2.0, 0.18, 2.0), 0.2, "inconclusive")],
)
def test_early_losses_are_compared_at_the_best_rate_of_each_optimizer(adam, sd, expected):
    """Momentum's best is 0.2, at 0.01. A rate at which Adam diverged is never its best."""
    (claim,) = (claim for claim in exp_c_optimizer.EXPERIMENT.report.claims if claim.id == "C-early")
    summary = early({"sgd": (0.8, 1.9, 3.0), "momentum": (0.5, 0.2, 0.9), "adam": adam}, sd=sd)
    row = verdicts.decide([claim], summary, ["optimizer", "base_learning_rate", "schedule"], {"digits": 100}).iloc[0]
    assert row["verdict"] == expected
    assert "momentum 0.01" in row["statistic"]
    one_rate = summary[summary["base_learning_rate"] == 0.01]
    row = verdicts.decide([claim], one_rate, ["optimizer", "base_learning_rate", "schedule"], {"digits": 100}).iloc[0]
    assert row["verdict"] == "inconclusive" and row["note"] == "needs learning rate 0.1, 0.001"


def test_too_few_seeds_or_epochs_or_a_missing_arm_are_said():
    claim = exp_a_loss.EXPERIMENT.report.claims[1]
    assert verdict(exp_a_loss, claim, "digits", [1], seeds=4)["note"] == "needs 5 seeds, has 4"
    assert verdict(exp_a_loss, claim, "digits", [1], epochs=9)["note"] == "needs 10 epochs, has 9"
    summary, columns = made_up(exp_a_loss, claim, "digits", [1])
    row = verdicts.decide([claim], summary[summary["loss"] != "mse_softmax"], columns, {"digits": 30}).iloc[0]
    assert (row["verdict"], row["note"]) == ("inconclusive", "needs loss mse_softmax")
    summary = summary[~summary["batch_norm"]].drop(columns=["batch_norm", "dropout"])
    summary["idle_fall"] = 1.0
    rows = verdicts.decide(exp_a_loss.EXPERIMENT.report.claims[-2:], summary, ["loss"], {"digits": 30})
    assert rows["note"].tolist() == ["needs --batch-norm", "needs --dropout"]


def test_diverged_runs_and_missed_targets_count():
    arms = [{"dataset": "digits", "optimizer": name, "seed": seed} for name in "ab" for seed in range(10)]
    summary = pd.DataFrame(arms)
    summary["epochs_to_target"] = [5.0 + seed % 3 for seed in range(10)] + [np.nan] * 9 + [20]
    summary["oscillation"] = [0.1 + seed / 100 for seed in range(10)] + [np.nan] * 10
    a, b = {"optimizer": "a"}, {"optimizer": "b"}
    claims = [
        Claim("slower", "", (Above("epochs_to_target", b, a, by=1),), ("digits",), 1),
        Claim("rougher", "", (Above("oscillation", b, a, times=2),), ("digits",), 1),
        Claim("known", "", (Below("epochs_to_target", b, limit=30),), ("digits",), 1),
    ]
    slower, rougher, known = verdicts.decide(claims, summary, ["optimizer"], {"digits": 50}).to_dict("records")
    assert slower["verdict"] == "supported" and slower["n"] == 10
    times = np.array([51] * 9 + [20]) - summary["epochs_to_target"][:10]
    assert slower["estimate"] == pytest.approx(times.mean())
    assert (rougher["verdict"], rougher["method"], rougher["estimate"]) == ("supported", "sign", np.inf)
    assert known["verdict"] == "contradicted"


def test_the_family_wise_error_is_at_most_5_percent_without_an_effect():
    """All effects of all claims of a script lie exactly at their margins: any verdict but inconclusive is wrong."""
    wrong, repetitions, random = 0, 300, np.random.default_rng(0)
    a, b = {"arm": "a"}, {"arm": "b"}
    claims = [Claim(f"c{i}", "", (Above(f"m{i}", b, a, by=0.3 * i),), ("digits",), 1) for i in range(6)]
    claims.append(Claim("two", "", (Above("m6", b, a), Above("m7", b, a)), ("digits",), 1))
    for _ in range(repetitions):
        summary = pd.DataFrame({"dataset": "digits", "arm": ["a"] * 10 + ["b"] * 10, "seed": [*range(10)] * 2})
        for i in range(8):
            summary[f"m{i}"] = random.normal(0, 1, 20) + (summary["arm"] == "b") * (0.3 * i if i < 6 else 0)
        wrong += (verdicts.decide(claims, summary, ["arm"], {"digits": 9})["verdict"] != "inconclusive").any()
    assert wrong / repetitions <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / repetitions), wrong


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=list(SCRIPTS))
def test_the_reports_settings_are_the_scripts_defaults(script, monkeypatch):
    """They stand in both: in the report as what it did, in the script as a knob; a cell of the defaults must count as the report's."""
    made = {}
    monkeypatch.setattr(script, "run", lambda experiment, args, arms: made.update(experiment=experiment, args=args, arms=arms))
    script.main([])
    settings = dict(script.EXPERIMENT.report.settings)
    assert settings.pop("epochs") == made["args"].epochs == script.EPOCHS
    assert any(settings.items() <= arm.items() for arm in made["arms"])


@pytest.mark.parametrize(
    ("script", "report", "claim"), [(exp_b_activation, activation, "B-vanish"), (exp_c_optimizer, optimizer, "C-early")]
)
def test_early_is_as_early_for_a_claim_as_for_what_measures_it(script, report, claim):
    (of_the_report,) = (one for one in report.CLAIMS if one.id == claim)
    assert of_the_report.least_epochs == script.EARLY_EPOCHS
