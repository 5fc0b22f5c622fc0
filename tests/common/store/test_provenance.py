"""A cell says which code trained it."""

import json
import subprocess
import sys

import pytest

from common import paths
from common.store import provenance
from tests.support.scripts import copy_of_project


def git(folder, *words):
    command = ["git", "-C", str(folder), "-c", "user.name=somebody", "-c", "user.email=some@body", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder):
    """Put all files of a folder into a repository of its own; gives the commit."""
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        git(folder, *words)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A folder with code, for which `git_state` is asked."""
    (tmp_path / "code.py").write_text("1\n")
    monkeypatch.setattr(paths, "ROOT", tmp_path.resolve())
    provenance.git_state.cache_clear()
    yield tmp_path
    provenance.git_state.cache_clear()


def test_a_checkout_has_a_commit_and_may_be_changed_since(checkout):
    clean = {"commit": commit(checkout), "dirty": False}
    assert provenance.git_state() == clean
    (checkout / "more.py").write_text("2\n")
    assert provenance.git_state() == clean  # asked once a process: a sweep's cells are all of one state
    provenance.git_state.cache_clear()
    assert provenance.git_state() == {**clean, "dirty": True}


def test_what_is_no_checkout_of_its_own_has_none(checkout, monkeypatch):
    git(checkout, "init", "-q")
    assert provenance.git_state() is None  # without a commit
    provenance.git_state.cache_clear()
    (checkout / "below").mkdir()
    monkeypatch.setattr(paths, "ROOT", checkout / "below")
    assert provenance.git_state() is None  # of another project
    provenance.git_state.cache_clear()
    monkeypatch.setenv("PATH", "")
    assert provenance.git_state() is None  # without git


@pytest.mark.slow
def test_a_script_in_a_checkout_of_its_own_writes_its_commit_into_every_cell(tmp_path):
    """From the outside: whatever folder a module lies in, it must find the project's root."""
    copy, out = copy_of_project(tmp_path / "project"), tmp_path / "out"
    (copy / ".gitignore").write_text("__pycache__/\n")
    state = {"commit": commit(copy), "dirty": False}
    words = ["--datasets", "moons", "--activations", "relu", "--epochs", "1", "--seeds", "1", "--out", str(out)]
    process = subprocess.run([sys.executable, "exp_b_activation.py", *words], cwd=copy, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    (record,) = out.glob("exp_b_activation/cells/*/cell.json")
    assert json.loads(record.read_text())["git"] == state
