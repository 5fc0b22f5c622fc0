"""The datasets are those of the report, and damaged files never give a wrong result."""

import os

import numpy as np
import pytest
from sklearn import datasets
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from common.data import fashion_mnist, fingerprint, load, probe
from common.errors import BadInput
from tests.support.fashion_files import CSV_NAMES, IDX_NAMES, idx_bytes, made_up, write_csv, write_idx
from tests.support.scripts import REAL


@pytest.fixture(autouse=True)
def nowhere_else(tmp_path, monkeypatch):
    """No Fashion-MNIST but the one that a test puts somewhere."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "no-keras-home"))
    monkeypatch.setattr(fashion_mnist, "KAGGLE_INPUT", tmp_path / "kaggle" / "input")


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
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=test_size, random_state=42, stratify=y)
    scaler = StandardScaler().fit(x_train)
    (ours_x, ours_y), (ours_x_test, ours_y_test) = load(name)
    assert ours_x.dtype == np.float32 and ours_y.dtype == np.int32
    np.testing.assert_allclose(ours_x, scaler.transform(x_train), atol=1e-5)
    np.testing.assert_allclose(ours_x_test, scaler.transform(x_test), atol=1e-5)
    np.testing.assert_array_equal(ours_y, y_train)
    np.testing.assert_array_equal(ours_y_test, y_test)


@pytest.mark.parametrize("form", ["idx", "idx.gz", "csv"])
@pytest.mark.parametrize("place", ["data_dir", "below data_dir", "keras cache", "kaggle"])
def test_fashion_mnist_is_found_in_every_form_and_place(form, place, tmp_path, monkeypatch):
    parts = made_up()
    folder = {
        "data_dir": tmp_path / "data",
        "below data_dir": tmp_path / "data" / "a" / "b",
        "keras cache": tmp_path / "no-keras-home" / "datasets" / "fashion-mnist",
        "kaggle": tmp_path / "kaggle" / "input" / "datasets" / "zalando-research" / "fashionmnist",
    }[place]
    if form == "csv":
        write_csv(folder, parts)
    else:
        write_idx(folder, parts, compress=form == "idx.gz")
    loaded = load("fashion_mnist", tmp_path / "data" if "data_dir" in place else None)
    for (x, y), (images, labels) in zip(loaded, parts, strict=True):
        assert x.dtype == np.float32 and y.dtype == np.int32
        np.testing.assert_allclose(x, images.reshape(-1, 784) / 127.5 - 1, atol=1e-6)
        np.testing.assert_array_equal(y, labels)


def test_idx_files_each_in_a_folder_of_its_own_are_found(tmp_path):
    write_idx(tmp_path / "flat", made_up())
    for name in IDX_NAMES:
        (tmp_path / "kaggle" / "input" / name).mkdir(parents=True)
        os.rename(tmp_path / "flat" / name, tmp_path / "kaggle" / "input" / name / name)
    (x, _), _ = load("fashion_mnist")
    assert x.shape == (120, 784)


def test_other_sizes_than_the_published_are_used_with_a_warning(tmp_path, caplog):
    write_idx(tmp_path, made_up())
    load("fashion_mnist", tmp_path)
    assert "120 + 40 images" in caplog.text


@pytest.mark.skipif(not REAL.is_dir(), reason="the real Fashion-MNIST is not beside this checkout")
def test_the_real_fashion_mnist_has_its_published_content(monkeypatch, caplog):
    monkeypatch.setenv("KERAS_HOME", str(REAL))
    (x, y), (x_test, y_test) = load("fashion_mnist")
    assert x.shape == (60_000, 784) and x_test.shape == (10_000, 784)
    assert (np.bincount(y) == 6000).all() and (np.bincount(y_test) == 1000).all()
    assert x.min() == -1 and x.max() == 1
    assert x.mean() == pytest.approx(2 * 0.2860 - 1, abs=1e-3)  # the mean pixel of the training set is 0.2860 of white
    assert not caplog.text


def damage(path, change):
    path.write_bytes(change(path.read_bytes()))


def flip_bit(content, position):
    return content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]


IDX_DAMAGE = {
    "empty": (0, lambda c: b"", "magic number missing"),
    "cut header": (0, lambda c: c[:9], "less than its header"),
    "cut pixels": (0, lambda c: c[:-1], "header promises"),
    "cut labels": (1, lambda c: c[:-1], "header promises"),
    "trailing bytes": (2, lambda c: c + b"x", "header promises"),
    "wrong magic": (2, lambda c: b"\0\0\x0d\x03" + c[4:], "magic number 00000d03"),
    "labels for images": (0, lambda c: idx_bytes(np.zeros(120, np.uint8)), "magic number 00000801"),
    "absurd size": (0, lambda c: c[:4] + b"\xff" * 12 + c[16:], "header promises"),
    "wrong shape": (0, lambda c: idx_bytes(np.zeros((120, 27, 28), np.uint8)), "27 x 28"),
    "other count": (1, lambda c: idx_bytes(np.zeros(119, np.uint8)), "119 labels for the 120 images"),
    "label 10": (3, lambda c: c[:-1] + b"\x0a", "label 10"),
}


@pytest.mark.parametrize("case", IDX_DAMAGE)
def test_a_damaged_idx_file_is_named_with_what_to_do(case, tmp_path):
    position, change, message = IDX_DAMAGE[case]
    write_idx(tmp_path, made_up())
    path = tmp_path / IDX_NAMES[position]
    damage(path, change)
    with pytest.raises(BadInput) as error:
        load("fashion_mnist", tmp_path)
    assert str(path) in str(error.value) and message in str(error.value) and "delete it" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c[:-9],
        lambda c: c[:15],
        lambda c: b"",
        lambda c: b"not gzip at all",
        lambda c: flip_bit(c, len(c) // 2),
        lambda c: flip_bit(c, len(c) - 6),
    ],
    ids=["cut", "cut early", "empty", "not gzip", "bit flipped", "crc flipped"],
)
@pytest.mark.parametrize("position", range(4))
def test_a_damaged_gzip_file_is_named_with_what_to_do(change, position, tmp_path):
    write_idx(tmp_path, made_up(), compress=True)
    path = tmp_path / f"{IDX_NAMES[position]}.gz"
    damage(path, change)
    with pytest.raises(BadInput) as error:
        load("fashion_mnist", tmp_path)
    assert str(path) in str(error.value) and "delete it" in str(error.value) and "\n" not in str(error.value)


def test_a_file_without_samples_is_refused(tmp_path):
    empty = (np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8))
    write_idx(tmp_path, [made_up()[0], empty])
    with pytest.raises(BadInput, match="no samples"):
        load("fashion_mnist", tmp_path)


CSV_DAMAGE = {
    "empty": lambda c: b"",
    "header only": lambda c: c.split(b"\n")[0] + b"\n",
    "no header": lambda c: c.split(b"\n", 1)[1],
    "cut in a row": lambda c: c[:-500],
    "cut in the last value": lambda c: c[:-2],
    "not UTF-8": lambda c: b"\xff\xfe" + c,
    "a word": lambda c: c[:-3] + b"shoe\n",
    "a fraction": lambda c: c[:-2] + b".5\n",
    "a negative value": lambda c: c[: c.rindex(b",")] + b",-1\n",
    "beyond a byte": lambda c: c[: c.rindex(b",")] + b",256\n",
    "huge": lambda c: c[: c.rindex(b",")] + b",99999999999999999999999\n",
    "a value too many": lambda c: c[:-1] + b",7\n",
    "label 10": lambda c: c.replace(b"\n9,", b"\n10,", 1),
    "an image, not a table": lambda c: b"\x89PNG\r\n\x1a\n" + bytes(1000),
}


@pytest.mark.parametrize("case", CSV_DAMAGE)
def test_a_damaged_csv_file_is_named_with_what_to_do(case, tmp_path):
    write_csv(tmp_path, made_up(sizes=(30, 10)))
    path = tmp_path / CSV_NAMES[0]
    damage(path, CSV_DAMAGE[case])
    with pytest.raises(BadInput) as error:
        load("fashion_mnist", tmp_path)
    assert str(path) in str(error.value) and "delete it" in str(error.value) and "\n" not in str(error.value)


def test_an_incomplete_folder_is_refused_with_what_is_there(tmp_path):
    write_idx(tmp_path, made_up())
    (tmp_path / IDX_NAMES[3]).unlink()
    with pytest.raises(BadInput, match=r"no complete Fashion-MNIST.*found: t10k-images"):
        load("fashion_mnist", tmp_path)
    with pytest.raises(BadInput, match="no such folder"):
        load("fashion_mnist", tmp_path / "elsewhere")


def test_nothing_found_gives_the_three_ways_in_one_line():
    with pytest.raises(BadInput) as error:
        load("fashion_mnist")
    message = str(error.value)
    assert all(way in message for way in ("--datasets fashion_mnist", "--data-dir", "zalando-research/fashionmnist"))
    assert "\n" not in message


def test_a_failed_download_says_why_and_the_three_ways(monkeypatch):
    import keras

    def fail():
        raise Exception("URL fetch failure on https://example.org: None")

    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", fail)
    with pytest.raises(BadInput, match=r"download failed \(URL fetch failure.*--data-dir"):
        load("fashion_mnist", download=True)


def test_a_download_goes_through_keras_and_is_read_from_its_cache(monkeypatch, tmp_path, capsys):
    import keras

    def arrive():
        print("Downloading data from ...")
        write_idx(tmp_path / "no-keras-home" / "datasets" / "fashion-mnist", made_up(), compress=True)

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
    with pytest.raises(ValueError, match="unknown dataset 'mnist'"):
        load("mnist")
