"""Intervals and summaries against SciPy, NumPy and arithmetic done by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats

from common.experiment.measures import SUMMARY
from common.results.course import course
from common.results.summary import summarise, summarise_run, tabulate
from common.stats import bounded_interval, mean_interval, share_interval

MEASURES = [measure.name for measure in SUMMARY]


@pytest.mark.parametrize("n", [2, 5, 30])
def test_the_interval_is_students(n):
    values = np.random.default_rng(n).normal(3, 2, size=(n, 4))
    low, high = scipy_stats.t.interval(0.95, n - 1, loc=values.mean(axis=0), scale=scipy_stats.sem(values, axis=0))
    np.testing.assert_allclose(mean_interval(values), [values.mean(axis=0), values.std(axis=0, ddof=1), low, high])


def test_one_run_has_a_mean_but_no_interval_and_a_run_without_a_value_is_not_dropped():
    np.testing.assert_equal(mean_interval([0.5]), [0.5, np.nan, np.nan, np.nan])
    interval = mean_interval([[1.0, 1, 1], [np.nan, np.inf, 2]])
    assert np.isnan(np.array(interval)[:, :2]).all() and interval.mean[2] == 1.5


def history(**columns):
    n = len(next(iter(columns.values())))
    ends = {
        "train_loss": (1, 0.1),
        "train_accuracy": (0.5, 1),
        "test_loss": (1, 0.5),
        "test_accuracy": (0.5, 0.9),
        "train_grad_norm": (1, 1),
    }
    return pd.DataFrame({"epoch": range(1, n + 1), **{name: np.linspace(*of, n) for name, of in ends.items()}, **columns})


def test_a_summary_is_what_its_definitions_say():
    """Of twelve epochs; oscillation and trend look at the last ten."""
    accuracy = [0.1, 0.6, 0.80, 0.77, 0.76, 0.79, *[0.5] * 5, 0.78]
    loss = np.array([100, 50, 3.0, 2.0, 1.0, 1.5, 1.25, 1.75, 1.5, 1.0, 1.25, 1.5])
    table = history(test_accuracy=accuracy, test_loss=loss, train_grad_norm=range(12))
    run = summarise_run(table, target_accuracy=0.6)
    late, at = loss[2:], np.arange(10)
    slope, height = np.polyfit(at, late, 1)
    oscillation = np.sqrt(((late - height - slope * at) ** 2).sum() / 8)
    of_course = course(table)  # which test_course.py is about
    assert {name: run[name] for name in of_course} == of_course
    assert {name: value for name, value in run.items() if name not in of_course} == {
        "final_train_accuracy": 1,
        "final_test_accuracy": 0.78,
        "best_test_accuracy": 0.80,
        "min_train_loss": pytest.approx(0.1),
        "min_test_loss": 1.0,
        "epochs_to_95pct": 3,  # 0.95 x 0.80 = 0.76
        "epochs_to_target": 2,
        "volatility": pytest.approx(np.std(late, ddof=1)),
        "trend": pytest.approx(slope),
        "oscillation": pytest.approx(oscillation),
        "relative_oscillation": pytest.approx(oscillation / late.mean()),
        "idle_fall": pytest.approx(np.log10((1 - 0.9 * 2 / 11) / 0.1)),  # accuracy is at its best in the third epoch
        "mean_grad_norm": 5.5,
        "diverged": False,
    }


@pytest.mark.parametrize(
    ("best", "chance", "epoch"), [(0.14, 0.1, None), (0.146, 0.1, 2), (0.52, 0.5, None), (0.53, 0.5, 2), (0.9, 0.5, 3)]
)
def test_a_network_at_chance_has_no_epoch_with_95_percent_of_its_best(best, chance, epoch):
    """At chance is what comes no further than a twentieth of the way from chance to all right: 14.5 % of ten classes, 52.5 % of two."""
    found = summarise_run(history(test_accuracy=[0.1, 0.96 * min(best, 0.6), best]), 1.0, chance)["epochs_to_95pct"]
    assert found == epoch if epoch else np.isnan(found)


def test_chance_is_that_of_the_datasets_classes():
    runs = [history(test_accuracy=[0.3, 0.51]).assign(dataset=name, optimizer="sgd", seed=0) for name in ("digits", "moons")]
    assert summarise(pd.concat(runs), ("optimizer",))["epochs_to_95pct"].isna().tolist() == [False, True]


@pytest.mark.parametrize(("hits", "epoch"), [(265, 3), (266, 2)])
def test_an_accuracy_that_is_95_percent_of_the_best_to_the_sample_counts_whatever_its_rounding(hits, epoch):
    """0.95 x 280 = 266, but not in float32 written to a file and read as float64."""
    accuracy = np.array([100, hits, 280], "float32") / np.float32(300)
    run = summarise_run(history(test_accuracy=[float(str(value)) for value in accuracy]), target_accuracy=266 / 300)
    assert run["epochs_to_95pct"] == run["epochs_to_target"] == epoch


def test_one_epoch_has_neither_volatility_nor_trend():
    run = summarise_run(history(test_loss=[1.0]), 0.95)
    assert (
        np.isnan([run[name] for name in ("volatility", "trend", "oscillation", "epochs_to_target")]).all() and run["epochs_to_95pct"] == 1
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_diverged_run_says_so_and_keeps_its_accuracy(bad):
    run = summarise_run(history(train_loss=[1.0, bad, bad], test_accuracy=[0.3, 0.1, 0.1], train_grad_norm=[1, bad, np.nan]), 0.95)
    assert run["diverged"] and run["final_test_accuracy"] == 0.1 and run["min_train_loss"] == 1.0
    assert not np.isfinite(run["mean_grad_norm"])


def test_a_table_has_a_row_per_cell_and_an_interval_per_measure():
    runs = [
        history(test_accuracy=[0.5 + shift, 0.7 + shift + seed / 100]).assign(dataset="digits", optimizer=arm, seed=seed)
        for arm, shift in (("sgd", 0.0), ("adam", 0.1))
        for seed in range(3)
    ]
    summary = summarise(pd.concat(runs), ("optimizer",))
    columns = [name for name in summary if name in MEASURES]
    assert list(summary.columns) == ["dataset", "optimizer", "seed", *columns] and sorted(columns) == sorted(MEASURES)
    assert summary["optimizer"].tolist() == ["sgd"] * 3 + ["adam"] * 3
    measures = {measure.name: measure for measure in SUMMARY}
    table, groups = tabulate(summary, ("optimizer",), measures, {"digits": 0.25}, {"digits": 2})
    parts = [f"{measure}_{part}" for measure in columns for part in ("mean", "sd", "ci_low", "ci_high")]
    assert list(table.columns) == ["dataset", "optimizer", "n", *parts] and groups.empty
    assert table["n"].tolist() == [3, 3]
    values = summary["final_test_accuracy"].to_numpy().reshape(2, 3).T
    expected = bounded_interval(values, correction=0.25)
    np.testing.assert_allclose(table[[name for name in parts if name.startswith("final_test_accuracy")]].T, expected)
    assert table["epochs_to_target_mean"].tolist() == [3, 3]  # digits' target is 0.95, which no run reached within two epochs
    losses = np.log(summary["min_test_loss"].to_numpy()[:3])
    assert table["min_test_loss_mean"][0] == pytest.approx(np.exp(losses.mean()))
    assert table["diverged_mean"].tolist() == [0, 0]
    assert table["diverged_ci_high"][0] == pytest.approx(share_interval(0, 3, correction=0.25)[1])


def test_runs_in_two_groups_have_shares_and_no_mean():
    runs = pd.DataFrame({"dataset": "digits", "optimizer": "adam", "seed": range(10), "final_test_accuracy": [0.1] * 4 + [0.6] * 6})
    runs["final_test_accuracy"] += np.arange(10) / 1000
    measures = {measure.name: measure for measure in SUMMARY}
    table, groups = tabulate(runs, ("optimizer",), measures, {"digits": 0.0}, {"digits": 2})
    assert table.filter(regex="_(mean|ci_low|ci_high)$").isna().all(axis=None)
    assert groups["runs"].tolist() == [4, 6] and groups["share"].tolist() == [0.4, 0.6]
    np.testing.assert_allclose(groups["location"], [0.1015, 0.6065])
    low, high = scipy_stats.binomtest(4, 10).proportion_ci(0.95, "exact")
    assert (groups["share_low"][0], groups["share_high"][0]) == pytest.approx((low, high))
