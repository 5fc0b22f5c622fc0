"""A training that is broken off and gone on with ends exactly where an undisturbed one ends: weights, tables, histograms, units, logits."""

import itertools
import os
import time
from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest

from common.deadline import Deadline
from common.experiment import COMMON, Cell, choice
from common.store import cells, checkpoints, layout, provenance
from common.sweep import progress, sweep
from common.training import checkpoint
from common.training.events import Started
from kerascope.monitors import GradientMonitor, LogitMonitor, PredictionMonitor
from tests.support import sweeps

EPOCHS = 4


def build_model(cell, input_dim, num_classes):
    return keras.Sequential(
        [
            keras.Input((input_dim,)),
            keras.layers.Dense(6, "relu", name="hidden_1"),
            keras.layers.BatchNormalization(name="normalisation"),
            keras.layers.Dropout(0.2, name="dropout"),
            keras.layers.Dense(num_classes, name="logits"),
        ]
    )


def build_monitors(cell, samples):
    x, y = samples.train
    return {"logits": LogitMonitor(x, y, stages=(0, 1, 3, 4)), "points": PredictionMonitor(x)}


def build_optimizer(cell, steps_per_epoch):
    rate = keras.optimizers.schedules.ExponentialDecay(0.05, steps_per_epoch, 0.8) if cell["schedule"] == "decayed" else 0.05
    return keras.optimizers.Adam(rate)


EXPERIMENT = replace(
    sweeps.EXPERIMENT,
    settings=(choice("schedule", "schedules", ("decayed", "constant"), ""), *COMMON),
    build_model=build_model,
    build_optimizer=build_optimizer,
    build_monitors=build_monitors,
    keep_units=True,
)
SETTINGS = {"init": "pytorch", "batch_size": 16, "batch_norm": False, "dropout": 0.0}
CELLS = [Cell("exp_x", "moons", {"schedule": name, **SETTINGS}, (0, 3), EPOCHS, "abc") for name in ("decayed", "constant")]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    root = tmp_path_factory.mktemp("undisturbed")
    assert sweep.run(CELLS, EXPERIMENT, sweeps.DATA, root) == sweep.Result([], [])
    return files_of(root)


def files_of(root):
    return {(path.parent.parent.name, path.name): path.read_bytes() for path in root.glob("exp_x/cells/*/*/*") if path.name != "cell.json"}


class Clock:
    """A clock on which a second passes at each look."""

    def __init__(self):
        self.now = 0

    def monotonic(self):
        self.now += 1
        return self.now


class AfterLooks:
    """A deadline that has passed after so many looks at it."""

    def __init__(self, looks):
        self.looks = looks

    def left(self):
        self.looks -= 1
        return 3600 if self.looks >= 0 else -1


def broken_off(root, after):
    """A sweep in which time runs out so many epochs into the first cell: a look at the deadline after each, and one before."""
    return sweep.run(CELLS[:1], EXPERIMENT, sweeps.DATA, root, sweep.Options(deadline=AfterLooks(after)))


@pytest.mark.slow
def test_each_epoch_is_a_place_to_break_off(undisturbed, tmp_path):
    """After the first epoch, and after each epoch in turn, until the cell is done; the other cell begins anew in the same stack."""
    for _ in range(EPOCHS - 1):
        assert broken_off(tmp_path, after=1) == sweep.Result([], CELLS[:1])
        assert not CELLS[0].folder(tmp_path).exists()
    kept = checkpoints.read(CELLS[0], tmp_path)
    assert checkpoint.Checkpoint(kept).epoch == EPOCHS - 1
    assert sweep.run(CELLS, EXPERIMENT, sweeps.DATA, tmp_path) == sweep.Result([], [])
    assert files_of(tmp_path) == undisturbed
    assert not layout.checkpoint_path(CELLS[0], tmp_path).exists()
    assert pd.read_csv(CELLS[0].folder(tmp_path) / "history.csv")["epoch"].tolist() == [*range(1, EPOCHS + 1)] * 2


class Killed(BaseException):
    """Stands for a signal: nothing of ours catches it."""


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, EPOCHS - 1])
def test_a_training_that_is_killed_goes_on_from_the_state_that_was_saved_last(after, undisturbed, tmp_path, monkeypatch):
    begun, write = [], checkpoints.write

    def write_and_be_killed(cell, root, content):
        write(cell, root, content)
        if checkpoint.Checkpoint(content).epoch == after:
            raise Killed

    monkeypatch.setattr(checkpoints, "write", write_and_be_killed)
    with pytest.raises(Killed):
        sweep.run(CELLS[:1], EXPERIMENT, sweeps.DATA, tmp_path, sweep.Options(checkpoint_every=0))
    monkeypatch.setattr(checkpoints, "write", lambda *_: pytest.fail("an epoch was trained again"))
    monkeypatch.setattr(progress.SweepProgress, "show", lambda self, event: isinstance(event, Started) and begun.append(event.epoch))
    options = sweep.Options() if after == 1 else sweep.Options(checkpoint_every=0)  # the last epoch's state is the cell itself
    sweep.run(CELLS[:1], EXPERIMENT, sweeps.DATA, tmp_path, options)
    assert begun == [after] and files_of(tmp_path).items() <= undisturbed.items()
    assert not list(tmp_path.rglob("checkpoints/*"))


@pytest.mark.slow
def test_the_state_is_saved_every_so_many_seconds(tmp_path, monkeypatch):
    """Two looks at the clock an epoch, and one more for each saving; saving takes a second, so it would be worth it every 100."""
    saved = []
    monkeypatch.setattr(checkpoint, "time", Clock())
    monkeypatch.setattr(checkpoints, "write", lambda cell, root, content: saved.append(checkpoint.Checkpoint(content).epoch))
    sweep.run(CELLS[:1], EXPERIMENT, sweeps.DATA, tmp_path, sweep.Options(checkpoint_every=2))
    assert saved == [1]
    monkeypatch.setattr(checkpoint, "WORTH", 0)
    sweep.run(CELLS[:1], EXPERIMENT, sweeps.DATA, tmp_path, sweep.Options(checkpoint_every=2, fresh=True))
    assert saved == [1, 1, 2, 3]


@pytest.mark.slow
@pytest.mark.parametrize("jumps", [(-3600, -3600), (86_400, 86_400), (-3600, 86_400, -3600)], ids=["back", "forward", "to and fro"])
def test_a_wall_clock_that_is_set_in_mid_training_changes_nothing(jumps, undisturbed, tmp_path, monkeypatch):
    """Neither what is recorded of durations, nor when states are saved, nor when the deadline passes."""
    real, began, jump, saved = time.time, time.monotonic(), itertools.cycle(jumps), []
    offset = [0]

    def save_and_set_the_clock(cell, root, content):
        saved.append(checkpoint.Checkpoint(content))
        offset[0] += next(jump)

    monkeypatch.setattr(time, "time", lambda: real() + offset[0])
    monkeypatch.setattr(checkpoints, "write", save_and_set_the_clock)
    monkeypatch.setattr(checkpoint, "WORTH", 0)
    options = sweep.Options(checkpoint_every=1e-6, deadline=Deadline(600))
    assert sweep.run(CELLS[:1], EXPERIMENT, sweeps.DATA, tmp_path, options) == sweep.Result([], [])
    passed, record = time.monotonic() - began, cells.read_record(CELLS[0], tmp_path)
    assert [state.epoch for state in saved] == [1, 2, 3]
    assert 0 < saved[0].seconds < saved[1].seconds < saved[2].seconds <= record["seconds"] <= passed
    assert 0 < record["seconds_per_epoch"] <= passed and files_of(tmp_path).items() <= undisturbed.items()


@pytest.mark.slow
def test_a_state_that_cannot_be_saved_is_no_reason_to_stop(undisturbed, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device", "checkpoints")

    lines = []
    monkeypatch.setattr(checkpoints, "write", full)
    assert sweep.run(CELLS[:1], EXPERIMENT, sweeps.DATA, tmp_path, sweep.Options(checkpoint_every=0), lines.append) == sweep.Result([], [])
    assert files_of(tmp_path).items() <= undisturbed.items()
    assert [line for line in lines if "cannot be saved (No space left on device): checkpoints" in line]


@pytest.mark.slow
def test_a_state_that_belongs_to_something_else_is_not_gone_on_with(undisturbed, tmp_path, monkeypatch, caplog):
    broken_off(tmp_path, after=2)
    with monkeypatch.context() as patch:
        patch.setattr(provenance, "versions", lambda: {"tensorflow": "0.1"})
        broken_off(tmp_path, after=1)  # which begins anew
    assert caplog.text.count("is of other packages than are here") == 1
    path = layout.checkpoint_path(CELLS[0], tmp_path)
    assert checkpoint.Checkpoint(path.read_bytes()).epoch == 1
    sweep.run(CELLS[:1], EXPERIMENT, sweeps.DATA, tmp_path)  # and so does this
    assert caplog.text.count("is of other packages than are here") == 2 and files_of(tmp_path).items() <= undisturbed.items()
    broken_off(tmp_path / "again", after=2)
    path = layout.checkpoint_path(CELLS[0], tmp_path / "again")
    other = layout.checkpoint_path(CELLS[1], tmp_path / "again")
    other.parent.mkdir()
    path = path.rename(other)
    assert checkpoints.read(CELLS[1], tmp_path / "again") is None and f"{path} is of another cell" in caplog.text


@pytest.mark.slow
def test_a_damaged_checkpoint_is_named_and_its_cell_begins_anew(undisturbed, tmp_path, caplog):
    broken_off(tmp_path, after=2)
    path = layout.checkpoint_path(CELLS[0], tmp_path)
    content = path.read_bytes()
    middle = len(content) // 2
    for damage in (content[:middle], content[:middle] + b"damage" + content[middle + 6 :], b""):
        path.write_bytes(damage)
        assert checkpoints.read(CELLS[0], tmp_path) is None and str(path) in caplog.text
    sweep.run(CELLS[:1], EXPERIMENT, sweeps.DATA, tmp_path)
    assert files_of(tmp_path).items() <= undisturbed.items()


@pytest.mark.slow
def test_fresh_begins_anew(undisturbed, tmp_path):
    broken_off(tmp_path, after=2)
    sweep.run(CELLS[:1], EXPERIMENT, sweeps.DATA, tmp_path, sweep.Options(fresh=True))
    assert files_of(tmp_path).items() <= undisturbed.items() and not layout.checkpoint_path(CELLS[0], tmp_path).exists()


def test_a_deadline_that_has_passed_lets_no_cell_begin(tmp_path):
    assert sweep.run(CELLS, EXPERIMENT, sweeps.DATA, tmp_path, sweep.Options(deadline=Deadline(0))) == sweep.Result([], CELLS)
    assert os.listdir(tmp_path / "exp_x") == [".lock"]


@pytest.mark.slow
def test_monitors_that_measure_now_and_then_go_on_where_they_were():
    """The state of a monitor with every=2 after 3 epochs is that of the measurement after 2; in plain fit."""

    def train(epochs, state=None, weights=None):
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, kernel_initializer="ones", name="only")])
        model.compile(keras.optimizers.SGD(0.1), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        if weights:
            model.set_weights(weights)
        monitor = GradientMonitor(x, y, every=2)
        resume = keras.callbacks.LambdaCallback(on_train_begin=lambda _: monitor.set_state(state) if state else None)
        model.fit(x, y, epochs=epochs, initial_epoch=3 if state else 0, shuffle=False, verbose=0, callbacks=[monitor, resume])
        return model, monitor

    random = np.random.default_rng(1)
    x, y = random.normal(size=(20, 4)).astype("float32"), random.integers(0, 3, 20)
    _, whole = train(6)
    half, begun = train(3)
    _, resumed = train(6, begun.get_state(), half.get_weights())
    pd.testing.assert_frame_equal(whole.frame(), resumed.frame(), rtol=1e-5)
