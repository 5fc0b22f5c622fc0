"""Cells on a Dask cluster: a real scheduler and real workers on this machine, which do not have the project's code."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from common import cli
from common.errors import BadInput
from common.needs import Unmet
from tests.support.scripts import ROOT, files_of, run_script
from tests.support.undrawn import run_undrawn

pytest.importorskip("distributed", reason="distributed is not installed: pip install -r requirements-cluster.txt")

WORDS = ["--optimizers", "adam", "--lr", "0.01", "0.02", "--seeds", "2", "--epochs", "25"]


class Dask:
    """A process of Dask's command line, away from the project; `wait_for(pattern)` waits for a line of its log."""

    def __init__(self, folder, *words):
        self.log = folder / f"{words[0]}-{len(list(folder.iterdir()))}.log"
        # Not under the tests' own path, for workers are to get the code from their client.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        environment |= {"DASK_TEMPORARY_DIRECTORY": str(folder), "KERAS_HOME": str(folder / "no-keras-home")}
        with self.log.open("wb") as log:
            command = [sys.executable, "-m", "dask", *words, "--no-dashboard"]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environment, start_new_session=True)

    def wait_for(self, pattern, seconds=60):
        deadline = time.monotonic() + seconds
        while not (found := re.search(pattern, self.log.read_text())):
            assert time.monotonic() < deadline and self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)
        return found

    def kill(self):
        """Kill the process and its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def test_a_worker_imports_the_code_of_the_client_whatever_it_imported_before(tmp_path, monkeypatch):
    from common.sweep.cluster import project_code

    imported = []
    monkeypatch.setattr("importlib.import_module", imported.append)
    monkeypatch.setattr(sys, "modules", {"common": 1, "common.training.old": 1, "exp_old": 1, "json": 1})
    monkeypatch.setattr(sys, "path", ["before"])
    project_code().setup(SimpleNamespace(local_directory=tmp_path))
    folder = Path(sys.path[0])
    code = {path.relative_to(ROOT) for pattern in ("*.py", "common/**/*.py", "kerascope/**/*.py") for path in ROOT.glob(pattern)}
    assert {path.relative_to(folder) for path in folder.rglob("*.py")} == code and folder.parent == tmp_path
    assert all((folder / path).read_bytes() == (ROOT / path).read_bytes() for path in code)
    assert set(sys.modules) == {"exp_old", "json"} and sys.path[1:] == ["before"] and imported == ["common"]


def test_a_worker_that_lacks_something_says_so_and_lives(tmp_path, monkeypatch):
    from common.sweep.cluster import project_code

    def end(name):
        raise Unmet("not installed for this Python: scipy")

    monkeypatch.setattr("importlib.import_module", end)
    monkeypatch.setattr(sys, "modules", {})
    with pytest.raises(RuntimeError, match="not installed for this Python: scipy"):
        project_code().setup(SimpleNamespace(local_directory=tmp_path))


@pytest.fixture
def dask(tmp_path_factory):
    """Starts Dask's processes, and ends them after the test."""
    folder, started = tmp_path_factory.mktemp("dask"), []

    def start(*words):
        started.append(Dask(folder, *words))
        return started[-1]

    yield start
    for process in started:
        process.kill()


@pytest.fixture
def scheduler(dask):
    return dask("scheduler", "--host", "127.0.0.1", "--port", "0").wait_for(r"Scheduler at:\s+(tcp://127.0.0.1:\d+)")[1]


def start_worker(dask, scheduler, *words):
    worker = dask("worker", scheduler, "--nthreads", "1", "--host", "127.0.0.1", *words)
    worker.wait_for("Registered to")
    return worker


ONE = ["--datasets", "digits", "--optimizers", "sgd", "--schedules", "constant", "--lr", "0.01", "--seeds", "1"]


def start_sweep(scheduler, out, epochs=100_000, *words):
    """A sweep of one long cell on the cluster, once it is training."""
    words = [*ONE, "--epochs", str(epochs), *words, "--max-minutes", "5", "--cluster", scheduler, "--out", out]
    command = ["env", "--default-signal=INT", sys.executable, "exp_c_optimizer.py", *words]
    sweep = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert "workers at" in next(sweep.stderr) and "training on CPU" in next(sweep.stderr)
    return sweep


@pytest.mark.slow
def test_a_lost_workers_cell_is_trained_by_another_and_the_files_are_those_of_one_process(dask, scheduler, tmp_path, monkeypatch):
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.setenv(name, "1")  # as Dask sets them for its workers, whose cells record them
    alone = run_undrawn("exp_c_optimizer.py", tmp_path / "alone", "--datasets", "digits", *WORDS)
    assert alone.returncode == 0, alone.stderr
    first, second = (start_worker(dask, scheduler) for _ in range(2))
    cells, done = tmp_path / "cluster" / "exp_c_optimizer" / "cells", "[!.]*/[!.]*/cell.json"
    command = [sys.executable, "exp_c_optimizer.py", "--datasets", "digits", *WORDS, "--cluster", scheduler, "--out", tmp_path / "cluster"]
    sweep = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not any(cells.glob(done)) and time.monotonic() < deadline:
        time.sleep(0.02)
    number = len(list(cells.glob(done)))
    second.kill()
    stdout, stderr = sweep.communicate(timeout=300)
    assert sweep.returncode == 0, stderr
    assert 1 <= number < 4, "the worker was to be killed in the middle"
    assert stdout == alone.stdout and files_of(tmp_path / "cluster") == files_of(tmp_path / "alone")
    assert first.process.poll() is None and stderr.count("digits: training on CPU, tcp://127.0.0.1:") == 2


@pytest.mark.slow
def test_a_worker_that_cannot_train_is_named_in_a_line(dask, scheduler, tmp_path, monkeypatch):
    """By its own environment, of which the client knows nothing, or by what is not installed there."""
    from common.sweep import cluster

    with monkeypatch.context() as patch:
        patch.setenv("KERAS_MAX_EPOCHS", "2")
        worker = start_worker(dask, scheduler)
    process = run_script("exp_c_optimizer.py", tmp_path, *ONE, "--epochs", "2", "--cluster", scheduler)
    assert process.returncode == 2 and "Traceback" not in process.stderr
    assert re.fullmatch(r"exp_c_optimizer.py: error: the worker tcp://\S+: KERAS_MAX_EPOCHS is '2'.*", process.stderr.splitlines()[-1])

    class Lacking(cluster.WorkerPlugin):
        name = "project-code"

        def setup(self, worker):
            raise RuntimeError("not installed for this Python: scipy")

    monkeypatch.setattr(cluster, "project_code", Lacking)
    with pytest.raises(BadInput, match="a worker cannot train: not installed for this Python: scipy"):
        cluster.Cluster(scheduler, None, lambda line: None)
    assert worker.process.poll() is None  # it serves others


@pytest.mark.slow
def test_when_all_workers_are_lost_new_ones_take_over(dask, scheduler, tmp_path):
    """The arrays, too, that had been stored on the workers."""
    lost = start_worker(dask, scheduler)
    sweep = start_sweep(scheduler, tmp_path, 200, "--checkpoint-every", "1")
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("exp_c_optimizer/checkpoints/digits-sgd-*/seeds-*.npz")):
        assert time.monotonic() < deadline, "no state of the training has come"
        time.sleep(0.05)
    lost.kill()
    start_worker(dask, scheduler)
    _, stderr = sweep.communicate(timeout=300)
    assert sweep.returncode == 0, stderr
    assert not list(tmp_path.glob("exp_c_optimizer/checkpoints/*"))


@pytest.mark.slow
def test_a_cluster_that_is_not_there_is_one_line(dask, scheduler, tmp_path, monkeypatch):
    from common.errors import BadInput
    from common.sweep import cluster

    monkeypatch.setattr(cluster, "SECONDS_TO_CONNECT", 1)
    for address, complaint in (
        ("tcp://127.0.0.1:1", "no Dask scheduler answers"),
        ("nonsense://here", "no Dask scheduler answers"),
        (scheduler, "its scheduler has no workers"),
    ):
        with pytest.raises(BadInput, match=complaint) as error:
            cluster.Cluster(address, None)
        assert f"--cluster {address}" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.slow
def test_tensorboard_does_not_go_with_a_cluster(tmp_path):
    process = run_script("exp_c_optimizer.py", tmp_path, "--cluster", "tcp://127.0.0.1:1", "--tensorboard")
    assert process.returncode == cli.BAD_INPUT and "--tensorboard" in process.stderr and process.stderr.count("\n") == 1


@pytest.mark.slow
def test_when_the_client_is_interrupted_the_workers_are_free_for_the_next(dask, scheduler, tmp_path):
    start_worker(dask, scheduler)
    sweep = start_sweep(scheduler, tmp_path)
    sweep.send_signal(signal.SIGINT)
    _, stderr = sweep.communicate(timeout=30)
    assert sweep.returncode == 130 and "interrupted" in stderr and "Traceback" not in stderr
    done = run_undrawn("exp_c_optimizer.py", tmp_path, *ONE, "--epochs", "1", "--cluster", scheduler, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_scheduler_that_is_gone_is_one_line(dask, tmp_path):
    process = dask("scheduler", "--host", "127.0.0.1", "--port", "0")
    scheduler = process.wait_for(r"Scheduler at:\s+(tcp://127.0.0.1:\d+)")[1]
    start_worker(dask, scheduler)
    sweep = start_sweep(scheduler, tmp_path)
    process.kill()
    _, stderr = sweep.communicate(timeout=120)
    assert sweep.returncode == cli.BAD_INPUT and "the scheduler is gone" in stderr and "Traceback" not in stderr, stderr
