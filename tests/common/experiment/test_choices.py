"""The settings of every script: a choice is an entry of a table, and every value builds and trains in a way of its own."""

import importlib

import keras
import numpy as np
import pytest

from common import models
from common.cli import types
from common.data import DATASETS
from common.experiment import Cell
from common.experiment.find import find_experiments
from tests.support.complaints import complaint

EXPERIMENTS = find_experiments()
SETTINGS = [(name, setting) for name, experiment in EXPERIMENTS.items() for setting in experiment.settings]
CHOICES = [(name, setting) for name, setting in SETTINGS if setting.choices]
NUMBERS = {bool: (False, True), types.share: (0.0, 0.2), types.number_from_zero: (0.0, 0.1), types.positive_number: (0.01, 0.1)}
VARIED = [(name, setting, values) for name, setting in SETTINGS if (values := setting.choices or NUMBERS.get(setting.type))]
_random = np.random.default_rng(0)
X, Y = _random.normal(size=(20, 4)).astype("float32"), np.arange(20) % 3


@pytest.mark.parametrize(("name", "setting"), CHOICES, ids=lambda value: getattr(value, "flag", value))
def test_the_keys_of_a_table_are_the_choices_of_its_flag(name, setting, capsys):
    script = importlib.import_module(name)
    table = getattr(script, setting.flag.upper(), None)
    assert set(setting.choices) <= set(models.INITS) if setting.name == "init" else setting.choices == tuple(table)
    message = complaint(capsys, script, f"--{setting.flag}", "nonesuch")
    assert all(word in message for word in (f"--{setting.flag}", "nonesuch", *setting.choices))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "setting", "values"), VARIED, ids=lambda value: getattr(value, "flag", None))
def test_every_value_of_a_setting_trains_in_a_way_of_its_own(name, setting, values):
    """No choice is another one under its name, and no setting is without effect."""
    ends = [outputs_after_two_steps(EXPERIMENTS[name], {setting.name: value}) for value in values]
    assert np.isfinite(ends).all() and len(np.unique(ends, axis=0)) == len(ends)


def outputs_after_two_steps(experiment, settings):
    """The logits of the experiment's network after two steps, of one epoch each, with its defaults and these settings."""
    keras.utils.set_random_seed(0)
    defaults = {setting.name: setting.default[0] if setting.default else len(X) for setting in experiment.settings}
    cell = Cell(experiment.name, "digits", {**defaults, **settings}, (0,), 2, "")
    model = experiment.build_model(cell, X.shape[1], 3)
    model.compile(experiment.build_optimizer(cell, 1), experiment.build_loss(cell), run_eagerly=True)
    for _ in range(2):
        model.train_on_batch(X, Y)
    return np.array(model(X)).ravel()


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_datasets_of_an_experiment_are_records_and_the_choices_of_its_flag(name, capsys):
    assert set(EXPERIMENTS[name].datasets) <= set(DATASETS)
    message = complaint(capsys, importlib.import_module(name), "--datasets", "nonesuch")
    assert all(word in message for word in ("--datasets", "nonesuch", *EXPERIMENTS[name].datasets))
