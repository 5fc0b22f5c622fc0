"""What a claim needs that was not run: the flags are accepted, and with them the claim can be tested."""

import numpy as np
import pytest

import exp_a_loss
import exp_b_activation
import exp_c_optimizer
from common import cli
from common.course_report import deciding, text
from common.course_report.claims import AtLeast, Below, Claim, Highest
from common.course_report.runs import Runs
from common.experiment import grid
from common.experiment.measures import registry
from tests.support.frames import every

SCRIPTS = [exp_a_loss, exp_b_activation, exp_c_optimizer]
FEW = {  # calls of which most claims lack something
    exp_a_loss: ["--losses", "mse_softmax", "--epochs", "3", "--seeds", "3"],
    exp_b_activation: ["--activations", "leaky_relu", "--dropout", "0.1", "--epochs", "50"],
    exp_c_optimizer: ["--optimizers", "adam", "--lr", "0.02", "--schedules", "constant", "--epochs", "3"],
}


def runs_of(script, words, dataset):
    """The `Runs` that the flags ask for, all measures the same; and the parsed flags."""
    args = cli.parse(script.EXPERIMENT, words)
    experiment, values = grid.compared(script.EXPERIMENT, args)
    arms = {name: values[name] for name in experiment.arm_columns}
    measures = registry(experiment)
    summary = every(dataset=[dataset], **arms, seed=args.seeds or range(10))
    summary = summary.assign(**{name: 0.5 for name in measures if name not in summary})
    return Runs(summary, tuple(arms), measures, args.epochs, settings=experiment.settings), args


def instead(words, typed):
    """The words of a call with some flags in the place of its own."""
    kept, keep = [], True
    for word in words:
        keep = word not in typed if word.startswith("--") else keep
        kept += [word] * keep
    return [*kept, *typed]


def wanted(claim):
    """Pairs of setting and value that a claim names."""
    for part in claim.parts:
        for _, arm in part.arms:
            for column, value in arm.items():
                yield from ((column, one) for one in getattr(value, "values", [value]))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.NAME)
@pytest.mark.parametrize("words", [[], "few"], ids=["defaults", "few"])
def test_the_flags_of_what_was_not_run_are_accepted_and_run_it(script, words):
    claims, dataset = script.EXPERIMENT.report.claims, script.EXPERIMENT.datasets[0]
    words = FEW[script] if words else []
    runs, args = runs_of(script, words, dataset)
    missing = [one for one in deciding.decide(claims, {dataset: runs}) if one.verdict == "not run"]
    assert missing and all(one.note and one.flags for one in missing)
    for one in missing:
        typed = [word for flag, values in one.flags.items() for word in (f"--{flag}", *values)]
        later, parsed = runs_of(script, instead(words, typed), dataset)
        (then,) = deciding.decide([one.claim], {dataset: later})
        assert then.verdict != "not run", then.note
        for column, value in wanted(one.claim):  # all that is needed, and all that was there
            there = set(later.summary[column])
            assert value == "first" or (max(there) > 0 if isinstance(value, Highest) else value in there)
        for column in runs.arm_columns:
            assert set(runs.summary[column]) <= set(later.summary[column])
        assert parsed.epochs == max(args.epochs, one.claim.least_epochs) and later.summary["seed"].nunique() >= 5


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.NAME)
def test_one_command_runs_all_that_was_not_run(script):
    claims, dataset = script.EXPERIMENT.report.claims, script.EXPERIMENT.datasets[0]
    runs, _ = runs_of(script, FEW[script], dataset)
    decided = deciding.decide(claims, {dataset: runs})
    (block,) = text.claim_blocks(decided, runs.measures, f"{script.NAME}.py")
    python, name, *typed = block["command_to_run"].split()
    assert (python, name) == ("python", f"{script.NAME}.py")
    later, parsed = runs_of(script, instead(FEW[script], typed), dataset)
    of_dataset = [claim for claim in claims if dataset in claim.datasets]
    assert parsed.datasets == [dataset] and len(decided) == len(of_dataset)
    assert all(one.verdict != "not run" for one in deciding.decide(claims, {dataset: later}))
    assert all(one.claim.id in block["not_run"] for one in decided if one.verdict == "not run")


def test_what_has_nothing_to_measure_is_undecided_and_needs_no_further_run():
    """No unit was ever off, of which none could come back."""
    runs, _ = runs_of(exp_b_activation, [], "moons")
    summary = runs.summary.assign(returned_fraction=np.where(runs.summary["seed"] == 3, np.nan, 0.0))
    claim = Claim("never", "", (Below("returned_fraction", {"activation": "relu"}, limit=0.01),), ("moons",), 100)
    (one,) = deciding.decide([claim], {"moons": Runs(summary, runs.arm_columns, runs.measures, 300, settings=runs.settings)})
    assert one.verdict == "undecided" and one.note and "1 of 10" in one.remark and not one.flags and not one.tested and not one.open


def test_too_short_a_training_is_not_run_though_there_is_nothing_to_measure_then():
    """After 120 epochs nothing is known of the loss at epoch 150, nor of an arm that is not there."""
    runs, _ = runs_of(exp_b_activation, ["--epochs", "120"], "moons")
    relu, other = ({"activation": name} for name in ("relu", "tanh"))
    parts = Below("train_loss_150", relu, limit=0.3), AtLeast("final_test_accuracy", other, limit=0.3)
    claims = [Claim(str(n), "", parts[:n], ("moons",), least) for n, least in ((1, 150), (2, 100))]
    summary = runs.summary.assign(train_loss_150=np.nan)
    found = deciding.decide(claims, {"moons": Runs(summary, runs.arm_columns, runs.measures, 120, settings=runs.settings)})
    assert [(one.verdict, one.note) for one in found] == [
        ("not run", "needs 150 epochs, has 120"),
        ("not run", "needs activation tanh"),
    ]
    assert found[0].flags == {"epochs": ["150"]}
