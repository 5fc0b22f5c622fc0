"""The report's numbers beside ours: what counts as reproduced, and that the data file holds the report's tables."""

import csv
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import exp_a_loss
import exp_b_activation
import exp_c_optimizer
from common.course_report import reproduction
from common.experiment import Cell
from tests.support.scripts import ROOT

REFERENCE = ROOT.parent / "shared" / "reference"
A = exp_a_loss.EXPERIMENT
ARM = {"loss": "mse_softmax", "base_learning_rate": 0.001}
CELL = Cell("exp_a_loss", "digits", ARM, tuple(range(10)), 30, 64, "report", "")


def compared(accuracies, cell=CELL, **measures):
    runs = pd.DataFrame({"dataset": "digits", "loss": "mse_softmax", "seed": range(len(accuracies)), "final_test_accuracy": accuracies})
    others = {"final_train_accuracy": 1.0, "min_train_loss": 0.0, "min_test_loss": 0.0033, "epochs_to_95pct": 3.0}
    table = reproduction.compare(A, A.report.settings, [cell], runs.assign(**{**others, **measures}))
    return table.set_index("measure") if len(table) else table


@pytest.mark.parametrize(
    ("accuracies", "verdict"),
    [
        (np.linspace(0.96, 0.98, 10), "reproduced"),  # 96.94 lies in the range
        (np.linspace(0.9750, 0.9770, 10), "not reproduced"),
        (np.linspace(0.9700, 0.9720, 10), "reproduced"),  # below the range, but within Student's interval of a run more
        (np.linspace(0.90, 1.0, 10) - 0.001 * np.arange(10) ** 0, "reproduced"),
        (np.linspace(0.85, 0.99, 10), "unstable"),
        (np.linspace(0.96, 0.98, 2), "too few seeds"),
    ],
)
def test_a_number_is_reproduced_if_it_could_be_one_of_our_runs(accuracies, verdict):
    row = compared(accuracies).loc["final_test_accuracy"]
    assert row["report"] == pytest.approx(0.9694) and row["verdict"] == verdict and row["n"] == len(accuracies)
    assert (row["mean"], row["low"], row["high"]) == pytest.approx((accuracies.mean(), accuracies.min(), accuracies.max()))
    assert bool(row["why"]) == (verdict in ("unstable", "not reproduced"))


def test_a_number_is_as_exact_as_it_was_printed():
    """0.0000 stands for anything below 0.00005, 0.0033 for 0.00325 to 0.00335."""
    table = compared(np.full(10, 0.9694), min_train_loss=4.9e-5, min_test_loss=0.00336)
    assert table.loc["min_train_loss", "verdict"] == "reproduced" and table.loc["min_test_loss", "verdict"] == "not reproduced"


@pytest.mark.parametrize(
    "change", [{"epochs": 31}, {"batch_size": 32}, {"arm": {**ARM, "base_learning_rate": 0.01}}, {"batch_norm": True}, {"dropout": 0.2}]
)
def test_only_the_reports_own_settings_are_compared(change):
    assert compared(np.linspace(0.96, 0.98, 10), replace(CELL, **change)).empty


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the report's tables are not beside this checkout")
def test_the_data_file_holds_every_finite_number_of_the_reports_tables():
    ours = pd.read_csv(reproduction.VALUES, dtype=str, keep_default_na=False)
    for script, letter in ((exp_a_loss, "a"), (exp_b_activation, "b"), (exp_c_optimizer, "c")):
        with (REFERENCE / f"exp_{letter}.csv").open() as file:
            rows = list(csv.DictReader(file))
        settings = {"source", "dataset", "loss", "activation", "optimizer", "learning_rate"}
        theirs = []
        for row in rows:
            arm = next(row[name] for name in ("loss", "activation", "optimizer") if name in row)
            values = [value for name, value in row.items() if name not in settings and value not in ("", "high", "low", "inf", "nan")]
            theirs += [(row["source"], row["dataset"], arm, row.get("learning_rate", ""), value) for value in values]
        mine = ours[ours["experiment"] == script.NAME]
        assert sorted(theirs) == sorted(
            mine[["source", "dataset", "arm", "base_learning_rate", "value"]].itertuples(index=False, name=None)
        )
