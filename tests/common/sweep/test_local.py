"""Several processes give what one gives, share the machine, and may be lost."""

import inspect
import logging
import os
import re
import signal
import subprocess
import sys
import time
import warnings
from dataclasses import replace

import numpy as np
import pytest
from joblib.externals.loky import process_executor

from common.store import cells as cells_on_disk
from common.sweep import local, retries, sweep
from common.sweep.local import cores_of
from common.training.task import Plan
from tests.support import sweeps
from tests.support.scripts import ROOT, files_of
from tests.support.terminal import OnATerminal
from tests.support.undrawn import run_undrawn


@pytest.mark.slow
def test_jobs_leave_the_very_files_that_one_process_leaves(tmp_path):
    """Moons, whose sums are split otherwise, and end otherwise in the last bits, with another number of threads."""
    words = ["--epochs", "12", "--seeds", "2", "--datasets", "moons", "--activations", "relu", "sigmoid", "--jobs"]
    one, two = (run_undrawn("exp_b_activation.py", tmp_path / str(jobs), *words, jobs) for jobs in (1, 2))
    assert (one.returncode, two.returncode) == (0, 0), one.stderr + two.stderr
    assert two.stdout == one.stdout and two.stderr == one.stderr.replace(str(tmp_path / "1"), str(tmp_path / "2"))
    assert files_of(tmp_path / "2") == files_of(tmp_path / "1")


@pytest.mark.parametrize("jobs", [1, 2, 3, 5, 8, 20])
@pytest.mark.parametrize("count", [1, 2, 6, 8])
def test_every_core_has_a_worker_and_every_worker_a_core(jobs, count):
    cores = tuple(range(10, 10 + count))
    shares = [cores_of(number, jobs, cores) for number in range(jobs)]
    assert all(shares) and set(np.concatenate(shares)) == set(cores)
    if jobs <= count:
        assert sum(map(len, shares)) == count and max(map(len, shares)) - min(map(len, shares)) <= 1


def test_a_worker_takes_its_share_of_cores_one_gpu_and_all_threads(tmp_path, monkeypatch):
    taken = {}
    monkeypatch.setattr(local, "Trainer", lambda options, only_gpu: taken.update(gpu=only_gpu))
    monkeypatch.setattr(os, "sched_setaffinity", lambda process, cores: taken.update(cores=cores), raising=False)
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "")
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS")
    plan = Plan(sweeps.EXPERIMENT, {})
    with sweeps.held_elsewhere(tmp_path, "0"):
        local.Place(plan, 2, (0, 1, 2, 3), str(tmp_path), None, None).trainer  # noqa: B018
    assert taken == {"gpu": 1, "cores": (2, 3)} and os.environ["TF_NUM_INTRAOP_THREADS"] == "4"
    # The number of a process that was killed is free again.
    assert local.Place(plan, 2, (0, 1, 2, 3), str(tmp_path), None, None).take_number() == 0


def test_that_a_process_has_grown_and_is_replaced_is_nobodys_concern():
    """The words are loky's: it warns where it starts another (`joblib.externals.loky.process_executor`)."""
    words = "A worker stopped while some jobs were given to the executor."
    assert words in " ".join(re.sub(r'"\s+"', "", inspect.getsource(process_executor)).split())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with local.LocalProcesses(Plan(sweeps.EXPERIMENT, {}), 1).start(print):
            warnings.warn(f"{words} This can be caused by a too short worker timeout or by a memory leak.", UserWarning, stacklevel=1)


@pytest.mark.slow
def test_ctrl_c_ends_all_processes(tmp_path):
    words = ["--lr", "0.01", "--optimizers", "sgd", "momentum", "--schedules", "constant", "--seeds", "1", "--epochs", "100000"]
    words += ["--batch-size", "16", "--jobs", "2", "--max-minutes", "5"]
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
def test_a_cell_that_kills_its_process_fails_and_the_others_are_trained_and_what_they_log_has_a_name(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(retries, "ATTEMPTS", 2)
    good = [sweeps.cell(base_learning_rate=rate) for rate in (0.1, 0.2)]
    deadly = replace(sweeps.EXPERIMENT, build_model=warn_and_build)
    killer = sweeps.cell("killer")
    lines = []
    result = sweep.run([killer, *good], deadly, sweeps.DATA, tmp_path, sweep.Options(jobs=2), lines.append)
    assert result.failed == [killer]
    assert all(cells_on_disk.is_done(cell, tmp_path) for cell in good)
    assert any("was lost" in line and "trained again" in line for line in lines)
    assert any("lost 2 times" in line for line in lines)
    logged = capfd.readouterr().err.splitlines()
    assert {"exp_x.py: warning: ours", "another.package: theirs"} <= {*logged}, logged


@pytest.mark.slow
def test_no_process_outlives_a_sweep_that_is_killed(tmp_path):
    words = ["--lr", "0.01", "--optimizers", "sgd", "momentum", "--schedules", "constant", "--seeds", "1", "--epochs", "100000"]
    words += ["--jobs", "2", "--max-minutes", "5"]
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


def warn_and_build(cell, input_dim, num_classes):
    if cell["optimizer"] == "killer":
        os.kill(os.getpid(), signal.SIGKILL)
    logging.getLogger("common.training").warning("warning: ours")
    logging.getLogger("another.package").warning("theirs")
    return sweeps.build_model(cell, input_dim, num_classes)
