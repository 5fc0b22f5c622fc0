"""The origin of a cell: the code, the packages and the command that produced it."""

import functools
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from common import paths

PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "pandas")
SECONDS_FOR_GIT = 10


@functools.cache
def versions():
    """Versions of the packages that take part in a training, `{name: version}`."""
    return {name: version(name) for name in PACKAGES}


@functools.cache
def git_state():
    """The commit of this project's code and whether files differ from it, `{"commit": ..., "dirty": ...}`; None where it is no checkout."""
    try:
        if Path(_git("rev-parse", "--show-toplevel")).resolve() != paths.ROOT:
            return None
        return {"commit": _git("rev-parse", "HEAD"), "dirty": _git("status", "--porcelain") != ""}
    except (OSError, subprocess.SubprocessError):
        return None


def of_this_process():
    """The entries of `cell.json` about the process that writes it."""
    return {"command": sys.argv, "git": git_state()}


def _git(*words):
    command = ["git", "-C", str(paths.ROOT), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=SECONDS_FOR_GIT).stdout.strip()
