"""What an intervention in mid-training did to a run, and where a run would have ended had it been stopped: on curves made by hand."""

import numpy as np
import pandas as pd
import pytest

import exp_c_optimizer
from common.results import controlled

ACCURACY = [0.2, 0.5, 0.8, 0.3, 0.7, 0.796]  # of six epochs, the middle of which is the third


def run(accuracy=ACCURACY, loss=(3.0, 2.0, 1.0, 8.0, 4.0, 0.5), rate=0.1):
    epochs = len(accuracy)
    columns = {"test_accuracy": accuracy, "train_accuracy": np.add(accuracy, 0.05), "train_loss": loss[:epochs], "learning_rate": rate}
    return pd.DataFrame({"epoch": range(1, epochs + 1), **columns, "test_loss": np.multiply(loss[:epochs], 2)})


def test_a_dip_is_measured_from_the_middle_to_the_lowest_after_it_and_accuracy_is_back_within_half_a_point():
    found = controlled.after_the_middle(run())
    assert found == {"accuracy_dip": pytest.approx(0.5), "epochs_to_recover": 3.0, "loss_surge": 8.0}


@pytest.mark.parametrize(("last", "epochs"), [(0.795, 3.0), (0.79, np.nan), (0.9, 3.0)])
def test_what_never_comes_back_has_no_time(last, epochs):
    np.testing.assert_equal(controlled.after_the_middle(run([*ACCURACY[:-1], last]))["epochs_to_recover"], epochs)


def test_an_undisturbed_run_has_nothing_to_recover_from():
    found = controlled.after_the_middle(run([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], loss=[2.0] * 6))
    assert found == {"accuracy_dip": pytest.approx(-0.1), "epochs_to_recover": 1.0, "loss_surge": 1.0}


@pytest.mark.parametrize("worst", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_has_risen_without_bound(worst):
    assert controlled.after_the_middle(run(loss=(3.0, 2.0, 1.0, worst, 4.0, 0.5)))["loss_surge"] == np.inf


def test_of_a_single_epoch_nothing_follows():
    assert all(np.isnan(value) for value in controlled.after_the_middle(run([0.5])).values())


@pytest.mark.parametrize(("budget", "last"), [(0.1, 0), (0.3, 2), (0.34, 2), (0.36, 3), (0.6, 5)])
def test_a_run_is_stopped_in_the_epoch_whose_sum_of_rates_is_nearest(budget, last):
    found = controlled.stopped_at(run(), budget)
    assert found["stopped_test_accuracy"] == ACCURACY[last] and found["stopped_test_loss"] == run()["test_loss"][last]
    assert found["stopped_accuracy_gap"] == pytest.approx(0.05)


def test_a_run_that_never_spends_the_sum_is_not_stopped():
    assert all(np.isnan(value) for value in controlled.stopped_at(run(), 0.7).values())


@pytest.mark.parametrize("epochs", [1, 6, 100])
def test_decay_itself_is_stopped_at_its_end_and_the_constant_rate_where_it_has_spent_as_much(epochs):
    rates = (0.1 * 0.95 ** np.arange(epochs)).astype("float32")
    accuracy = np.linspace(0, 1, epochs)
    decayed = exp_c_optimizer.at_the_decayed_sum(run(accuracy, np.ones(epochs), rates))
    constant = exp_c_optimizer.at_the_decayed_sum(run(accuracy, np.ones(epochs), 0.1))
    assert decayed["stopped_test_accuracy"] == accuracy[-1]
    spent = np.arange(1, epochs + 1) * 0.1
    assert constant["stopped_test_accuracy"] == accuracy[np.abs(spent - rates.sum(dtype=float)).argmin()]


def test_measures_of_all_runs_have_a_row_each():
    rows = pd.concat([run().assign(arm=arm, seed=seed) for arm in "ba" for seed in (1, 0)])
    found = controlled.by_run(rows, ["arm", "seed"], controlled.after_the_middle, lambda one: {"epochs": len(one)})
    assert list(found.columns) == ["arm", "seed", "accuracy_dip", "epochs_to_recover", "loss_surge", "epochs"]
    assert found[["arm", "seed"]].to_numpy().tolist() == [["b", 1], ["b", 0], ["a", 1], ["a", 0]]
