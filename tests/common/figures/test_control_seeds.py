"""Figures of controls show all arms on the seeds that the arms of controls have, and say how many these are."""

from dataclasses import replace

import pandas as pd

import exp_a_loss
from common.experiment import Cell
from common.experiment.measures import registry
from common.figures.draw import DatasetResults
from common.results.results import Results

SETTINGS = {"loss": "mse_softmax", "base_learning_rate": 0.001, "init": "pytorch", "batch_size": 64, "batch_norm": False, "dropout": 0.0}
ARM = Cell("exp_a_loss", "digits", SETTINGS, (0, 1, 2, 3), 5, "abc")


def results(*controls):
    rows = pd.DataFrame({"dataset": "digits", "loss": "mse_softmax", "seed": range(4), "epoch": 5, "train_accuracy": 0.5})
    tables = {
        "history": rows,
        "control_history": rows[rows["seed"] < 2].assign(control="logit_scale=10"),
        "table": rows[["dataset", "loss"]],
    }
    registered = registry(exp_a_loss.EXPERIMENT)
    return DatasetResults(Results(exp_a_loss.EXPERIMENT, [ARM], tables, registered, "", {}, control_cells=list(controls)), "digits")


def test_fewer_seeds_of_controls_are_those_of_all_arms_and_of_the_note():
    all_seeds = results(replace(ARM, settings={**SETTINGS, "logit_scale": 10}, seeds=(0, 1)))
    few = all_seeds.on_control_seeds()
    assert few.tables["history"]["seed"].tolist() == few.tables["control_history"]["seed"].tolist() == [0, 1]
    assert len(few.tables["table"]) == 4  # which has no seeds
    assert all_seeds.note.startswith("4 seeds") and few.note == all_seeds.note.replace("4 seeds", "2 seeds")
    assert few.cells == all_seeds.cells and all_seeds.tables["history"]["seed"].nunique() == 4


def test_without_controls_nothing_is_left_out():
    plain = results()
    assert plain.on_control_seeds() is plain


def test_the_note_names_no_setting_that_an_arm_of_a_control_changes():
    slow, other = (replace(ARM, settings={**SETTINGS, **change}) for change in ({"base_learning_rate": 10.0}, {"dropout": 0.2}))
    elsewhere = replace(other, dataset="fashion_mnist", settings={**SETTINGS, "init": "he"})
    note = results(slow, other, elsewhere).on_control_seeds().note
    assert "0.001" not in note and "10" not in note and "batch 64" in note and "PyTorch" in note
