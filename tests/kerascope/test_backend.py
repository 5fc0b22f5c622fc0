"""Another backend of Keras than TensorFlow is refused in one line, installed or not."""

import os
import subprocess
import sys

import pytest

from tests.support.scripts import ROOT


def last_line_of_import(backend):
    command = [sys.executable, "-c", "from kerascope.monitors import UpdateMonitor"]
    process = subprocess.run(command, cwd=ROOT, env={**os.environ, "KERAS_BACKEND": backend}, capture_output=True, text=True)
    return process.returncode, process.stderr.strip().splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch", "numpy"])
def test_another_backend_is_named_with_the_way_out(backend):
    status, last = last_line_of_import(backend)
    assert status == 1 and last.startswith("ImportError: kerascope") and f"'{backend}'" in last and "KERAS_BACKEND" in last
