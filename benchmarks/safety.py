"""Rows about what safety costs: TensorFlow's deterministic operations, and saving the state of a training."""

import json
import tempfile
import time
from pathlib import Path

import keras
import numpy as np

from benchmarks.cases import Stacked
from benchmarks.processes import run
from benchmarks.table import Row
from benchmarks.timing import median_ratio
from common.training.checkpoint import Checkpoint

CALLS = {  # one cell each; script, epochs, flags
    "A, Digits, MSE on softmax": ("exp_a_loss", 30, "--datasets", "digits", "--losses", "mse_softmax"),
    "B, moons, ReLU": ("exp_b_activation", 300, "--datasets", "moons", "--activations", "relu"),
    "C, Digits, Adam": ("exp_c_optimizer", 100, "--datasets", "digits", "--optimizers", "adam", "--lr", 0.01, "--schedules", "constant"),
}
FASHION = {
    "C, Fashion-MNIST, Adam": (
        *("exp_c_optimizer", 4, "--datasets", "fashion_mnist", "--optimizers", "adam", "--lr", 0.01),
        *("--schedules", "constant"),
    ),
}
CHECKPOINT_SECONDS = 30.0  # default of --checkpoint-every


def determinism(size, with_fashion):
    """An epoch with deterministic operations against one without; and whether calls without them give the same tables."""
    calls = {**CALLS, **(FASHION if with_fashion else {})}
    for name, (script, epochs, *words) in size.few(list(calls.items())):
        seconds, tables = {"on": [], "off": []}, {"on": set(), "off": set()}
        for number in range(min(size.rounds, 3)):
            for value in ("on", "off") if number % 2 else ("off", "on"):
                with tempfile.TemporaryDirectory() as out:
                    run(f"{script}.py", *words, "--epochs", size.epochs or epochs, "--determinism", value, "--quiet", "--out", out)
                    (record,) = Path(out).glob("*/cells/*/*/cell.json")
                    seconds[value].append(json.loads(record.read_text())["seconds_per_epoch"])
                    tables[value].add(b"".join(record.with_name(table).read_bytes() for table in ("history.csv", "layers.csv")))
        milliseconds = " : ".join(f"{1e3 * np.median(seconds[value]):.0f} ms" for value in ("on", "off"))
        different = ", ".join(f"{len(tables[value])} with {value}" for value in ("on", "off"))
        ratio = median_ratio(np.array(seconds["on"]), np.array(seconds["off"]))
        yield Row(f"{name}: --determinism on ÷ off, an epoch", 5, ratio, "x", None, f"{milliseconds}; different tables: {different}")


def checkpoints(case):
    """Saving the state once, as a share of the time from one saving to the next."""
    training = Stacked(case, 5)
    sizes, seconds = [], []
    with tempfile.TemporaryDirectory() as folder:

        def keep(state):
            (Path(folder) / "state.npz").write_bytes(state)
            sizes.append(len(state))

        checkpoint = Checkpoint(every=0, keep=keep)
        ends = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seconds.append(-time.perf_counter()))
        saved = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seconds.append(time.perf_counter()))
        training.fit(6, [ends, checkpoint, saved])
    cost = float(np.median(np.add(seconds[:-2:2], seconds[1:-2:2])))  # after the last epoch there is nothing to save
    about = f"{1e3 * cost:.0f} ms, {sizes[-1] / 1e6:.1f} MB"
    yield Row(f"{case.name}: saving a state ÷ {CHECKPOINT_SECONDS:g} s", 5, cost / CHECKPOINT_SECONDS, "x", 0.01, about)
