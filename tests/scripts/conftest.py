"""A short run of each script, made once for all tests."""

import functools
import json
import os
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess
from typing import NamedTuple

import pandas as pd
import pytest

from common.store.locks import Locks
from tests.support.scripts import run_script

WORDS = {  # of a script whose numbers are looked at
    "exp_a_loss": ("--epochs", "5", "--seeds", "0", "3"),
    "exp_b_activation": ("--datasets", "circles", "--epochs", "12", "--seeds", "2"),
    "exp_c_optimizer": ("--lr", "0.01", "--epochs", "3", "--seeds", "2"),
}


class ShortRun(NamedTuple):
    """A finished process, its words, and the experiment's folder."""

    process: CompletedProcess
    words: tuple
    folder: Path

    def table(self, name):
        return pd.read_csv(self.folder / f"{name}.csv")

    def figures(self):
        """Names of the figures, without the dataset's."""
        return {path.stem.replace("_digits", "").replace("_circles", "") for path in self.folder.glob("*.png")}


@pytest.fixture(scope="session")
def short_run(tmp_path_factory):
    """A function that gives the `ShortRun` of a script by its name. Processes of pytest-xdist share it: one makes it, the others wait."""
    base = tmp_path_factory.getbasetemp()
    out = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "short-runs"
    out.mkdir(exist_ok=True)

    @functools.cache
    def run(name):
        words, kept = WORDS.get(name, ("--epochs", "3", "--seeds", "2")), out / f"{name}.json"
        with closing(Locks(out)) as locks, locks.held(name, "waiting"):
            if not kept.exists():
                process = run_script(f"{name}.py", out / name, *words)
                kept.write_text(json.dumps([process.args, process.returncode, process.stdout, process.stderr]))
        return ShortRun(CompletedProcess(*json.loads(kept.read_text())), words, out / name / name)

    return run
