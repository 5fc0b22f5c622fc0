"""Folders and files that cannot be used: each is named in one line, the exit status is 2, and they stay as they were."""

import json
import os
import shutil

import pytest

import exp_a_loss
import exp_b_activation
import exp_c_optimizer
from tests.support.complaints import complaint
from tests.support.fashion_files import IDX_NAMES, made_up, write
from tests.support.undrawn import run_here

pytestmark = pytest.mark.usefixtures("nowhere_else")


def occupied(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("precious")
    return path


def dangling(path):
    path.symlink_to(path / "nowhere")
    return path


BAD_OUT = {
    "empty": lambda here: "",
    "a file": lambda here: occupied(here / "file"),
    "below a file": lambda here: occupied(here / "file") / "below",
    "where no folder can be made": lambda here: "/proc/nowhere",
    "too long a name": lambda here: here / ("x" * 300),
    "a dangling link": lambda here: dangling(here / "link"),
    "its cells are a file": lambda here: occupied(here / "out" / "exp_b_activation" / "cells").parents[1],
    "of two lines": lambda here: occupied(here / "two\nlines"),
    "not UTF-8": lambda here: occupied(here / os.fsdecode(b"\xff\xfe")),
}


@pytest.mark.parametrize("case", BAD_OUT)
def test_an_out_that_cannot_be_written_is_named(case, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out = BAD_OUT[case](tmp_path)
    before = contents(tmp_path)
    assert "--out" in complaint(capsys, exp_b_activation, "--out", out)
    assert contents(tmp_path) == before


def contents(root):
    """All that is below a folder but for locks: `{path: bytes}`."""
    return {path: path.read_bytes() if path.is_file() else None for path in root.rglob("*") if path.name != ".lock"}


@pytest.mark.parametrize("harm", [os.unlink, lambda path: path.write_bytes(b"cut")], ids=["missing", "damaged"])
def test_bad_data_is_named(harm, capsys, tmp_path):
    """Every kind of damage is tested in tests/common/data."""
    here = tmp_path / "my data"
    write(here, made_up())
    harm(here / IDX_NAMES[1])
    words = ("--out", tmp_path / "out", "--data-dir", here, "--datasets", "fashion_mnist")
    assert str(here) in complaint(capsys, exp_c_optimizer, *words)
    assert os.listdir(tmp_path) == ["my data"]


def test_a_cache_that_is_a_file_is_named(capsys, tmp_path):
    file = occupied(tmp_path / "file")
    assert f"--cache {file}" in complaint(capsys, exp_c_optimizer, "--out", tmp_path / "out", "--cache", file)
    assert file.read_text() == "precious" and os.listdir(tmp_path) == ["file"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a call with one cell, and its words."""
    out, words = tmp_path_factory.mktemp("trained"), ["--datasets", "digits", "--losses", "cross_entropy", "--epochs", "1", "--seeds", "1"]
    assert run_here(exp_a_loss, out, *words) == 0
    return out, words


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def exchange(a, b):
    content = a.read_bytes()
    a.write_bytes(b.read_bytes())
    b.write_bytes(content)


def rewrite(**changes):
    """A function that changes a cell's record, as an editor would."""

    def change(cell):
        record = {**json.loads((cell / "cell.json").read_text()), **changes}
        (cell / "cell.json").write_text(json.dumps(record))

    return change


def forget_a_file(cell):
    files = json.loads((cell / "cell.json").read_text())["files"]
    rewrite(files={name: digest for name, digest in files.items() if name != "logits.csv"})(cell)


BAD_CELLS = {  # {what is done: (function of the cell's folder, the file that is named)}
    "weights cut": (lambda cell: cut(cell / "final.weights.h5"), "final.weights.h5"),
    "tables exchanged": (lambda cell: exchange(cell / "history.csv", cell / "layers.csv"), "history.csv"),
    "a table a folder": (lambda cell: ((cell / "history.csv").unlink(), (cell / "history.csv").mkdir()), "history.csv"),
    "nothing in it": (lambda cell: [path.unlink() for path in cell.iterdir()], "cell.json"),
    "a file": (lambda cell: (shutil.rmtree(cell), occupied(cell)), "cell.json"),
    "record: empty": (lambda cell: (cell / "cell.json").write_bytes(b""), "cell.json"),
    "record: not UTF-8": (lambda cell: (cell / "cell.json").write_bytes(b"\xff{}"), "cell.json"),
    "record: deep": (lambda cell: (cell / "cell.json").write_text("[" * 100_000), "cell.json"),
    "record: other seeds": (rewrite(seeds=[7]), "cell.json"),
    "record: a file forgotten": (forget_a_file, "cell.json"),
    "record: a file elsewhere": (rewrite(files={"../../../../../../etc/passwd": "0"}), "cell.json"),
    "of another version": (rewrite(format=99), "99"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", BAD_CELLS)
def test_a_cell_that_cannot_be_trusted_is_named(case, trained, capsys, tmp_path):
    spoil, what = BAD_CELLS[case]
    shutil.copytree(trained[0], tmp_path, dirs_exist_ok=True)
    (cell,) = tmp_path.glob("exp_a_loss/cells/*/*")
    spoil(cell)
    before = contents(tmp_path)
    message = complaint(capsys, exp_a_loss, "--out", tmp_path, *trained[1])
    assert str(cell) in message and what in message and ("--fresh" in message or "--out" in message)
    assert contents(tmp_path) == before
