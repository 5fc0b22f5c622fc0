"""A small experiment, its cells, sweeps over them, and a process that has their locks."""

import contextlib
import subprocess
import sys

import keras
import numpy as np
import pytest

from common import experiment
from common.data import Data, Samples
from common.experiment import COMMON, Cell, Setting
from common.sweep import sweep
from common.training.trainer import Trainer
from tests.support.scripts import ROOT

_random = np.random.default_rng(0)
_x = _random.normal(size=(60, 4)).astype("float32")
_y = (_x[:, 0] > 0).astype("int32")
DATA = {"moons": Data.of(Samples(((_x[:40], _y[:40]), (_x[40:], _y[40:]))))}


class Sized:
    """A dataset of which only size and fingerprint are known, as in a call that trains nothing."""

    num_samples, fingerprint = 1437, "abc"


def build_model(cell, input_dim, num_classes):
    if cell["optimizer"] == "broken":
        raise RuntimeError("a layer fell off")
    if cell["optimizer"] == "interrupted":
        raise KeyboardInterrupt
    return keras.Sequential(
        [keras.Input((input_dim,)), keras.layers.Dense(5, "relu", name="hidden_1"), keras.layers.Dense(num_classes, name="logits")]
    )


EXPERIMENT = experiment.Experiment(
    name="exp_x",
    title="X",
    question="?",
    datasets=("moons",),
    epochs=2,
    settings=(
        Setting("optimizer", "optimizers", ("sgd",), "", always_an_arm=True),
        Setting("base_learning_rate", "lr", (0.1,), "", always_an_arm=True),
        *COMMON,
    ),
    build_model=build_model,
    build_optimizer=lambda cell, steps_per_epoch: keras.optimizers.SGD(cell["base_learning_rate"]),
    columns=("final_test_accuracy",),
    draw=lambda results: [],
)


def cell(optimizer="sgd", seeds=(0, 3), epochs=2, data="abc", vary="all", **settings):
    """A cell of the experiment; further arguments change its settings."""
    defaults = {"base_learning_rate": 0.1, "init": "pytorch", "batch_size": 16, "batch_norm": False, "dropout": 0.0}
    return Cell("exp_x", "moons", {"optimizer": optimizer, **defaults, **settings}, seeds, epochs, data, vary)


def run(some_cells, root, **flags):
    """Run a sweep; returns (ids trained, cells that failed, lines logged)."""
    trained, lines = [], []
    train = Trainer.train

    def spy(self, task, *args):
        trained.append(task.cell.id)
        return train(self, task, *args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "train", spy)
        result = sweep.run(some_cells, EXPERIMENT, DATA, root, sweep.Options(**flags), log=lines.append)
    return trained, result.failed, lines


HOLD = """
import sys, time
from common.store.locks import Locks
locks = Locks(sys.argv[1])
assert all(locks.take(name) for name in sys.argv[2:])
print("held", flush=True)
time.sleep(600)
"""


@contextlib.contextmanager
def held_elsewhere(folder, *names):
    """Locks held by another process, which is killed after the block; gives the process."""
    folder.mkdir(parents=True, exist_ok=True)
    holder = subprocess.Popen([sys.executable, "-c", HOLD, folder, *names], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    try:
        yield holder
    finally:
        holder.kill()
        holder.wait()
