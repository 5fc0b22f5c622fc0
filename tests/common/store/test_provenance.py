"""A cell says which code trained it."""

import subprocess

import pytest

from common.store import provenance


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A folder with code, for which `git_state` is asked; gives it and a function that calls git there."""

    def git(*words):
        settings = ["-c", "user.name=somebody", "-c", "user.email=some@body"]
        return subprocess.run(["git", *settings, *words], cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()

    (tmp_path / "code.py").write_text("1\n")
    monkeypatch.setattr(provenance, "ROOT", tmp_path.resolve())
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
    monkeypatch.setattr(provenance, "ROOT", folder / "below")
    assert provenance.git_state() is None  # of another project
    provenance.git_state.cache_clear()
    monkeypatch.setenv("PATH", "")
    assert provenance.git_state() is None  # without git
