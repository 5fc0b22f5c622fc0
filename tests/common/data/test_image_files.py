"""Files of images and labels in all their forms: what is read, what is damaged, and what cannot be told."""

import gzip
import io
import re

import numpy as np
import pytest

from common.data import formats, load
from tests.support.fashion_files import FORMS, csv_bytes, idx_bytes, made_up, npz_bytes, write
from tests.support.fashion_loads import assert_holds, refused

pytestmark = pytest.mark.usefixtures("nowhere_else")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read(form, tmp_path, caplog):
    parts = made_up()
    write(tmp_path / "data", parts, form)
    assert_holds(load("fashion_mnist", tmp_path / "data"), parts)
    assert [record.message.split(" holds ")[1] for record in caplog.records] == [
        "120 + 40 images, not Fashion-MNIST's 60000 + 10000; going on with these"
    ]


def flip(content, position):
    content = bytearray(content)
    content[position] ^= 1
    return bytes(content)


def last_value(word):
    """A function that replaces the last value of a CSV file."""
    return lambda content: content[: content.rindex(b",") + 1] + word + b"\n"


def as_npz(**changes):
    """A function that gives an npz file with other arrays in it, or without those that are None."""

    def change(_):
        (x_train, y_train), (x_test, y_test) = made_up((30, 10))
        arrays = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test, **changes}
        content = io.BytesIO()
        np.savez(content, **{name: array for name, array in arrays.items() if array is not None})
        return content.getvalue()

    return change


def npy_bytes(array):
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


DAMAGE = {  # {form of the files: {what is done: (which file, function of its content)}}
    "idx": {
        "empty": (0, lambda c: b""),
        "cut header": (0, lambda c: c[:9]),
        "cut pixels": (0, lambda c: c[:-1]),
        "cut labels": (1, lambda c: c[:-1]),
        "trailing bytes": (2, lambda c: c + b"x"),
        "wrong magic": (2, lambda c: flip(c, 3)),
        "labels for images": (0, lambda c: idx_bytes(np.zeros(120, np.uint8))),
        "absurd size": (0, lambda c: c[:4] + b"\xff" * 12 + c[16:]),
        "wrong shape": (0, lambda c: idx_bytes(np.zeros((120, 27, 28), np.uint8))),
        "no samples": (1, lambda c: idx_bytes(np.zeros(0, np.uint8))),
        "labels of the other part": (1, lambda c: idx_bytes(np.zeros(40, np.uint8))),
        "label 10": (3, lambda c: c[:-1] + b"\x0a"),
        "as large as published, but other": (2, lambda c: idx_bytes(np.zeros((10_000, 28, 28), np.uint8))),
        "gzip, cut": (0, lambda c: gzip.compress(c)[:-9]),
    },
    "idx.gz": {
        "cut": (0, lambda c: c[:-9]),
        "cut early": (1, lambda c: c[:15]),
        "cut at the magic number": (1, lambda c: c[:2]),
        "empty": (2, lambda c: b""),
        "bit flipped": (0, lambda c: flip(c, len(c) // 2)),
        "crc flipped": (2, lambda c: flip(c, -6)),
        "trailing bytes": (3, lambda c: c + b"x"),
        "gzipped twice": (3, gzip.compress),
    },
    "csv": {
        "empty": (0, lambda c: b""),
        "header only": (1, lambda c: c.split(b"\n")[0] + b"\n"),
        "no header": (0, lambda c: c.split(b"\n", 1)[1]),
        "other columns": (1, lambda c: b"a,b\n1,2\n"),
        "cut in a row": (0, lambda c: c[:-500]),
        "cut before the last value": (1, lambda c: c[:-2]),
        "cut behind the label": (1, lambda c: c[: c.rindex(b"\n", 0, -1) + 3]),
        "not UTF-8": (0, lambda c: b"\xff\xfe" + c),
        **{f"last value {word.decode()}": (0, last_value(word)) for word in (b"shoe", b".5", b"-1", b"256", b"9" * 23, b"1,7")},
        "label 10": (1, lambda c: c.replace(b"\n9,", b"\n10,", 1)),
        "an image": (0, lambda c: b"\x89PNG\r\n\x1a\n" + bytes(1000)),
    },
    "csv.gz": {
        "cut": (0, lambda c: c[:-9]),
        "cut in a row": (1, lambda c: gzip.compress(gzip.decompress(c)[:-500])),
    },
    "npz": {
        "empty": (0, lambda c: b""),
        "cut": (0, lambda c: c[:-100]),
        "cut in half": (0, lambda c: c[: len(c) // 2]),
        "bit flipped": (0, lambda c: flip(c, len(c) // 3)),
        "no labels": (0, as_npz(y_train=None)),
        "pickled": (0, as_npz(y_test=np.array([{}] * 10, dtype=object))),
        "of floats": (0, as_npz(x_test=np.zeros((10, 28, 28)))),
        "value 256": (0, as_npz(x_test=np.full((10, 28, 28), 256))),
        "label below 0": (0, as_npz(y_test=np.full(10, -1))),
        "flat images": (0, as_npz(x_train=np.zeros((30, 784), np.uint8))),
        "labels of another number": (0, as_npz(y_train=np.zeros(29, np.uint8))),
        "labels in columns": (0, as_npz(y_train=np.zeros((30, 1), np.uint8))),
        "an array alone": (0, lambda c: npy_bytes(np.zeros(3))),
        "objects alone": (0, lambda c: npy_bytes(np.array([{}]))),
        "locked": (0, lambda c: re.sub(rb"(PK\x01\x02....).", lambda found: found[1] + b"\x01", c, flags=re.DOTALL)),
        "numbers for arrays": (0, as_npz(x_train=np.uint8(0))),
    },
}


@pytest.mark.parametrize(("form", "case"), [(form, case) for form, cases in DAMAGE.items() for case in cases])
def test_a_damaged_file_is_named_and_another_set_is_taken(form, case, tmp_path):
    position, change = DAMAGE[form][case]
    path = write(tmp_path / "data" / "a", made_up((30, 10)) if form[:3] != "idx" else made_up(), form)[position]
    path.write_bytes(change(path.read_bytes()))
    assert f"{path}: " in refused(tmp_path / "data")
    write(tmp_path / "data" / "b", made_up((50, 20)))
    assert_holds(load("fashion_mnist", tmp_path / "data"), made_up((50, 20)))


def csv_ending_in(word):
    """A CSV file of Kaggle's form whose last value is a word, without a final newline."""
    content = csv_bytes(*made_up((30, 10))[1])
    return content[: content.rindex(b",") + 1] + word


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    ("word", "told"), [("0", False), ("100", False), ("26", False), ("255", False), ("1", True), ("25", True), ("7.0", True)]
)
def test_a_last_value_that_may_be_cut_is_told_of_and_any_other_believed(word, told, compressed, tmp_path, caplog):
    """A value that no further digit can follow is whole: 0, for there are no leading zeros, and what would go beyond 255."""
    form = "csv.gz" if compressed else "csv"
    path = write(tmp_path / "data", made_up((30, 10)), form)[1]
    path.write_bytes(gzip.compress(csv_ending_in(word.encode())) if compressed else csv_ending_in(word.encode()))
    (_, (x, y)) = load("fashion_mnist", tmp_path / "data")
    assert len(y) == 10 and round((x[-1, -1] + 1) * 127.5) == float(word)
    assert (f"{path}: its last line" in caplog.text) == told


def test_training_and_test_files_under_each_others_names_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "PUBLISHED_SIZES", (125, 45))
    write(tmp_path, made_up((45, 125)), "csv")
    assert "exchange them" in refused(tmp_path)


def test_an_npz_may_have_any_name(tmp_path):
    (tmp_path / "any name.npz").write_bytes(npz_bytes(made_up()))
    assert_holds(load("fashion_mnist", tmp_path), made_up())
