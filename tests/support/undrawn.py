"""Running a script without its figures, which come after all else and take as long as a short training."""

import os

import pytest

from common.figures import draw
from tests.support.scripts import ROOT, run_code

UNDRAWN = """
import sys
sys.path.insert(0, {root!r})
import {name} as script
from common.figures import draw
draw._plan = lambda results, making: []
sys.exit(script.main(sys.argv[1:]))
"""


def run_undrawn(name, out, *words, **kwargs):
    """As `run_script`, in a process of its own."""
    return run_code(UNDRAWN.format(root=str(ROOT), name=name.removesuffix(".py")), out, *words, **kwargs)


def run_here(script, out, *words, keras_home=None):
    """Call a script's `main` in this process, which has imported TensorFlow already; returns the exit status."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(draw, "_plan", lambda results, making: [])
        patch.setenv("KERAS_HOME", str(keras_home or out / "no-keras-home"))
        patch.setenv("NETWORKS_CACHE", os.environ["NETWORKS_CACHE"])  # which --cache changes
        return script.main(["--out", str(out), *map(str, words)])
