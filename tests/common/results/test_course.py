"""The course of a run, against NumPy by hand and closed forms."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from common.experiment.measures import COURSE
from common.results.course import course, fall, rises

EPOCHS = 25


def history(epochs=EPOCHS, **columns):
    """A run that learns, with noise."""
    random, at = np.random.default_rng(0), np.arange(1, epochs + 1)
    table = {
        "train_loss": np.exp(-at / 10 + random.normal(0, 0.1, epochs)),
        "train_accuracy": 1 - 0.5 * np.exp(-at / 5) + random.normal(0, 0.01, epochs),
        "test_loss": 0.5 + (at - 9) ** 2 / 1000,
        "test_accuracy": 0.9 - 0.4 * np.exp(-at / 5) + random.normal(0, 0.01, epochs),
        "train_grad_norm": 2 / at,
    }
    return pd.DataFrame({"epoch": at, **table, **columns})


def rises_by_hand(losses):
    """One by one."""
    return sum(max(0.0, float(np.log10(after) - np.log10(before))) for before, after in pairwise(losses))


def test_the_course_is_what_its_definitions_say():
    run = history()
    train, test = ([*run[f"{part}_accuracy"]] for part in ("train", "test"))
    losses, smoothed = [*run["train_loss"]], [run["train_loss"][i : i + 5].mean() for i in range(EPOCHS - 4)]
    expected = {
        "final_train_loss": losses[24],
        "final_test_loss": 0.5 + 16**2 / 1000,
        "early_train_accuracy": sum(train[:5]) / 5,
        "late_fall": np.log10(losses[5] / min(losses[5:])),  # from the sixth epoch on: a fifth of 25 are five
        "late_gain": test[24] - test[12],  # the 13th is the middle one
        "accuracy_gap": train[24] - test[24],
        "test_loss_rise": (0.5 + 16**2 / 1000) / 0.5,
        "accuracy_falls": sum(max(0, train[i] - train[i + 1]) for i in range(24)) / 24,
        "loss_rises": rises_by_hand(losses),
        "early_loss_rises": rises_by_hand(losses[:10]),
        "smoothed_loss_rises": rises_by_hand(smoothed),
        "first_grad_norm_fall": 10,  # 2 to 2 / 10
        "later_grad_norm_fall": 2.5,  # 2 / 10 to 2 / 25
    }
    assert course(run) == pytest.approx(expected)
    assert [*expected] == [measure.name for measure in COURSE]


@pytest.mark.parametrize("losses", [0.9 ** np.arange(20.0), 1 / np.arange(1, 20), np.exp(-np.sqrt(np.arange(20))), np.linspace(2, 1, 20)])
def test_a_loss_that_only_falls_does_not_rise_however_it_bends(losses):
    assert rises(losses) == 0 and rises(losses[::-1]) == pytest.approx(np.log10(losses[0] / losses[-1]))


def test_a_zigzag_rises_with_each_of_its_teeth():
    """Four teeth of a factor of 100."""
    assert rises(10.0 ** (np.arange(9) % 2 * 2)) == pytest.approx(8)
    assert np.isnan(rises(np.array([1.0]))) and rises(np.array([1.0, np.nan, 1.0])) == np.inf


def test_rises_below_what_float32_resolves_are_none():
    assert rises(np.array([1e-9, 1e-12, 1e-8, 0.0])) == 0
    assert course(history(test_loss=1 + 1e-6 * np.arange(EPOCHS)))["test_loss_rise"] == 1


@pytest.mark.parametrize(
    ("losses", "powers"),
    [([1.0, 0.1, 0.01], 2), ([1.0, 0.01, 100.0], 2), ([0.1, 1.0], 0), ([1.0, 1e-30], 7), ([1.0, np.nan], 0), ([np.nan] * 2, 0)],
)
def test_a_fall_is_counted_in_powers_of_ten_to_the_lowest(losses, powers):
    assert fall(np.array(losses)) == pytest.approx(powers)


def test_a_gradient_that_is_not_finite_in_the_end_has_not_fallen():
    """A run that diverged is none of those whose gradient fell tenfold."""
    run = course(history(train_grad_norm=[2.0, 1.0, *[np.nan] * (EPOCHS - 2)]))
    assert run["first_grad_norm_fall"] == 0 and np.isnan(run["later_grad_norm_fall"])
    late = course(history(train_grad_norm=[*[2.0] * 20, *[np.inf] * 5]))
    assert (late["first_grad_norm_fall"], late["later_grad_norm_fall"]) == (1, 0)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("epochs", [1, 2, 3, 4, 9])
def test_short_runs_have_what_they_can_have(epochs):
    run = course(history(epochs))
    assert np.isnan(run["accuracy_falls"]) == np.isnan(run["loss_rises"]) == (epochs == 1)
    assert np.isnan(run["smoothed_loss_rises"]) == (epochs < 6) and run["first_grad_norm_fall"] == pytest.approx(epochs)
    assert run["later_grad_norm_fall"] == 1 and np.isfinite([run[name] for name in ("late_fall", "late_gain", "test_loss_rise")]).all()


@pytest.mark.filterwarnings("error")
def test_a_run_that_diverged_has_a_course_without_a_warning():
    bad = np.where(np.arange(EPOCHS) < 12, 1.0, np.nan)
    run = course(history(train_loss=bad, test_loss=bad))
    assert not np.isfinite([run[name] for name in ("final_train_loss", "final_test_loss", "loss_rises", "test_loss_rise")]).any()
    assert run["early_loss_rises"] == 0 and run["late_fall"] == 0
