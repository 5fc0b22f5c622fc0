"""A cell says which code trained it."""

import json
import shutil
import subprocess
import sys

import pytest

from common import paths
from common.store import provenance
from tests.support.scripts import ROOT


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A folder with code, for which `git_state` is asked; gives it and a function that calls git there."""

    def git(*words):
        settings = ["-c", "user.name=somebody", "-c", "user.email=some@body"]
        return subprocess.run(["git", *settings, *words], cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()

    (tmp_path / "code.py").write_text("1\n")
    monkeypatch.setattr(paths, "ROOT", tmp_path.resolve())
    provenance.git_state.cache_clear()
    yield tmp_path, git
    provenance.git_state.cache_clear()


def test_a_checkout_has_a_commit_and_may_be_changed_since(checkout):
    folder, git = checkout
    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    clean = {"commit": git("rev-parse", "HEAD"), "dirty": False}
    assert provenance.git_state() == clean
    (folder / "more.py").write_text("2\n")
    assert provenance.git_state() == clean  # asked once a process: a sweep's cells are all of one state
    provenance.git_state.cache_clear()
    assert provenance.git_state() == {**clean, "dirty": True}


def test_what_is_no_checkout_of_its_own_has_none(checkout, monkeypatch):
    folder, git = checkout
    git("init", "-q")
    assert provenance.git_state() is None  # without a commit
    provenance.git_state.cache_clear()
    (folder / "below").mkdir()
    monkeypatch.setattr(paths, "ROOT", folder / "below")
    assert provenance.git_state() is None  # of another project
    provenance.git_state.cache_clear()
    monkeypatch.setenv("PATH", "")
    assert provenance.git_state() is None  # without git


@pytest.mark.slow
def test_a_script_in_a_checkout_of_its_own_writes_its_commit_into_every_cell(tmp_path):
    """From the outside: whatever folder a module lies in, it must find the project's root."""
    copy, out = tmp_path / "project", tmp_path / "out"
    for package in ("common", "kerascope"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "exp_b_activation.py", copy)
    (copy / ".gitignore").write_text("__pycache__/\n")
    git = ["git", "-c", "user.name=somebody", "-c", "user.email=some@body", "-C", str(copy)]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *words], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    words = ["--datasets", "moons", "--activations", "relu", "--epochs", "1", "--seeds", "1", "--out", str(out)]
    process = subprocess.run([sys.executable, "exp_b_activation.py", *words], cwd=copy, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    (record,) = out.glob("exp_b_activation/cells/*/cell.json")
    assert json.loads(record.read_text())["git"] == {"commit": commit, "dirty": False}
