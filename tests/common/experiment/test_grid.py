"""From flags to cells: any setting can be an arm, and another setting is another cell."""

import itertools
from dataclasses import replace

import pytest

import exp_a_loss
import exp_c_optimizer
from common import cli
from common.data import DATASETS
from common.experiment import grid
from tests.support.complaints import complaint
from tests.support.sweeps import cell

SIZES = {"digits": 1437}


def arms_of(script, *words, sizes=SIZES):
    """The arm columns of a call, and of each cell its dataset and its values in them."""
    args = cli.parse(script.EXPERIMENT, words)
    experiment, values = grid.compared(script.EXPERIMENT, args)
    cells = grid.build_cells(experiment, values, args, DATASETS, sizes, dict.fromkeys(sizes, "abc"), dict.fromkeys(sizes, (0, 1)), "all")
    return experiment.arm_columns, [(cell.dataset, *map(cell.settings.get, experiment.arm_columns)) for cell in cells]


def test_batch_sizes_and_learning_rates_are_arms_beside_the_losses():
    words, sizes = ("--batch-size", "32", "128", "--lr", "0.001", "0.01"), {"digits": 1437, "fashion_mnist": 60_000}
    columns, arms = arms_of(exp_a_loss, *words, sizes=sizes)
    assert columns == ("loss", "base_learning_rate", "batch_size")
    assert arms == list(itertools.product(sizes, exp_a_loss.LOSSES, (0.001, 0.01), (32, 128)))


def test_learning_rates_change_slowest_where_the_experiment_says_so():
    columns, arms = arms_of(exp_c_optimizer)
    assert columns == ("optimizer", "base_learning_rate", "schedule")
    varied = itertools.product((0.1, 0.01, 0.001), exp_c_optimizer.OPTIMIZERS, exp_c_optimizer.SCHEDULES)
    assert arms == [("digits", optimizer, rate, schedule) for rate, optimizer, schedule in varied]


@pytest.mark.parametrize(
    ("words", "name", "values"),
    [
        ("--batch-size 2000 64 1437 9999", "batch_size", [1437, 64]),  # all batches that hold every sample are the same
        ("--batch-norm", "batch_norm", [False, True]),
        ("--dropout 0.2 0.5", "dropout", [0, 0.2, 0.5]),
        ("--init he report", "init", ["he", "pytorch"]),
    ],
)
def test_a_setting_with_several_values_is_an_arm_and_a_switch_is_compared_with_its_absence(words, name, values):
    columns, arms = arms_of(exp_a_loss, "--losses", "mse_linear", *words.split())
    assert columns == ("loss", name)
    assert arms == [("digits", "mse_linear", value) for value in values]


def test_the_reports_initialisation_is_pytorchs(capsys):
    assert cli.parse(exp_a_loss.EXPERIMENT, ["--init", "report"]).init == ["pytorch"]
    assert "--init" in complaint(capsys, exp_a_loss, "--init", "report", "pytorch")


def test_every_setting_makes_another_cell():
    first, others = (
        cell(),
        {"optimizer": "adam", "base_learning_rate": 0.2, "init": "he", "batch_size": 8, "batch_norm": True, "dropout": 0.2},
    )
    assert set(others) == set(first.settings)
    cells = [first, *(cell(**{name: value}) for name, value in others.items())]
    fields = {"experiment": "exp_y", "dataset": "circles", "seeds": (0, 4), "epochs": 3, "data": "abd"}
    cells += [replace(first, **{name: value}) for name, value in fields.items()]
    assert len({cell.id for cell in cells}) == len(cells) and first.id == cell().id


@pytest.mark.parametrize("change", [{"columns": ("final_acuracy",)}, {"columns_compared": ("cost",)}, {"settings": ()}], ids=str)
def test_an_experiment_that_would_fail_after_training_is_refused_when_it_is_made(change):
    with pytest.raises(ValueError, match="exp_a_loss"):
        replace(exp_a_loss.EXPERIMENT, **change)
