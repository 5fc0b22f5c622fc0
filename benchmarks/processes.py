"""Rows about whole processes: start-up, --help, a cell's fixed cost, the second call, memory."""

import functools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.table import Row

ROOT = Path(__file__).parents[1]


def run(*args, cache="off"):
    """Run Python with these arguments in the project's folder, with a folder for what calls leave each other, by default none; returns
    `(seconds, peak resident memory in GB)`."""
    began = time.perf_counter()
    command, environment = [sys.executable, *map(str, args)], {**os.environ, "NETWORKS_CACHE": str(cache)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    message = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"python {' '.join(map(str, args))} failed:\n{message.decode(errors='replace')}")
    return time.perf_counter() - began, usage.ru_maxrss / 2**20


def start_up(rounds):
    """The start-up time of every process."""
    for case, goal, args in (
        ("python -c 'import tensorflow, keras'", None, ("-c", "import tensorflow, keras")),
        ("exp_c_optimizer.py --help", 0.3, ("exp_c_optimizer.py", "--help")),
    ):
        yield Row(case, "", float(np.median([run(*args)[0] for _ in range(rounds)])), "s", goal)


FIRST_EPOCH = ("exp_c_optimizer.py", "--datasets", "digits", "--optimizers", "adam", "--schedules", "constant", "--lr", "0.01", "--quiet")


def first_epoch(rounds):
    """The time from Enter to the end of the first epoch: with no compiled program on disk, with those of a call before, without a cache."""
    kinds, programs = {"nothing compiled yet": [], "with the programs of an earlier call": [], "NETWORKS_CACHE=off": []}, []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as cache:
            for kind, seconds in kinds.items():
                programs.append(len(list(Path(cache).glob("xla/*/*.pb"))))
                seconds.append(_seconds_to_first_epoch("off" if kind.endswith("off") else cache))
    for kind, seconds in kinds.items():
        about = f"{min(seconds):.1f} to {max(seconds):.1f} s; an earlier call leaves {max(programs)} programs"
        yield Row(f"C, Digits, Adam: from Enter to the end of the first epoch, {kind}", 5, float(np.median(seconds)), "s", None, about)


def _seconds_to_first_epoch(cache):
    """Start a call, and end it as soon as its first state is on disk."""
    with tempfile.TemporaryDirectory() as out:
        began = time.perf_counter()
        command = [sys.executable, *FIRST_EPOCH, "--checkpoint-every", "0", "--out", out]
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, env={**os.environ, "NETWORKS_CACHE": str(cache)})
        while not list(Path(out).glob("*/checkpoints/*/[!.]*.npz")):
            if process.poll() is not None:
                raise RuntimeError(f"{' '.join(command)} failed:\n{process.stderr.read().decode(errors='replace')}")
            time.sleep(0.02)
        seconds = time.perf_counter() - began
        process.terminate()
        process.communicate()
        return seconds


def scripts(size):
    """A cell's fixed cost, and the calls after the first: each script as it is called without flags, but on the small datasets."""
    for name, *flags in size.scripts:
        with tempfile.TemporaryDirectory() as out, tempfile.TemporaryDirectory() as cache:
            call = functools.partial(run, f"{name}.py", *flags, "--quiet", "--out", out, cache=cache)
            first, _ = call()
            fixed = {kind: [] for kind in ("the first of a kind", "another")}
            seen = set()
            for path in sorted(Path(out).glob(f"{name}/cells/*/*/cell.json"), key=lambda path: path.stat().st_mtime):
                record = json.loads(path.read_text())
                kind = _graphs_of(record)
                fixed["another" if kind in seen else "the first of a kind"].append(_fixed_seconds(record))
                seen.add(kind)
            for kind, seconds in fixed.items():
                if seconds:
                    about = f"mean of {len(seconds)}; whole call {first:.0f} s"
                    yield Row(f"{name}.py: a cell's fixed cost, {kind}", 5, float(np.mean(seconds)), "s", 1.5, about)
            everything = [seconds for part in fixed.values() for seconds in part]
            yield Row(f"{name}.py: a cell's fixed cost, mean of all cells", 5, float(np.mean(everything)), "s", 1.5)
            yield Row(f"{name}.py: a call with nothing to do", 5, float(np.median([call()[0] for _ in range(size.rounds)])), "s", 3.0)
            made = [path for path in (Path(out) / name).iterdir() if path.suffix in (".png", ".csv", ".html", ".json")]
            figures = sum(path.suffix == ".png" for path in made)
            for path in made:
                path.unlink()
            yield Row(f"{name}.py: a call that only draws, {figures} figures and all else", 5, call()[0], "s", 8.0)


MINUTES = {"exp_a_loss": 4.0, "exp_b_activation": 6.0, "exp_c_optimizer": 8.0}  # that a call with --controls is to take at most


def controls(size):
    """Whole calls with --controls, and what they take of those without."""
    for name, *flags in size.scripts:
        seconds = {}
        for words in ((), ("--controls", *size.questions)):
            with tempfile.TemporaryDirectory() as out:
                seconds[words], _ = run(f"{name}.py", *flags, *words, "--quiet", "--out", out)
                cells = len(list(Path(out).glob(f"{name}/cells/*/*/cell.json")))
        without, beside = seconds.values()
        about = f"{cells} cells; {beside / without:.1f} x the {without:.0f} s without"
        yield Row(f"{name}.py --controls, the whole call", 5, beside / 60, "min", MINUTES[name], about)


def _graphs_of(record):
    """The settings by which cells share their graphs; learning rate, schedule and points are not among them."""
    return tuple(record["settings"].get(name) for name in ("loss", "activation", "optimizer"))


def _fixed_seconds(record):
    """The time of the cell beyond its epochs."""
    return record["seconds"] - record["epochs"] * record["seconds_per_epoch"]


def jobs(size):
    """Whole calls on the small datasets, in two processes and in one."""
    for name, *flags in [call for call in size.scripts if call[0] != "exp_a_loss"]:
        seconds = {}
        for number in (1, 2):
            with tempfile.TemporaryDirectory() as out:
                seconds[number], _ = run(f"{name}.py", *flags, "--jobs", number, "--quiet", "--out", out)
        about = f"{seconds[2]:.0f} s : {seconds[1]:.0f} s"
        yield Row(f"{name}.py --jobs 2 ÷ --jobs 1, the whole call", 5, seconds[2] / seconds[1], "x", 1.0, about)


def memory(dataset, name):
    """Peak resident memory of a whole call on a dataset; `name` is how the table calls it."""
    with tempfile.TemporaryDirectory() as out:
        flags = ("--datasets", dataset, "--lr", "0.01", "--epochs", "2", "--quiet", "--out", out)
        seconds, gigabytes = run("exp_c_optimizer.py", *flags)
        yield Row(f"exp_c_optimizer.py on {name}, 6 cells of 2 epochs", 5, gigabytes, "GB", 3.0, f"{seconds:.0f} s")


WATCHED = """
import sys, keras, numpy as np
from kerascope import monitors
name, width = sys.argv[1], int(sys.argv[2])
x, y = np.ones((64, width), "float32"), np.zeros(64, int)
model = keras.Sequential([keras.Input((width,)), *[keras.layers.Dense(width, "relu") for _ in range(3)], keras.layers.Dense(10)])
model.compile(keras.optimizers.SGD(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
watching = {"none": list, "GradientMonitor": lambda: [monitors.GradientMonitor(x, y)], "UpdateMonitor": lambda: [monitors.UpdateMonitor()]}
model.fit(x, y, epochs=2, verbose=0, callbacks=watching[name]())
"""


def monitors_memory(size):
    """The peak memory that monitors which keep copies of all weights add to a training of a large model."""
    width = 4096 if size.most is None else 64
    peaks = {name: run("-c", WATCHED, name, width)[1] for name in ("none", "GradientMonitor", "UpdateMonitor")}
    weights = 3 * width * (width + 1) + 10 * (width + 1)
    for name in ("GradientMonitor", "UpdateMonitor"):
        about = f"{peaks[name]:.2f} GB : {peaks['none']:.2f} GB; the weights are {4 * weights / 2**30:.2f} GB"
        yield Row(
            f"{name} on a model of {weights / 1e6:.0f} million weights: peak memory added",
            1,
            peaks[name] - peaks["none"],
            "GB",
            None,
            about,
        )
