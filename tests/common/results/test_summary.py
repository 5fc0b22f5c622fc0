"""Intervals and summaries against SciPy, NumPy and arithmetic done by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats

from common.results.summary import MEASURES, summarise, summarise_run, tabulate
from common.stats import mean_interval


@pytest.mark.parametrize("n", [2, 5, 30])
def test_the_interval_is_students(n):
    values = np.random.default_rng(n).normal(3, 2, size=(n, 4))
    interval = mean_interval(values)
    low, high = scipy_stats.t.interval(0.95, n - 1, loc=values.mean(axis=0), scale=scipy_stats.sem(values, axis=0))
    np.testing.assert_allclose(interval.low, low)
    np.testing.assert_allclose(interval.high, high)
    np.testing.assert_allclose(interval.sd, values.std(axis=0, ddof=1))


def test_one_run_has_a_mean_but_no_interval():
    interval = mean_interval([0.5])
    assert interval.mean == 0.5 and np.isnan([interval.sd, interval.low, interval.high]).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_run_without_a_value_is_not_dropped(bad):
    interval = mean_interval(np.array([[1.0, 1.0], [bad, 2.0]]))
    assert np.isnan([part[0] for part in interval]).all() and interval.mean[1] == 1.5


def history(**columns):
    n = len(next(iter(columns.values())))
    default = {
        "epoch": np.arange(1, n + 1),
        "train_loss": np.linspace(1, 0.1, n),
        "train_accuracy": np.linspace(0.5, 1, n),
        "test_loss": np.linspace(1, 0.5, n),
        "test_accuracy": np.linspace(0.5, 0.9, n),
        "train_grad_norm": np.ones(n),
    }
    return pd.DataFrame({**default, **columns})


def test_a_summary_is_what_its_definitions_say():
    accuracy = [0.1, 0.6, 0.80, 0.77, 0.76, 0.79]
    loss = [3.0, 2.0, 1.0, 1.5, 1.25, 1.75]
    run = summarise_run(history(test_accuracy=accuracy, test_loss=loss, train_grad_norm=[1, 2, 3, 4, 5, 6]), target_accuracy=0.6)
    assert set(run) == set(MEASURES)
    assert run["final_test_accuracy"] == 0.79 and run["best_test_accuracy"] == 0.80 and run["final_train_accuracy"] == 1
    assert run["min_test_loss"] == 1.0 and run["min_train_loss"] == pytest.approx(0.1)
    assert run["epochs_to_95pct"] == 3  # 0.95 x 0.80 = 0.76
    assert run["epochs_to_target"] == 2
    assert run["volatility"] == pytest.approx(np.std(loss, ddof=1))
    assert run["trend"] == pytest.approx(np.polyfit(range(6), loss, 1)[0])
    assert run["mean_grad_norm"] == 3.5
    assert not run["diverged"]


@pytest.mark.parametrize(("hits", "epoch"), [(265, 3), (266, 2)])
def test_an_accuracy_that_is_95_percent_of_the_best_to_the_sample_counts_whatever_its_rounding(hits, epoch):
    """0.95 x 280 = 266, but not in float32 written to a file and read as float64."""
    accuracy = np.array([100, hits, 280], "float32") / np.float32(300)
    run = summarise_run(history(test_accuracy=[float(str(value)) for value in accuracy]), target_accuracy=266 / 300)
    assert run["epochs_to_95pct"] == run["epochs_to_target"] == epoch


def test_volatility_and_trend_look_at_the_last_ten_epochs():
    loss = [100.0, 50.0, *np.linspace(2, 1.1, 10)]
    run = summarise_run(history(test_loss=loss), 0.5)
    assert run["trend"] == pytest.approx(-0.1) and run["volatility"] == pytest.approx(np.std(loss[-10:], ddof=1))


def test_one_epoch_has_neither_volatility_nor_trend():
    run = summarise_run(history(test_loss=[1.0]), 0.95)
    assert np.isnan(run["volatility"]) and np.isnan(run["trend"]) and np.isnan(run["epochs_to_target"])
    assert run["epochs_to_95pct"] == 1


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_diverged_run_says_so_and_keeps_its_accuracy(bad):
    run = summarise_run(history(train_loss=[1.0, bad, bad], test_accuracy=[0.3, 0.1, 0.1], train_grad_norm=[1, bad, np.nan]), 0.95)
    assert run["diverged"] and run["final_test_accuracy"] == 0.1 and run["min_train_loss"] == 1.0
    assert not np.isfinite(run["mean_grad_norm"])


def test_a_table_has_a_row_per_cell_and_an_interval_per_measure():
    runs = []
    for arm, shift in (("sgd", 0.0), ("adam", 0.1)):
        for seed in range(3):
            run = history(test_accuracy=[0.5 + shift, 0.7 + shift + seed / 100])
            runs.append(pd.concat([pd.DataFrame({"dataset": "digits", "optimizer": arm, "seed": seed}, index=run.index), run], axis=1))
    summary = summarise(pd.concat(runs), ("optimizer",))
    assert list(summary.columns) == ["dataset", "optimizer", "seed", *MEASURES]
    assert summary["optimizer"].tolist() == ["sgd"] * 3 + ["adam"] * 3
    table = tabulate(summary, ("optimizer",))
    parts = [f"{measure}_{part}" for measure in MEASURES for part in ("mean", "sd", "ci_low", "ci_high")]
    assert list(table.columns) == ["dataset", "optimizer", "n", *parts]
    assert table["n"].tolist() == [3, 3]
    np.testing.assert_allclose(table["final_test_accuracy_mean"], [0.71, 0.81])
    expected = scipy_stats.t.interval(0.95, 2, loc=0.71, scale=scipy_stats.sem([0.70, 0.71, 0.72]))
    np.testing.assert_allclose(table.loc[0, ["final_test_accuracy_ci_low", "final_test_accuracy_ci_high"]].astype(float), expected)
    assert table["epochs_to_target_mean"].isna().all()  # digits' target is 0.95, which no run reached
