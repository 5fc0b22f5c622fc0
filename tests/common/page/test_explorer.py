"""The numbers behind the page's curves, against NumPy and SciPy: runs in the order of their seeds; what is not finite is nothing."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from common.experiment import Measure
from common.page.explorer import MOST_POINTS, page_curves
from common.results.results import Results
from tests.support.frames import every

SEEDS, EPOCHS = [7, 3, 5, 4], 500


@pytest.fixture
def losses():
    losses = np.random.default_rng(0).lognormal(size=(2, len(SEEDS), EPOCHS))
    losses[1, 2, 100:] = np.nan
    return losses


def content(losses):
    history = every(dataset=["digits"], loss=["cross_entropy", "mse_softmax"], seed=SEEDS, epoch=range(1, EPOCHS + 1))
    history["train_loss"] = losses.ravel()
    layers = pd.concat([history.assign(layer=layer) for layer in ("hidden", "logits")]).rename(columns={"train_loss": "grad_norm"})
    layers.loc[(layers["seed"] == 3) | (layers["layer"] == "logits"), "grad_norm"] = np.nan
    measures = {"train_loss": Measure("train_loss", "loss"), "grad_norm": Measure("grad_norm", "norm", scale="linear")}
    experiment = SimpleNamespace(arm_columns=("loss",), curves=tuple(measures))
    tables = {"history": history, "layers": layers, "summary": pd.DataFrame({"dataset": ["digits"], "train_loss": 0.0})}
    (block,) = page_curves(Results(experiment, [SimpleNamespace(dataset="digits", vary="weights")], tables, measures, "", {}))
    return block


def test_runs_mean_and_interval_are_those_of_the_table(losses):
    block = content(losses)
    at = np.array(block["epochs"])
    assert at[0] == 1 and at[-1] == EPOCHS and len(at) <= MOST_POINTS and block["dataset"] == "Digits"
    assert [arm["seeds"] for arm in block["arms"]] == [SEEDS, SEEDS] and block["arms"][1]["label"] == "MSE on softmax"
    assert block["arms"][0]["style"] != block["arms"][1]["style"]
    for i, whole in ((0, [0, 1, 2, 3]), (1, [0, 1, 3])):
        curve = block["quantities"][0]["curves"][i]
        np.testing.assert_allclose(np.array(curve["runs"], dtype=float), losses[i][:, at - 1], rtol=0.006)
        logs = np.log(losses[i, whole])[:, at - 1]
        low, high = stats.t.interval(0.95, len(whole) - 1, loc=logs.mean(0), scale=stats.sem(logs, axis=0))
        for name, expected in (("mean", logs.mean(0)), ("low", low), ("high", high)):
            np.testing.assert_allclose(np.log(np.array(curve[name], dtype=float)), expected, atol=0.006)


def test_each_arm_has_its_value_of_every_factor_in_words_and_a_look_of_its_own():
    factors = {"optimizer": ["sgd", "adam"], "base_learning_rate": [0.1, 0.001, 0.01], "batch_norm": [False, True]}
    history = every(dataset=["digits"], **factors, seed=[0, 1], epoch=[1, 2])
    history["train_loss"] = np.arange(1.0, len(history) + 1)
    measures = {"train_loss": Measure("train_loss", "loss")}
    experiment = SimpleNamespace(arm_columns=tuple(factors), curves=tuple(measures))
    tables = {"history": history, "summary": history[history["epoch"] == 1]}
    (block,) = page_curves(Results(experiment, [SimpleNamespace(dataset="digits", vary="weights")], tables, measures, "", {}))
    words = {factor["name"]: [value["word"] for value in factor["values"]] for factor in block["factors"]}
    assert words == {"optimizer": ["sgd", "adam"], "base_learning_rate": ["0.1", "0.001", "0.01"], "batch_norm": ["no", "yes"]}
    assert [factor["label"] for factor in block["factors"]] == ["optimizer", "lr", "batch norm"]
    for arm, curve in zip(block["arms"], block["quantities"][0]["curves"], strict=True):
        chosen = [factor["values"][place] for factor, place in zip(block["factors"], arm["values"], strict=True)]
        assert arm["label"] == ", ".join(value["label"] for value in chosen)
        values = [list(values)[place] for values, place in zip(factors.values(), arm["values"], strict=True)]
        rows = history[(history[list(factors)] == values).all(axis=1)]
        assert curve["runs"] == rows["train_loss"].to_numpy().reshape(2, 2).tolist()
    assert len({tuple(arm["style"]) for arm in block["arms"]}) == len(block["arms"]) == 12


def test_runs_at_zero_are_shown_without_a_mean_which_a_floor_would_decide(losses):
    losses[0, :3, 10:] = 0
    curve, other = content(losses)["quantities"][0]["curves"]
    assert {value for name in ("mean", "low", "high") for value in curve[name]} == {None} and None not in other["mean"]


def test_a_run_without_values_keeps_its_place_and_a_layer_without_any_is_left_out(losses):
    norm = content(losses)["quantities"][1:]
    assert [quantity["label"] for quantity in norm] == ["norm, hidden"]
    runs = norm[0]["curves"][0]["runs"]
    assert [set(run) == {None} for run in runs] == [seed == 3 for seed in SEEDS]
