"""Rows about very large sweeps: what 10,000 cells do to a Dask scheduler, to the disk, and to the step that gathers their tables.

Training is left out: a cell's outcome is made up on the worker, with tables of two epochs.
"""

import contextlib
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cloudpickle
import numpy as np
import pandas as pd

import exp_c_optimizer
from benchmarks.table import Row
from common.experiment import Cell
from common.results import console as screen
from common.results import gather as tables_on_disk
from common.store import cells as cells_on_disk
from common.store.tables import table_bytes, with_columns_in_front
from common.sweep import cluster, sweep
from common.training.task import Outcome

SIZES = (1_000, 3_000, 10_000)
WORKERS = 2

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # the workers have no benchmarks


def rows():
    """A row for each step and number of cells; the goal is the time per cell at the smallest number, and half of it again."""
    measured = {}
    with tempfile.TemporaryDirectory() as folder, _dask(folder) as scheduler:
        for size in SIZES:
            for step, value in _steps(size, Path(folder) / str(size), scheduler):
                first = measured.setdefault(step, value / size)
                goal = 1.5e3 * first if size > SIZES[0] else None
                yield Row(
                    f"{step}, {size:,} cells",
                    1,
                    1e3 * value / size,
                    "per 1,000 cells" if "files" in step else "ms a cell",
                    goal,
                    f"{value:.4g}",
                )


def _steps(size, root, scheduler):
    made_up = [
        Cell(
            "exp_c_optimizer",
            "digits",
            {"optimizer": "sgd", "base_learning_rate": float(rate), "schedule": "constant"},
            (0,),
            2,
            64,
            "report",
            "",
        )
        for rate in np.linspace(0.001, 0.1, size)
    ]
    arrays = np.zeros((8, 2), "float32"), np.zeros(8, "int32")
    arguments = made_up, exp_c_optimizer.EXPERIMENT, {"digits": (arrays, arrays)}, root
    options = sweep.Options(quiet=True, cluster=scheduler)
    cluster._perform = _made_up
    yield "sweep on a cluster, s", _seconds(lambda: sweep.run(*arguments, options, log=_silent))
    yield "files and folders", len(list(root.rglob("*")))
    yield "second call, which finds all done, s", _seconds(lambda: sweep.run(*arguments, options, log=_silent))
    tables = {}
    yield "tables gathered, s", _seconds(lambda: tables.update(tables_on_disk.write(exp_c_optimizer.EXPERIMENT, made_up, root)))
    yield "result table, s", _seconds(lambda: screen.screen_table(exp_c_optimizer.EXPERIMENT, tables, made_up))


def _made_up(task, topic, use, data):
    history = pd.DataFrame({"seed": 0, "epoch": [1, 2], "learning_rate": 0.1, "train_loss": 1.0, "train_accuracy": 0.5})
    history = history.assign(test_loss=1.0, test_accuracy=0.5, train_grad_norm=1.0)
    layers = pd.DataFrame({"seed": 0, "epoch": [1, 1, 2, 2], "layer": ["hidden_1", "logits"] * 2, "grad_norm": 1.0})
    labels = {"dataset": task.cell.dataset, **task.cell.arm}
    files = {f"{name}.csv": table_bytes(with_columns_in_front(t, labels)) for name, t in (("history", history), ("layers", layers))}
    return Outcome(task.cell, {**files, **dict.fromkeys(cells_on_disk.FILES - set(files), b"x" * 1000)}, {"seconds": 0.0})


def _silent(line):
    pass


def _seconds(function):
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


@contextlib.contextmanager
def _dask(folder):
    """A scheduler with workers on this machine; yields its address."""
    processes = []

    def start(name, *words):
        log = Path(folder) / f"{name}.log"
        with log.open("wb") as file:
            command = [sys.executable, "-m", "dask", *words, "--host", "127.0.0.1", "--no-dashboard"]
            processes.append(subprocess.Popen(command, stdout=file, stderr=file, cwd=folder))
        return log

    try:
        log = start("scheduler", "scheduler", "--port", "0")
        while not (address := re.search(r"Scheduler at:\s+(tcp://\S+)", log.read_text())):
            time.sleep(0.1)
        for number in range(WORKERS):
            start(f"worker-{number}", "worker", address[1], "--nthreads", "1")
        yield address[1]
    finally:
        for process in processes:
            process.terminate()
            process.wait()
