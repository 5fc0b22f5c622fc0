"""The numbers and names in the sentence of each figure are true of the table: computed here by hand or with NumPy."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy.stats import gmean

from common.experiment import Measure, formatting
from common.figures import findings, quantities
from tests.support.frames import every

NAMES = {"relu": "ReLU", "sigmoid": "Sigmoid"}


def facts(sentence):
    """The numbers and names in a sentence, in their order."""
    return re.findall(r"[\d.]*\d|SGD|momentum|Adam|ReLU|Sigmoid|highest|lowest|hidden|logits", sentence.replace("hidden_1", "hidden"))


def test_curves_tell_the_best_and_the_worst_arm_after_the_last_epoch_and_what_diverged():
    table = every(optimizer=["sgd", "momentum", "adam"], seed=[0, 1], epoch=[1, 2])
    table = table.assign(test_accuracy=0.99, train_loss=1.0, test_loss=1.0)
    table.loc[table["epoch"] == 2, "test_accuracy"] = [0.5, 0.6, 0.9, 0.7, 0.1, 0.2]
    table.loc[[1, 9], "train_loss"] = np.inf  # of two runs, after their last epoch
    expected = ["highest", "80.0", "momentum", "lowest", "15.0", "Adam", "2", "6"]
    assert facts(findings.of_curves(table, ["optimizer"])) == expected
    table.loc[9, "test_accuracy"] = np.nan  # an arm with a run that has no value has no mean
    assert facts(findings.of_curves(table[4:], ["optimizer"])) == ["80.0", "momentum", "1", "4"]
    assert facts(findings.of_curves(table[4:8], ["optimizer"])) == ["80.0", "momentum"]


@pytest.mark.parametrize(
    ("relu", "sigmoid", "expected"),
    [
        (0.5, 0.25, "highest 50.0 ReLU lowest 25.0 Sigmoid"),
        (0.5, np.nan, "50.0 ReLU"),
        (0.5, 0.5, "50.0"),
        (np.nan, np.inf, ""),
    ],
)
def test_extremes_are_those_of_the_finite_values(relu, sigmoid, expected):
    assert facts(findings.extremes({"ReLU": relu, "Sigmoid": sigmoid}, "share")) == expected.split()


def test_layers_tell_where_a_quantity_is_largest_and_smallest():
    table = every(activation=[*NAMES], layer=["hidden_1", "logits"], epoch=[1, 2], seed=[0, 1])
    table["grad_norm"] = np.random.default_rng(0).lognormal(size=len(table))
    means, expected = table[table["epoch"] == 2].groupby(["activation", "layer"])["grad_norm"].apply(gmean), []
    for word, (arm, layer) in (("highest", means.idxmax()), ("lowest", means.idxmin())):
        expected += [word, formatting.number(means[arm, layer]), layer.removesuffix("_1"), NAMES[arm]]
    norm = Measure("grad_norm", "norm")
    assert facts(findings.of_layers(table, norm, ["activation"])) == expected
    arms = [(NAMES[arm], rows) for arm, rows in table.groupby("activation")]
    assert facts(findings.of_heatmap(arms, [norm])) == expected


def test_units_activations_and_shares_are_told_arm_by_arm():
    fates = {"ReLU": pd.DataFrame({"off_at_end": [True, False, True]}), "Sigmoid": pd.DataFrame({"off_at_end": [False]})}
    assert facts(findings.of_units(fates)) == ["2", "3", "ReLU", "0", "1", "Sigmoid"]
    fullest = quantities.fullest_bin(np.array([1, 6, 1]), np.array([0.0, 0.5, 1.0, 1.5]))
    assert facts(findings.of_activations({"hidden_1": fullest})) == ["75.0", "hidden", "0.5", "1.0"]
    assert facts(findings.of_boundaries({"ReLU": 0.5, "Sigmoid": np.nan})) == ["50.0", "ReLU", "Sigmoid"]


def test_the_run_nearest_to_its_limit_is_told_unless_none_has_one():
    table = pd.DataFrame({"optimizer": ["sgd", "adam"], "epoch": [3, 4], "sharpness": [5.0, 50], "stability_limit": [20, np.nan]})
    table["base_learning_rate"] = 0.1
    assert facts(findings.of_sharpness(table, "optimizer")) == ["SGD", "0.1", "0.25", "3"]
    assert facts(findings.of_sharpness(table[1:], "optimizer")) == []
