"""Rows about very large sweeps: what 10,000 cells do to a Dask scheduler, to the disk, and to the step that gathers their tables.

Training is left out: one cell is trained for two epochs, and the outcomes of all others are copies of it, made on the worker.
"""

import contextlib
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

import numpy as np

from benchmarks.table import Row
from common.data import Data, Samples
from common.experiment import Cell
from common.results import console, gather
from common.results.trained import Trained
from common.store import cells as cells_on_disk
from common.store.stacks import Stacks
from common.sweep import cluster, sweep
from exp_c_optimizer import EXPERIMENT

WORKERS = 2


def rows(size):
    """A row for each step and number of cells; the goal is the time per cell at the smallest number, and half of it again."""
    measured = {}
    with tempfile.TemporaryDirectory() as folder, _dask(folder) as scheduler:
        trained = _trained(Path(folder) / "trained", scheduler)
        for count in size.cell_counts:
            for step, value in _steps(count, trained, Path(folder) / str(count), scheduler):
                first = measured.setdefault(step, value / count)
                goal = 1.5e3 * first if count > size.cell_counts[0] else None
                yield Row(
                    f"{step}, {count:,} cells",
                    1,
                    1e3 * value / count,
                    "per 1,000 cells" if "files" in step else "ms a cell",
                    goal,
                    f"{value:.4g}",
                )


def _trained(root, scheduler):
    """A cell that was trained: its files, `{name: bytes}`, with 1,000 bytes in the place of each that is no table, and its measures."""
    (cell,) = cells = _cells(1)
    _sweep(cells, root, scheduler)
    names = [path.name for path in cell.folder(root).iterdir() if path.name != "cell.json"]
    files = {name: (cell.folder(root) / name).read_bytes() if name.endswith(".csv") else b"x" * 1000 for name in names}
    return files, cells_on_disk.read_record(cell, root)["measures"]


def _steps(count, trained, root, scheduler):
    cells, results = _cells(count), []
    with mock.patch.object(cluster, "_function", return_value=_made_up(*trained)):
        yield "sweep on a cluster, s", _seconds(lambda: _sweep(cells, root, scheduler))
    yield "files and folders", len(list(root.rglob("*")))
    yield "second call, which finds all done, s", _seconds(lambda: _sweep(cells, root, scheduler))
    yield "tables gathered, s", _seconds(lambda: results.append(gather.gather(Trained(EXPERIMENT, Stacks.to_train(cells, root), root, {}))))
    yield "result table, s", _seconds(lambda: console.console_text(*results))


def _cells(count):
    settings = {"optimizer": "sgd", "schedule": "constant", "init": "pytorch", "batch_size": 64, "batch_norm": False, "dropout": 0.0}
    learning_rates = np.linspace(0.001, 0.1, count)
    return [Cell(EXPERIMENT.name, "digits", {"base_learning_rate": float(rate), **settings}, (0,), 2, "") for rate in learning_rates]


def _sweep(cells, root, scheduler):
    said = []
    arrays = np.eye(8, 2, dtype="float32"), np.arange(8, dtype="int32")
    options = sweep.Options(quiet=True, cluster=scheduler)
    if sweep.run(cells, EXPERIMENT, {"digits": Data.of(Samples((arrays, arrays)))}, root, options, said.append).failed:
        raise RuntimeError("\n".join(said))


def _made_up(files, measures):
    """A function for the workers that hands out copies of these files. It travels by value, and imports nothing before it is called."""

    def copy(task, plan, name):
        from common.experiment import Cell
        from common.training.task import Outcome

        return Outcome(Cell(**task["cell"]), files, {"seconds": 0.0, "measures": measures})

    return copy


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
            if processes[0].poll() is not None:
                raise RuntimeError(f"dask scheduler failed:\n{log.read_text()}")
            time.sleep(0.1)
        for number in range(WORKERS):
            start(f"worker-{number}", "worker", address[1], "--nthreads", "1")
        yield address[1]
    finally:
        for process in processes:
            process.terminate()
            process.wait()
