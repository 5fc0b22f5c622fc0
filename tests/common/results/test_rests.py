"""When runs get somewhere and where they rest, against NumPy run by run."""

import numpy as np
import pandas as pd
import pytest

from common.results.rests import MEASURES, measure_rests
from tests.support.frames import every

KEYS = ["dataset", "activation", "seed"]


def runs(epochs):
    """Histories of two arms with three seeds; the last run of the second diverges half-way."""
    random = np.random.default_rng(0)
    table = every(dataset=["moons"], activation=["relu", "sigmoid"], seed=range(3), epoch=range(1, epochs + 1))
    table["train_loss"] = random.exponential(0.5, len(table))
    table["train_accuracy"] = random.uniform(0.5, 0.91, len(table))
    table["train_grad_norm"] = random.exponential(1, len(table))
    lost = (table["activation"] == "sigmoid") & (table["seed"] == 2) & (table["epoch"] > epochs // 2)
    table.loc[lost, ["train_loss", "train_grad_norm"]] = np.nan
    table.loc[table["activation"] == "sigmoid", "train_accuracy"] = 0.5
    return table


@pytest.mark.parametrize("epochs", [20, 60, 200])
def test_each_run_has_what_its_own_epochs_say(epochs):
    table = runs(epochs)
    found = measure_rests(table, KEYS)
    assert list(found.columns) == [measure.name for measure in MEASURES] and len(found) == 6
    for key, run in table.groupby(KEYS):
        loss, norm = run["train_loss"].to_numpy(), run["train_grad_norm"].to_numpy()
        there = np.flatnonzero(run["train_accuracy"].to_numpy() >= 0.9)
        expected = {
            "epochs_to_90_train": there[0] + 1 if len(there) else np.nan,
            "train_loss_50": loss[49] if epochs >= 50 else np.nan,
            "train_loss_150": loss[149] if epochs >= 150 else np.nan,
            "rest_loss": loss[39:80].mean() if epochs >= 40 else np.nan,
            "smallest_grad_epoch": np.nan if np.isnan(norm).any() else norm.argmin() + 1,
        }
        np.testing.assert_allclose(found.loc[key], [*expected.values()])


def test_90_percent_to_the_sample_counts_whatever_its_rounding():
    table = runs(3).assign(train_accuracy=np.tile(np.array([0.5, 0.9, 0.95], "float32"), 6).astype(float))
    assert (measure_rests(table, KEYS)["epochs_to_90_train"] == 2).all()


@pytest.mark.filterwarnings("error")
def test_where_every_run_diverged_nothing_is_known():
    table = runs(100).assign(train_loss=np.nan, train_grad_norm=np.nan, train_accuracy=0.5)
    assert measure_rests(table, KEYS).isna().all(axis=None)
    assert isinstance(measure_rests(table, KEYS), pd.DataFrame)
