"""The report's numbers beside ours: what counts as reproduced, and that the data file holds the report's tables."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import exp_a_loss
import exp_c_optimizer
from common.course_report import answers, numbers, reproduction, sensitivity, verdicts
from common.experiment import Cell
from common.experiment.measures import registry
from common.results.results import Results
from tests.support.scripts import ROOT

REFERENCE = ROOT.parent / "shared" / "reference"
A = exp_a_loss.EXPERIMENT
SETTINGS = {"loss": "mse_softmax", "base_learning_rate": 0.001, "init": "pytorch", "batch_size": 64, "batch_norm": False, "dropout": 0.0}
NO_CLAIMS, NO_ANSWERS = verdicts.as_table([]), pd.DataFrame(columns=answers.COLUMNS)
CELL = Cell("exp_a_loss", "digits", SETTINGS, tuple(range(10)), 30, "")


def compared(accuracies, cell=CELL, **measures):
    others = {"final_train_accuracy": 1.0, "min_train_loss": 0.0, "min_test_loss": 0.0033, "epochs_to_95pct": 3.0}
    runs = pd.DataFrame({"dataset": "digits", "loss": "mse_softmax", "final_test_accuracy": accuracies, **others, **measures})
    right, _ = numbers.beside_ours(Results(A, [cell], {"summary": runs}, registry(A), "", {}), A.report.settings)
    table = reproduction.compare(right)
    return table.set_index("measure") if len(table) else table


@pytest.mark.parametrize(
    ("accuracies", "verdict"),
    [
        (np.linspace(0.96, 0.98, 10), "reproduced"),  # 96.94 lies in the range
        (np.linspace(0.9750, 0.9770, 10), "not reproduced"),
        (np.linspace(0.9700, 0.9720, 10), "reproduced"),  # below the range, but within Student's interval of a run more
        ([0.96, *[0.99] * 49], "not reproduced"),  # within the range, but one run in fifty is no 95 %
        (np.linspace(0.899, 0.999, 10), "uninformative"),  # from twice to half the odds
        ([*[0.10] * 5, *np.linspace(0.96, 0.97, 5)], "uninformative"),  # two groups, and too few for ranks
        ([*np.linspace(0.60, 0.61, 10), *np.linspace(0.965, 0.975, 10)], "reproduced"),  # two groups, and one of the upper
        ([*np.linspace(0.60, 0.61, 10), *np.linspace(0.88, 0.89, 10)], "not reproduced"),  # two groups, and of neither
        (np.linspace(0.96, 0.98, 2), "too few seeds"),
    ],
)
def test_a_number_is_reproduced_if_it_could_be_one_of_our_runs(accuracies, verdict):
    accuracies = np.asarray(accuracies)
    row = compared(accuracies).loc["final_test_accuracy"]
    assert row["report"] == pytest.approx(0.9694) and row["verdict"] == verdict and row["n"] == len(accuracies)
    assert (row["mean"], row["low"], row["high"]) == pytest.approx((accuracies.mean(), accuracies.min(), accuracies.max()))
    assert bool(row["why"]) == (verdict in ("uninformative", "not reproduced"))


def test_a_number_is_as_exact_as_it_was_printed():
    """0.0000 stands for anything below 0.00005, 0.0033 for 0.00325 to 0.00335."""
    for train_loss, test_loss, expected in (
        (4.9e-5, 0.00334, ["uninformative", "reproduced"]),  # whatever is printed as zero, half and double are too
        (5.1e-5, 0.00336, ["not reproduced", "not reproduced"]),
    ):
        table = compared(np.full(10, 0.9694), min_train_loss=train_loss, min_test_loss=test_loss)
        assert list(table.loc[["min_train_loss", "min_test_loss"], "verdict"]) == expected


def test_only_where_all_varies_is_the_reports_run_one_more_of_ours():
    held = replace(CELL, vary="weights")
    tables = {"summary": None, "reproduction": None, "sensitivity": None, "claims": NO_CLAIMS, "controls": NO_CLAIMS, "answers": NO_ANSWERS}
    results = Results(A, [held], tables, registry(A), "", {})
    assert numbers.beside_ours(results, A.report.settings) == ([], {})
    (line,) = A.report.lines(results)
    assert "--vary weights" in " ".join(line) and len(line) <= 2


@pytest.mark.parametrize("change", [{"batch_size": 32}, {"base_learning_rate": 0.01}, {"batch_norm": True}, {"dropout": 0.2}, {}])
def test_only_the_reports_own_settings_are_compared(change):
    cell = replace(CELL, epochs=30 if change else 31, settings={**SETTINGS, **change})
    assert compared(np.linspace(0.96, 0.98, 10), cell).empty


def test_the_wrong_schedules_cells_are_a_control_and_cells_of_two_wrong_settings_are_none():
    """The report has 97.50 % for SGD at 0.1 on Digits, with decay."""
    experiment = exp_c_optimizer.EXPERIMENT.comparing(["dropout"])
    fixed = {"optimizer": "sgd", "base_learning_rate": 0.1, "init": "pytorch", "batch_size": 64, "batch_norm": False}
    centres = {("exponential", 0.0): 0.975, ("constant", 0.0): 0.985, ("exponential", 0.2): 0.974, ("constant", 0.2): 0.0}
    cells, parts = [], []
    for (schedule, dropout), centre in centres.items():
        cells.append(Cell("exp_c_optimizer", "digits", {**fixed, "schedule": schedule, "dropout": dropout}, tuple(range(5)), 100, ""))
        arm = {"dataset": "digits", "optimizer": "sgd", "base_learning_rate": 0.1, "schedule": schedule, "dropout": dropout}
        measured = dict.fromkeys([measure for measure in registry(experiment) if measure != "base_learning_rate"], np.nan)
        parts.append(pd.DataFrame({**measured, **arm, "final_test_accuracy": centre + np.linspace(-0.002, 0.002, 5)}))
    results = Results(experiment, cells, {"summary": pd.concat(parts)}, registry(experiment), "", {})
    right, wrong = numbers.beside_ours(results, experiment.report.settings)
    about = {number.about["measure"]: number for number in right if number.about["source"] == "csv"}
    assert about["final_test_accuracy"].value == pytest.approx(0.975) and about["final_test_accuracy"].runs.mean() == pytest.approx(0.975)
    assert set(wrong) == {"schedule", "dropout"} and len(wrong["schedule"]) == len(wrong["dropout"]) == len(right)
    shares = sensitivity.tabulate(right, wrong).set_index("check")["share"]
    assert shares["wrong schedule"] == 0 and shares["wrong dropout"] > 0


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the report's tables are not beside this checkout")
def test_the_data_file_holds_every_finite_number_of_the_reports_tables():
    ours = pd.read_csv(numbers.VALUES, dtype=str, keep_default_na=False)
    keys = ["source", "dataset", "arm", "base_learning_rate"]
    for name, arm in (("exp_a_loss", "loss"), ("exp_b_activation", "activation"), ("exp_c_optimizer", "optimizer")):
        theirs = pd.read_csv(REFERENCE / f"{name[:5]}.csv", dtype=str, keep_default_na=False)
        theirs = theirs.rename(columns={arm: "arm", "learning_rate": "base_learning_rate"})
        theirs = theirs.assign(base_learning_rate=theirs.get("base_learning_rate", "")).melt(keys)
        theirs = theirs[~theirs["value"].isin(["", "high", "low", "inf", "nan"])]
        mine = ours[ours["experiment"] == name]
        assert sorted(mine[[*keys, "value"]].to_numpy().tolist()) == sorted(theirs[[*keys, "value"]].to_numpy().tolist())
