"""Folders and files that cannot be used: each is named in one line, the exit status is 2, and they stay as they were."""

import gzip
import json
import os
import shutil

import numpy as np
import pytest

import exp_a_loss
import exp_b_activation
import exp_c_optimizer
from common.data import fashion_mnist
from tests.support.complaints import complaint
from tests.support.fashion_files import CSV_NAMES, IDX_NAMES, idx_bytes, made_up, write_csv, write_idx
from tests.support.scripts import REAL, run_script

pytestmark = pytest.mark.usefixtures("nowhere_else")


def occupied(path):
    path.write_text("precious")
    return path


BAD_OUT = {
    "empty": (lambda here: "", "is no folder"),
    "a file": (lambda here: occupied(here / "file"), "choose a folder"),
    "below a file": (lambda here: occupied(here / "file") / "below", "choose a folder"),
    "where no folder can be made": (lambda here: "/proc/nowhere", "choose a folder"),
    "too long a name": (lambda here: here / ("x" * 300), "File name too long"),
    "a dangling link": (lambda here: link(here / "link", here / "nowhere" / "below"), "choose a folder"),
    "its cells are a file": (lambda here: occupied(folder(here / "out" / "exp_b_activation") / "cells").parents[1], "cells"),
    "of two lines": (lambda here: occupied(here / "two\nlines"), "choose a folder"),
    "not UTF-8": (lambda here: occupied(here / os.fsdecode(b"\xff\xfe")), "choose a folder"),
}


def folder(path):
    path.mkdir(parents=True)
    return path


def link(path, target):
    path.symlink_to(target)
    return path


@pytest.mark.parametrize("case", BAD_OUT)
def test_an_out_that_cannot_be_written_is_named(case, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make, what = BAD_OUT[case]
    out = make(tmp_path)
    before = contents(tmp_path)
    message = complaint(capsys, exp_b_activation, "--out", out)
    assert "--out" in message and what in message
    assert contents(tmp_path) == before


def contents(root):
    """All that is below a folder but for locks: `{path: bytes}`."""
    return {path: path.read_bytes() if path.is_file() else None for path in root.rglob("*") if path.name != ".lock"}


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path, position):
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


def exchange(a, b):
    content = a.read_bytes()
    a.write_bytes(b.read_bytes())
    b.write_bytes(content)


def as_gzip(here):
    for path in [*here.iterdir()]:
        (here / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()


def as_csv(here):
    for path in [*here.iterdir()]:
        path.unlink()
    write_csv(here, made_up((30, 10)))


IMAGES, LABELS, TEST_IMAGES, TEST_LABELS = IDX_NAMES
BAD_DATA = {
    "empty": (lambda here: [path.unlink() for path in here.iterdir()], "no complete Fashion-MNIST"),
    "a file missing": (lambda here: (here / TEST_LABELS).unlink(), "no complete Fashion-MNIST"),
    "half-written": (lambda here: cut(here / IMAGES), IMAGES),
    "nothing written": (lambda here: (here / LABELS).write_bytes(b""), LABELS),
    "bit flipped in a header": (lambda here: flip(here / TEST_IMAGES, 3), TEST_IMAGES),
    "bit flipped in a size": (lambda here: flip(here / LABELS, 7), LABELS),
    "bit flipped in a gzip": (lambda here: (as_gzip(here), flip(here / f"{IMAGES}.gz", 5000)), f"{IMAGES}.gz"),
    "a gzip cut": (lambda here: (as_gzip(here), cut(here / f"{TEST_IMAGES}.gz")), f"{TEST_IMAGES}.gz"),
    "a gzip that is none": (lambda here: (here / LABELS).rename(here / f"{LABELS}.gz"), f"{LABELS}.gz"),
    "images and labels exchanged": (lambda here: exchange(here / IMAGES, here / LABELS), IMAGES),
    "labels of the other part": (lambda here: exchange(here / LABELS, here / TEST_LABELS), LABELS),
    "wrong shape": (lambda here: (here / IMAGES).write_bytes(idx_bytes(np.zeros((120, 32, 32), np.uint8))), "32 x 32"),
    "too many labels": (lambda here: (here / LABELS).write_bytes(idx_bytes(np.zeros(121, np.uint8))), LABELS),
    "labels of another dataset": (lambda here: (here / LABELS).write_bytes(idx_bytes(np.full(120, 47, np.uint8))), "label 47"),
    "as large as published, but other": (
        lambda here: (here / TEST_IMAGES).write_bytes(idx_bytes(np.zeros((10_000, 28, 28), np.uint8))),
        "SHA-256",
    ),
    "a pipe": (lambda here: ((here / IMAGES).unlink(), os.mkfifo(here / IMAGES)), "no complete Fashion-MNIST"),
    "a folder with a file's name": (lambda here: ((here / IMAGES).unlink(), (here / IMAGES).mkdir()), "no complete Fashion-MNIST"),
    "a dangling link": (lambda here: ((here / IMAGES).unlink(), link(here / IMAGES, "nowhere")), "no complete Fashion-MNIST"),
    "a CSV cut": (lambda here: (as_csv(here), cut(here / CSV_NAMES[0])), CSV_NAMES[0]),
    "a CSV empty": (lambda here: (as_csv(here), (here / CSV_NAMES[1]).write_bytes(b"")), CSV_NAMES[1]),
    "a CSV of other columns": (lambda here: (as_csv(here), (here / CSV_NAMES[1]).write_bytes(b"a,b\n1,2\n")), CSV_NAMES[1]),
    "a CSV of binary": (lambda here: (as_csv(here), (here / CSV_NAMES[0]).write_bytes(bytes(range(256)) * 40)), CSV_NAMES[0]),
}


@pytest.mark.parametrize("case", BAD_DATA)
def test_bad_data_is_named(case, capsys, tmp_path):
    spoil, what = BAD_DATA[case]
    here = tmp_path / "my data"
    write_idx(here, made_up())
    spoil(here)
    message = complaint(capsys, exp_c_optimizer, "--out", tmp_path / "out", "--data-dir", here, "--datasets", "fashion_mnist")
    assert str(here) in message and what in message
    assert any(remedy in message for remedy in ("delete it and get it again", "put train-images"))
    assert os.listdir(tmp_path) == ["my data"]


def test_training_and_test_files_under_each_others_names_are_refused(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(fashion_mnist, "PUBLISHED_SIZES", (120, 40))
    monkeypatch.setattr(fashion_mnist, "_check_digest", lambda *_: None)
    write_idx(tmp_path / "data", made_up()[::-1])
    message = complaint(capsys, exp_a_loss, "--out", tmp_path / "out", "--data-dir", tmp_path / "data")
    assert "exchange them" in message and str(tmp_path / "data") in message


@pytest.mark.skipif(not REAL.is_dir(), reason="the real Fashion-MNIST is not beside this checkout")
def test_one_bit_of_the_real_fashion_mnist_is_noticed(capsys, tmp_path):
    for path in (REAL / "datasets" / "fashion-mnist").iterdir():
        (tmp_path / path.name).symlink_to(path)
    images = gzip.decompress((tmp_path / f"{TEST_IMAGES}.gz").read_bytes())
    (tmp_path / f"{TEST_IMAGES}.gz").unlink()
    (tmp_path / TEST_IMAGES).write_bytes(images)
    flip(tmp_path / TEST_IMAGES, 5_000_000)
    assert "SHA-256" in complaint(capsys, exp_a_loss, "--out", tmp_path / "out", "--data-dir", tmp_path)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a call with one cell, and its words."""
    out, words = tmp_path_factory.mktemp("trained"), ["--datasets", "digits", "--losses", "cross_entropy", "--epochs", "1", "--seeds", "1"]
    process = run_script("exp_a_loss.py", out, *words)
    assert process.returncode == 0, process.stderr
    return out, words


def rewrite(**changes):
    """A function that changes a cell's record, as an editor would."""

    def change(cell):
        record = {**json.loads((cell / "cell.json").read_text()), **changes}
        (cell / "cell.json").write_text(json.dumps(record))

    return change


def forget_a_file(cell):
    record = json.loads((cell / "cell.json").read_text())
    del record["files"]["logits.csv"]
    (cell / "cell.json").write_text(json.dumps(record))


def become_a_file(cell):
    shutil.rmtree(cell)
    cell.write_text("precious")


BAD_CELLS = {
    **{f"{name} missing": (lambda cell, name=name: (cell / name).unlink(), name) for name in ("history.csv", "logits.npz", "cell.json")},
    **{f"{name} cut": (lambda cell, name=name: cut(cell / name), name) for name in ("layers.csv", "final.weights.h5", "cell.json")},
    **{f"{name} flipped": (lambda cell, name=name: flip(cell / name, -9), name) for name in ("history.csv", "histograms.npz")},
    **{f"{name} empty": (lambda cell, name=name: (cell / name).write_bytes(b""), name) for name in ("history.csv", "cell.json")},
    "tables exchanged": (lambda cell: exchange(cell / "history.csv", cell / "layers.csv"), "history.csv"),
    "a table a folder": (lambda cell: ((cell / "history.csv").unlink(), (cell / "history.csv").mkdir()), "history.csv"),
    "nothing in it": (lambda cell: [path.unlink() for path in cell.iterdir()], "cell.json"),
    "a file": (become_a_file, "cell.json"),
    "record: a list": (lambda cell: (cell / "cell.json").write_text("[]"), "cell.json"),
    "record: not UTF-8": (lambda cell: (cell / "cell.json").write_bytes(b"\xff{}"), "cell.json"),
    "record: deep": (lambda cell: (cell / "cell.json").write_text("[" * 100_000), "cell.json"),
    "record: other seeds": (rewrite(seeds=[7]), "cell.json"),
    "record: another id": (rewrite(id="digits-cross_entropy-0"), "cell.json"),
    "record: a file forgotten": (forget_a_file, "cell.json"),
    "record: no files": (rewrite(files={}), "cell.json"),
    "record: a file elsewhere": (rewrite(files={"../../../../../../etc/passwd": "0"}), "cell.json"),
    "of an older version": (rewrite(format=4), "format 4, not"),
    "of a newer version": (rewrite(format=99), "format 99, not"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", BAD_CELLS)
def test_a_cell_that_cannot_be_trusted_is_named(case, trained, capsys, tmp_path):
    spoil, what = BAD_CELLS[case]
    shutil.copytree(trained[0], tmp_path, dirs_exist_ok=True)
    (cell,) = (tmp_path / "exp_a_loss" / "cells").iterdir()
    spoil(cell)
    before = contents(tmp_path)
    message = complaint(capsys, exp_a_loss, "--out", tmp_path, *trained[1])
    assert str(cell) in message and what in message and ("--fresh" in message or "--out" in message)
    assert contents(tmp_path) == before
