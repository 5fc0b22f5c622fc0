"""The datasets are those of the report, and damaged files never give a wrong result."""

import gzip
import os
from dataclasses import replace

import keras
import numpy as np
import pytest
from sklearn import datasets
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import exp_a_loss
from common.data import DATASETS, Dataset, fashion_mnist, fingerprint, load, probe
from common.errors import BadInput
from tests.support.complaints import complaint
from tests.support.fashion_files import CSV_NAMES, IDX_NAMES, idx_bytes, made_up, write
from tests.support.scripts import REAL

pytestmark = pytest.mark.usefixtures("nowhere_else")


@pytest.mark.parametrize(
    ("name", "make", "test_size"),
    [
        ("digits", lambda: datasets.load_digits(return_X_y=True), 0.2),
        ("moons", lambda: datasets.make_moons(1000, noise=0.3, random_state=42), 0.3),
        ("circles", lambda: datasets.make_circles(1000, noise=0.2, factor=0.5, random_state=42), 0.3),
    ],
)
def test_small_datasets_are_split_by_class_and_standardised_by_the_training_part(name, make, test_size):
    x, y = make()
    x_train, x_test, *labels = train_test_split(x, y, test_size=test_size, random_state=42, stratify=y)
    scaler = StandardScaler().fit(x_train)
    for (ours, our_labels), samples, expected in zip(load(name), (x_train, x_test), labels, strict=True):
        np.testing.assert_allclose(ours, scaler.transform(samples), atol=1e-5)
        np.testing.assert_array_equal(our_labels, expected)


@pytest.mark.parametrize("name", DATASETS)
def test_the_arrays_of_a_dataset_fit_its_record(name, tmp_path):
    write(tmp_path, made_up())
    parts, dataset = load(name, tmp_path), DATASETS[name]
    for x, y in parts:
        assert x.dtype == np.float32 and np.isfinite(x).all() and x.shape == (len(y), parts[0][0].shape[1])
        assert y.dtype == np.int32 and np.unique(y).tolist() == list(range(dataset.num_classes))
    assert (parts[0][0].shape[1] == 2) == dataset.in_plane


@pytest.mark.parametrize(
    "change",
    [{"num_classes": 0}, {"num_classes": 1}, {"batch_size": 0}, *({"target_accuracy": share} for share in (0, 2, np.nan))]
    + [{"test_share": share} for share in (0, 1, np.nan)],
    ids=str,
)
def test_a_record_that_cannot_be_is_refused_when_it_is_made(change):
    record = {"num_classes": 3, "batch_size": 32, "target_accuracy": 0.9, "load": lambda *_: None, "test_share": 0.3}
    assert Dataset("Nonesuch", **record).num_classes == 3
    with pytest.raises(ValueError, match="Nonesuch"):
        Dataset("Nonesuch", **{**record, **change})


X, Y = np.zeros((30, 4)), np.arange(30) % 10
MISFITS = {
    "a label too large": (X, Y + 1),
    "a label below 0": (X, Y - 1),
    "a feature that is not finite": (np.where(X == 0, np.nan, X), Y),
    "a class of one sample": (X, np.where(np.arange(30) < 29, Y % 9, 9)),
    "labels between": (X, Y + 0.5),
    "images": (X.reshape(30, 2, 2), Y),
    "a label missing": (X, Y[1:]),
    "one-hot labels": (X, np.eye(10)[Y]),
    "nothing": (X[:0], Y[:0]),
}


@pytest.mark.parametrize(
    ("case", "test_share"), [(case, share) for case in MISFITS for share in (0.2, None) if share or case != "a class of one sample"]
)
def test_arrays_that_do_not_fit_their_record_are_refused_before_training(case, test_share, capsys, tmp_path, monkeypatch):
    arrays = MISFITS[case] if test_share else ((X, Y), MISFITS[case])
    monkeypatch.setitem(DATASETS, "digits", replace(DATASETS["digits"], load=lambda *_: arrays, test_share=test_share))
    assert "dataset digits" in complaint(capsys, exp_a_loss, "--datasets", "digits", "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("form", "place"),
    [*((form, "data") for form in ("idx", "idx.gz", "csv")), *(("idx", place) for place in ("data/a/b", "no-keras-home", "kaggle"))],
)
def test_fashion_mnist_is_found_in_every_form_and_place(form, place, tmp_path, caplog):
    below = {"no-keras-home": "datasets/fashion-mnist", "kaggle": "datasets/zalando-research/fashionmnist"}
    parts = made_up()
    write(tmp_path / place / below.get(place, ""), parts, form)
    loaded = load("fashion_mnist", tmp_path / "data" if place.startswith("data") else None)
    for (x, y), (images, labels) in zip(loaded, parts, strict=True):
        np.testing.assert_allclose(x, images.reshape(-1, 784) / 127.5 - 1, atol=1e-6)
        np.testing.assert_array_equal(y, labels)
    assert "120 + 40" in caplog.text  # a warning: these are not the published sizes


def test_idx_files_each_in_a_folder_of_its_own_are_found(tmp_path):
    write(tmp_path / "flat", made_up())
    for name in IDX_NAMES:
        (tmp_path / "kaggle" / name).mkdir(parents=True)
        os.rename(tmp_path / "flat" / name, tmp_path / "kaggle" / name / name)
    (x, _), _ = load("fashion_mnist")
    assert x.shape == (120, 784)


@pytest.mark.skipif(not REAL.is_dir(), reason="the real Fashion-MNIST is not beside this checkout")
def test_the_real_fashion_mnist_has_its_published_content(monkeypatch, caplog):
    monkeypatch.setenv("KERAS_HOME", str(REAL))
    (x, y), (x_test, y_test) = load("fashion_mnist")
    assert x.shape == (60_000, 784) and x_test.shape == (10_000, 784)
    assert (np.bincount(y) == 6000).all() and (np.bincount(y_test) == 1000).all()
    assert x.min() == -1 and x.max() == 1
    assert x.mean() == pytest.approx(2 * 0.2860 - 1, abs=1e-3)  # the mean pixel of the training set is 0.2860 of white
    assert not caplog.text


def flip(content, position):
    content = bytearray(content)
    content[position] ^= 1
    return bytes(content)


def last_value(word):
    """A function that replaces the last value of a CSV file."""
    return lambda content: content[: content.rindex(b",") + 1] + word + b"\n"


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
    },
    "idx.gz": {
        "cut": (0, lambda c: c[:-9]),
        "cut early": (1, lambda c: c[:15]),
        "empty": (2, lambda c: b""),
        "no gzip": (3, gzip.decompress),
        "bit flipped": (0, lambda c: flip(c, len(c) // 2)),
        "crc flipped": (2, lambda c: flip(c, -6)),
    },
    "csv": {
        "empty": (0, lambda c: b""),
        "header only": (1, lambda c: c.split(b"\n")[0] + b"\n"),
        "no header": (0, lambda c: c.split(b"\n", 1)[1]),
        "other columns": (1, lambda c: b"a,b\n1,2\n"),
        "cut in a row": (0, lambda c: c[:-500]),
        "cut in the last value": (1, lambda c: c[:-2]),
        "not UTF-8": (0, lambda c: b"\xff\xfe" + c),
        **{f"last value {word.decode()}": (0, last_value(word)) for word in (b"shoe", b".5", b"-1", b"256", b"9" * 23, b"1,7")},
        "label 10": (1, lambda c: c.replace(b"\n9,", b"\n10,", 1)),
        "an image": (0, lambda c: b"\x89PNG\r\n\x1a\n" + bytes(1000)),
    },
}


@pytest.mark.parametrize(("form", "case"), [(form, case) for form, cases in DAMAGE.items() for case in cases])
def test_a_damaged_file_is_named_in_one_line(form, case, tmp_path):
    position, change = DAMAGE[form][case]
    write(tmp_path, made_up(sizes=(30, 10)) if form == "csv" else made_up(), form)
    path = tmp_path / (CSV_NAMES[position] if form == "csv" else IDX_NAMES[position] + form.removeprefix("idx"))
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(BadInput) as error:
        load("fashion_mnist", tmp_path)
    assert str(path) in str(error.value) and "delete it" in str(error.value) and "\n" not in str(error.value)


def test_training_and_test_files_under_each_others_names_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(fashion_mnist, "PUBLISHED_SIZES", (125, 45))
    write(tmp_path, made_up((45, 125)), "csv")
    with pytest.raises(BadInput, match="exchange them"):
        load("fashion_mnist", tmp_path)


@pytest.mark.parametrize(
    "there", [None, os.mkfifo, os.mkdir, lambda path: os.symlink("nowhere", path)], ids=["none", "pipe", "folder", "link"]
)
def test_an_incomplete_folder_is_refused_with_what_is_there(there, tmp_path):
    write(tmp_path, made_up())
    (tmp_path / IDX_NAMES[3]).unlink()
    if there:
        there(tmp_path / IDX_NAMES[3])
    with pytest.raises(BadInput, match=rf"{tmp_path}: .*found: t10k-images"):
        load("fashion_mnist", tmp_path)


def test_where_it_is_nowhere_and_cannot_be_downloaded_all_ways_to_get_it_are_in_one_line(monkeypatch):
    def fail():
        raise Exception("URL fetch failure on https://example.org: None")

    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", fail)
    for download in (False, True):
        with pytest.raises(BadInput) as error:
            load("fashion_mnist", download=download)
        message = str(error.value)
        assert all(way in message for way in ("--datasets fashion_mnist", "--data-dir", "zalando-research/fashionmnist"))
        assert "\n" not in message and ("URL fetch failure" in message) == download


def test_a_download_goes_through_keras_and_is_read_from_its_cache(monkeypatch, tmp_path, capsys):
    def arrive():
        print("Downloading data from ...")
        write(tmp_path / "no-keras-home" / "datasets" / "fashion-mnist", made_up(), "idx.gz")

    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", arrive)
    (x, _), _ = load("fashion_mnist", download=True)
    assert x.shape == (120, 784)
    assert capsys.readouterr().out == ""  # stdout is for results


def test_the_probe_is_stratified_and_the_same_each_time():
    random = np.random.default_rng(0)
    y = random.permutation(np.repeat(np.arange(4), [700, 200, 90, 10])).astype(np.int32)
    x = np.arange(1000, dtype=np.float32)[:, None]
    x_probe, y_probe = probe(x, y)
    assert len(np.unique(x_probe)) == 256
    np.testing.assert_array_equal(y[x_probe[:, 0].astype(int)], y_probe)
    np.testing.assert_allclose(np.bincount(y_probe), np.array([700, 200, 90, 10]) * 0.256, atol=1)
    np.testing.assert_array_equal(probe(x, y)[0], x_probe)
    assert len(probe(x[:30], y[:30])[0]) == 30


def test_the_fingerprint_tells_contents_types_and_shapes_apart():
    a = np.arange(6, dtype=np.float32)
    others = [a.reshape(2, 3), a.astype(np.float64), a + 1]
    assert len({fingerprint([b]) for b in [a, *others]}) == 4
    assert fingerprint([a]) == fingerprint([a.copy()])


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="'mnist'"):
        load("mnist")
