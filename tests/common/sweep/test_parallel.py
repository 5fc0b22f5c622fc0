"""Several processes give what one gives, share the machine, and may be lost."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import CancelledError
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from common import devices
from common.store import cells as cells_on_disk
from common.sweep import local_workers, parallel, sweep
from common.sweep.local_workers import cores_of
from common.training import train as training
from common.training.task import Outcome, Task
from tests.support import sweeps
from tests.support.scripts import ROOT, files_of, run_script
from tests.support.terminal import OnATerminal


@pytest.fixture(scope="module")
def one_process(tmp_path_factory):
    out = tmp_path_factory.mktemp("one")
    words = ["--epochs", "12", "--seeds", "2", "--datasets", "moons", "--activations", "relu", "sigmoid"]
    process = run_script("exp_b_activation.py", out, *words)
    assert process.returncode == 0, process.stderr
    return words, process, files_of(out)


@pytest.mark.slow
def test_jobs_leave_the_very_files_that_one_process_leaves(one_process, tmp_path):
    """Moons, whose sums are split otherwise, and end otherwise in the last bits, with another number of threads."""
    words, alone, files = one_process
    process = run_script("exp_b_activation.py", tmp_path, *words, "--jobs", 2)
    assert process.returncode == 0, process.stderr
    assert process.stdout == alone.stdout and files_of(tmp_path) == files
    assert process.stderr.replace(str(tmp_path), "") == alone.stderr.replace(alone.args[alone.args.index("--out") + 1], "")


@pytest.mark.parametrize("jobs", [1, 2, 3, 5, 8, 20])
@pytest.mark.parametrize("count", [1, 2, 6, 8])
def test_every_core_has_a_worker_and_every_worker_a_core(jobs, count):
    cores = tuple(range(10, 10 + count))
    shares = [cores_of(number, jobs, cores) for number in range(jobs)]
    assert all(shares) and set(np.concatenate(shares)) == set(cores)
    if jobs <= count:
        assert sum(map(len, shares)) == count and max(map(len, shares)) - min(map(len, shares)) <= 1


def test_a_worker_takes_its_share_of_cores_one_gpu_and_all_threads(monkeypatch):
    import queue

    taken = {}
    monkeypatch.setattr(local_workers, "Workplace", lambda strategy, only_gpu, determinism: taken.update(gpu=only_gpu))
    monkeypatch.setattr(os, "sched_setaffinity", lambda process, cores: taken.update(cores=cores), raising=False)
    monkeypatch.setattr(local_workers.util, "Finalize", lambda *args, **kwargs: taken.update(given_back=args[2][0]))
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    numbers = queue.Queue()
    numbers.put(1)
    monkeypatch.setattr(local_workers, "_end_with_parent", lambda: None)
    local_workers._settled(local_workers.Place(numbers, None, (0, 1, 2, 3), 2, "auto", "auto"))
    assert taken == {"gpu": 1, "cores": (2, 3), "given_back": 1}
    assert os.environ.pop("TF_NUM_INTRAOP_THREADS") == "4"


@pytest.mark.parametrize(("number", "expected"), [(0, "/gpu:0"), (1, "/gpu:1"), (2, "/gpu:0"), (None, None)])
def test_gpus_are_shared_out_one_to_a_worker(number, expected, monkeypatch):
    """Made-up GPUs, since no machine here has one: what TensorFlow is asked for."""
    import tensorflow as tf

    gpus, asked, grown = ["/gpu:0", "/gpu:1"], [], []
    logical = [SimpleNamespace(name=tf.config.list_logical_devices("CPU")[0].name)]
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: logical * (1 if asked else 2))
    monkeypatch.setattr(tf.config, "set_visible_devices", lambda chosen, kind: asked.append((chosen, kind)))
    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", lambda gpu, on: grown.append((gpu, on)))
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda gpu: {"device_name": "Tesla T4"})
    deterministic = []
    monkeypatch.setattr(tf.config.experimental, "enable_op_determinism", lambda: deterministic.append(True))
    assert not devices.start("auto", number, "off").deterministic and not deterministic
    asked.clear()
    grown.clear()
    found = devices.start("auto", number)
    assert found.deterministic and deterministic == [True]
    assert asked == ([([expected], "GPU")] if expected else [])
    assert grown == [(gpu, True) for gpu in ([expected] if expected else gpus)]
    assert found.kind == "GPU (Tesla T4)" and len(found.names) == (1 if expected else 2)


@pytest.mark.slow
def test_ctrl_c_ends_all_processes(tmp_path):
    words = ["--lr", "0.01", "--optimizers", "sgd", "momentum", "--schedules", "constant", "--seeds", "1", "--epochs", "100000"]
    words += ["--batch-size", "16", "--jobs", "2"]
    terminal = OnATerminal(tmp_path, *words, start_new_session=True)
    deadline = time.monotonic() + 120
    at_work = [b"digits sgd 0.01 constant: epoch", b"digits momentum 0.01 constant: epoch"]
    while not all(line in terminal.shown for line in at_work) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(terminal.process.pid, signal.SIGINT)  # as a terminal does: to all of them
    began = time.monotonic()
    status, shown = terminal.finish()
    assert status == 130 and time.monotonic() - began < 15
    assert "interrupted; finished cells are kept" in shown and "Traceback" not in shown and "KeyboardInterrupt" not in shown
    assert all(line.decode() in shown for line in at_work)
    assert gone(terminal.process.pid)
    assert not list(tmp_path.rglob("cells/*"))


@pytest.mark.slow
def test_a_cell_that_kills_its_process_fails_and_the_others_are_trained(tmp_path, monkeypatch):
    monkeypatch.setattr(parallel, "ATTEMPTS", 2)
    good = [sweeps.cell(arm={"optimizer": "sgd", "rate": rate}) for rate in (0.1, 0.2)]
    random = np.random.default_rng(0)
    x, y = random.normal(size=(60, 4)).astype("float32"), random.integers(0, 2, 60).astype("int32")
    data = {"moons": ((x[:40], y[:40]), (x[40:], y[40:]))}
    deadly = replace(sweeps.EXPERIMENT, build_model=kill_if_killer)
    killer = sweeps.cell("killer")
    lines = []
    result = sweep.run([killer, *good], deadly, data, tmp_path, sweep.Options(jobs=2), lines.append)
    assert result.failed == [killer]
    assert all(cells_on_disk.is_done(cell, tmp_path) for cell in good)
    assert any("was lost" in line and "trained again" in line for line in lines)
    assert any("lost 2 times" in line for line in lines)


@pytest.mark.slow
def test_no_process_outlives_a_sweep_that_is_killed(tmp_path):
    words = [
        "--lr",
        "0.01",
        "--optimizers",
        "sgd",
        "momentum",
        "--schedules",
        "constant",
        "--seeds",
        "1",
        "--epochs",
        "100000",
        "--jobs",
        "2",
    ]
    command = [sys.executable, ROOT / "exp_c_optimizer.py", "--datasets", "digits", "--out", tmp_path, *words]
    sweep = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert "digits: training on" in next(sweep.stderr)
    sweep.kill()
    sweep.communicate(timeout=60)
    assert gone(sweep.pid)
    assert not os.listdir(tmp_path / "exp_c_optimizer" / "cells")


def gone(process_group, seconds=10):
    """Whether no process of the group is left, now or soon."""
    for _ in range(10 * seconds):
        try:
            os.killpg(process_group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def kill_if_killer(cell, input_dim, num_classes):
    if cell.arm["optimizer"] == "killer":
        os.kill(os.getpid(), signal.SIGKILL)
    return sweeps.build_model(cell, input_dim, num_classes)


class Unreliable:
    """Workers that lose what is at work after each so many outcomes."""

    LOST = (CancelledError,)

    def __init__(self, outcomes_until_lost, at_work=2):
        self.until_lost, self.at_work = outcomes_until_lost, at_work
        self.performed = []

    def run(self, tasks, data, report):
        for number, task in enumerate(tasks):
            if number == self.until_lost:
                for lost in tasks[number : number + self.at_work]:
                    report(lost.cell, "CPU", 0, None, None)
                raise CancelledError
            report(task.cell, "CPU", 0, None, None)
            self.performed.append(task.cell.id)
            yield Outcome(task.cell, files={"history.csv": b""})


def test_what_is_lost_is_done_again_and_nothing_twice():
    tasks = [Task(sweeps.cell(epochs=number), None) for number in range(1, 8)]
    workers, lines = Unreliable(2, at_work=1), []
    done = list(parallel.outcomes(workers, tasks, {}, lambda *_, **__: None, lines.append))
    assert sorted(workers.performed) == sorted(task.cell.id for task in tasks)
    assert not any(outcome.failure for outcome in done) and len(done) == 7
    assert len(lines) == 3 and all("trained again" in line for line in lines)


def test_what_is_lost_goes_on_from_the_last_state_that_was_reported():
    class Reporting(Unreliable):
        def run(self, tasks, data, report):
            given.append([task.checkpoint for task in tasks])
            report(tasks[0].cell, "CPU", 0, None, None)
            for state in (b"first", b"second"):
                report(tasks[0].cell, "CPU", None, None, None, checkpoint=state)
            if len(given) == 1:
                raise CancelledError
            yield from (Outcome(task.cell, files={"history.csv": b""}) for task in tasks)

    given, kept = [], []
    tasks = [Task(sweeps.cell(epochs=number), None, checkpoint=b"from disk") for number in (1, 2)]

    def report(cell, *values, checkpoint=None):
        kept.append(checkpoint)

    assert len(list(parallel.outcomes(Reporting(0), tasks, {}, report, lambda _: None))) == 2
    assert given == [[b"from disk", b"from disk"], [b"from disk", b"second"]]  # what was lost comes last
    assert kept == [None, b"first", b"second"] * 2


class Deadly(Unreliable):
    """Workers, all of which are lost as soon as they meet a certain cell."""

    def run(self, tasks, data, report):
        for task in tasks:
            report(task.cell, "CPU", 0, None, None)
        if any(task.cell.arm["optimizer"] == "killer" for task in tasks):
            raise CancelledError
        for task in tasks:
            yield Outcome(task.cell, files={"history.csv": b""})


def test_only_the_cell_that_loses_its_process_fails():
    tasks = [Task(sweeps.cell(name), None) for name in ("a", "b", "killer", "c", "d")]
    done = list(parallel.outcomes(Deadly(0), tasks, {}, lambda *_, **__: None, lambda _: None))
    assert sorted(outcome.cell.arm["optimizer"] for outcome in done) == ["a", "b", "c", "d", "killer"]
    assert [outcome.cell.arm["optimizer"] for outcome in done if outcome.failure] == ["killer"]


def test_what_is_lost_three_times_has_failed():
    tasks = [Task(sweeps.cell(epochs=number), None) for number in range(1, 4)]
    done = list(parallel.outcomes(Unreliable(0, at_work=1), tasks, {}, lambda *_, **__: None, lambda _: None))
    assert len(done) == 3 and all("lost 3 times" in outcome.failure for outcome in done)


def test_auto_shares_steps_out_only_where_they_are_large_enough():
    two = devices.Devices("GPU (Tesla T4)", ("/gpu:0", "/gpu:1"), "auto")
    fashion = training.OPERATIONS_PER_WEIGHT * 235_146 * 128 * 5
    scope, description = two.choose(lambda: fashion)
    assert description.startswith("one of 2 x GPU (Tesla T4)") and "too small to share out" in description and "--jobs 2" in description
    assert not devices.replicas_pay(fashion, 2) and devices.replicas_pay(100 * fashion, 2)
    with scope():
        pass
