"""Out of disk or memory in mid-run: a clear error, all that was complete is intact, and a later call with room completes."""

import functools
import os
import re
import resource
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
import tensorflow as tf

from common.store import cells
from common.sweep import sweep
from tests.support.scripts import ROOT, run_script
from tests.support.sweeps import DATA, EXPERIMENT, cell

pytestmark = pytest.mark.slow

WORDS = ["--datasets", "digits", "--losses", "cross_entropy", "--epochs", "1", "--seeds", "2"]
ROOM = 30_000  # bytes to a file: tables fit, weights and figures do not


def limited(out):
    """A call of exp_a_loss.py that can write no larger files."""
    return run_script("exp_a_loss.py", out, *WORDS, preexec_fn=functools.partial(resource.setrlimit, resource.RLIMIT_FSIZE, (ROOM, ROOM)))


def files_below(root):
    return {path: path.read_bytes() for path in root.glob("exp_a_loss/**/*") if path.is_file() and path.name != ".lock"}


def test_without_room_for_a_cell_or_a_figure_nothing_is_lost_and_with_room_it_completes(tmp_path):
    process = limited(tmp_path)
    assert process.returncode == 2 and "cannot write" in process.stderr and "free space" in process.stderr
    assert "Traceback" not in process.stderr and process.stdout == "" and not files_below(tmp_path)
    done = run_script("exp_a_loss.py", tmp_path, *WORDS)
    assert done.returncode == 0, done.stderr
    for figure in tmp_path.glob("exp_a_loss/*.png"):
        figure.unlink()
    before = {path: content for path, content in files_below(tmp_path).items() if path.name != "made.json"}
    process = limited(tmp_path)  # has its cell, and is to draw it again
    assert process.returncode == 2 and re.search(r"_digits\.(png|svg) \(File too large\)", process.stderr)  # a figure is two files
    assert "Traceback" not in process.stderr and process.stdout == done.stdout
    assert files_below(tmp_path) == before


@pytest.mark.parametrize(
    "error", [MemoryError("Unable to allocate 3 GiB"), tf.errors.ResourceExhaustedError(None, None, "OOM when allocating\ntensor")]
)
def test_a_cell_for_which_there_is_not_enough_memory_says_so_and_the_others_go_on(error, tmp_path):
    def build_model(a_cell, *shape):
        if a_cell["optimizer"] == "large":
            raise error
        return EXPERIMENT.build_model(a_cell, *shape)

    lines = []
    result = sweep.run([cell("large"), cell()], replace(EXPERIMENT, build_model=build_model), DATA, tmp_path, log=lines.append)
    assert result.failed == [cell("large")] and cells.is_done(cell(), tmp_path)
    (said,) = (line for line in lines if "failed" in line)
    assert "not enough memory; fewer --seeds" in said and "Traceback" not in said


def test_a_process_that_is_killed_leaves_a_notice(tmp_path):
    command = [sys.executable, ROOT / "exp_b_activation.py", "--out", tmp_path, "--seeds", "1", "--datasets", "moons"]
    script = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "KERAS_HOME": str(tmp_path)})
    assert "moons: training on" in next(script.stderr)
    script.kill()
    said = script.stderr.read()  # until the process that writes it has ended too
    assert script.wait() == -signal.SIGKILL
    assert (
        said.startswith("exp_b_activation.py: error: killed while it trained moons relu; finished cells are kept") and said.count("\n") == 1
    )
