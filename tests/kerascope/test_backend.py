"""Another backend of Keras than TensorFlow is refused in one line."""

import os
import subprocess
import sys

import pytest

from tests.support.scripts import ROOT


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch", "numpy"])
def test_another_backend_is_named_with_the_way_out(backend):
    if backend != "numpy":
        pytest.importorskip(backend, reason=f"{backend}, which is optional, is not installed")
    command = [sys.executable, "-c", "from kerascope.monitors import UpdateMonitor"]
    process = subprocess.run(command, cwd=ROOT, env={**os.environ, "KERAS_BACKEND": backend}, capture_output=True, text=True)
    last = process.stderr.strip().splitlines()[-1]
    assert process.returncode == 1 and last.startswith("ImportError: kerascope") and f"'{backend}'" in last and "KERAS_BACKEND" in last
