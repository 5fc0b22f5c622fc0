"""Fashion-MNIST is found wherever and however it lies, by what the files hold; nothing else is ever taken for it."""

import hashlib
import os
import re

import keras.datasets
import keras.utils
import numpy as np
import pytest

from common.data import NotAtHand, candidates, formats, load, load_wanted
from common.errors import BadInput
from tests.support.fashion_files import CSV_NAMES, IDX_NAMES, files, idx_bytes, made_up, write
from tests.support.fashion_loads import assert_holds, refused
from tests.support.other_user import folder_of_the_other_user, run_as_other_user
from tests.support.scripts import REAL

pytestmark = pytest.mark.usefixtures("nowhere_else")

KERAS_FOLDER = "no-keras-home/datasets/fashion-mnist"


@pytest.fixture
def published(monkeypatch):
    """A function that makes parts the published ones."""

    def publish(parts):
        monkeypatch.setenv("NETWORKS_CACHE", "off")  # where judgements by the true ones are kept
        sizes = tuple(len(labels) for _, labels in parts)
        kinds = [dict(zip(("images", "labels"), part, strict=True)) for part in parts]
        digests = tuple({kind: hashlib.sha256(idx_bytes(array)).hexdigest() for kind, array in part.items()} for part in kinds)
        monkeypatch.setattr(formats, "PUBLISHED_SIZES", sizes)
        monkeypatch.setattr(formats, "PUBLISHED_DIGESTS", digests)
        mean = parts[0][0].mean()
        monkeypatch.setattr(formats, "MEAN_PIXEL", (mean - 3, mean + 3))
        return parts

    return publish


@pytest.mark.parametrize("place", [KERAS_FOLDER, "kaggle/datasets/zalando-research/fashionmnist", "kaggle", "kaggle/1/2/3/4"])
def test_every_place_is_searched(place, tmp_path):
    parts = made_up()
    write(tmp_path / place, parts)
    assert_holds(load("fashion_mnist"), parts)


def test_the_home_may_be_written_with_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", "~/kk")
    write(tmp_path / "kk" / "datasets" / "fashion-mnist", made_up())
    assert_holds(load("fashion_mnist"), made_up())


@pytest.mark.skipif(not REAL.is_dir(), reason="the real Fashion-MNIST is not beside this checkout")
def test_the_real_fashion_mnist_has_its_published_content_and_is_found_beside_another_dataset(monkeypatch, caplog, tmp_path):
    for name in IDX_NAMES:  # of the same names and sizes, in a folder that comes first
        shape = (60_000 if name.startswith("train") else 10_000, 28, 28)[: 3 if "images" in name else 1]
        (tmp_path / "kaggle" / "another").mkdir(parents=True, exist_ok=True)
        (tmp_path / "kaggle" / "another" / name).write_bytes(idx_bytes(np.zeros(shape, np.uint8)))
    assert re.search(rf"{tmp_path / 'kaggle' / 'another'}/.*: another dataset", refused())
    os.symlink(REAL / "datasets" / "fashion-mnist", tmp_path / "kaggle" / "fashion")
    (x, y), (x_test, y_test) = load("fashion_mnist")
    assert x.shape == (60_000, 784) and x_test.shape == (10_000, 784)
    assert (np.bincount(y) == 6000).all() and (np.bincount(y_test) == 1000).all()
    assert x.min() == -1 and x.max() == 1
    assert x.mean() == pytest.approx(2 * 0.2860 - 1, abs=1e-3)  # the mean pixel of the training set is 0.2860 of white
    assert not caplog.text


OTHERS = {  # {what lies there: [(folder, whether it is another dataset, its form)]}, in the order of their names
    "as torchvision lays them out": [("KMNIST/raw", True, "idx.gz"), ("FashionMNIST/raw", False, "idx"), ("MNIST/raw", True, "idx")],
    "Kaggle's MNIST in both its ways": [
        ("a-mnist", True, "idx with dots"),
        ("a-mnist", True, "idx, each in a folder"),
        ("fashionmnist", False, "csv"),
    ],
    "npz of Keras": [("a", True, "npz"), ("b", False, "npz")],
    "another above": [("", True, "idx"), ("below/deep", False, "idx.gz")],
    "another as CSV": [("a", True, "csv"), ("b", False, "csv.gz")],
    "a part of it before": [("a", None, "idx"), ("b", False, "idx")],
    "in the same folder": [("a", True, "idx"), ("a", False, "npz")],
    "under the same names, one gzipped": [("a", True, "idx"), ("a", False, "idx.gz")],
}


@pytest.mark.parametrize("case", OTHERS)
def test_a_whole_fashion_mnist_is_taken_whatever_lies_beside_it(case, tmp_path, published, caplog):
    parts = published(made_up())
    another = [(255 - images, labels) for images, labels in parts]
    kinds = {True: another, False: parts, None: made_up((50, 20))}
    for folder, is_another, form in OTHERS[case]:
        write(tmp_path / "kaggle" / folder, kinds[is_another], form)
    assert_holds(load("fashion_mnist"), parts)
    assert_holds(load("fashion_mnist", tmp_path / "kaggle"), parts)
    assert not caplog.text


@pytest.mark.parametrize("form", ["idx", "idx.gz with dots", "csv", "npz"])
def test_another_dataset_alone_is_named_and_never_taken(form, tmp_path, published):
    another = [(255 - images, labels) for images, labels in published(made_up())]
    paths = write(tmp_path / "kaggle" / "mnist", another, form)
    for message in (refused(), refused(tmp_path / "kaggle")):
        assert str(paths[0]) in message and "another dataset" in message
    data, notes = load_wanted(["fashion_mnist"], None, None)  # which nobody asked for
    assert not data and len(notes) == 1 and str(paths[0]) in notes[0]
    with pytest.raises(BadInput, match="another dataset"):
        load_wanted(["fashion_mnist"], None, tmp_path / "kaggle")


def test_of_several_that_are_not_whole_the_first_is_taken(tmp_path, caplog):
    for folder, sizes in (("b", (50, 20)), ("a", (60, 30)), ("c", (70, 40))):
        write(tmp_path / "kaggle" / folder, made_up(sizes))
    assert_holds(load("fashion_mnist"), made_up((60, 30)))
    assert str(tmp_path / "kaggle" / "a") in caplog.text and "60 + 30" in caplog.text and "passed over" not in caplog.text


@pytest.mark.parametrize(
    "damage", [lambda path: path.write_bytes(b"cut"), os.unlink, lambda path: path.write_bytes(path.read_bytes()[:-1])]
)
def test_what_was_passed_over_is_told_where_the_rest_is_not_whole(damage, tmp_path, caplog):
    path = write(tmp_path / KERAS_FOLDER, made_up())[0]
    damage(path)
    write(tmp_path / "kaggle", made_up((60, 30)))
    assert_holds(load("fashion_mnist"), made_up((60, 30)))
    assert re.search(rf"passed over: {path.parent}.*{IDX_NAMES[0]}", caplog.text)


@pytest.mark.parametrize("form", ["idx", "idx.gz", "csv", "idx, each in a folder"])
def test_parts_of_two_folders_are_never_mixed(form, tmp_path):
    some = list(files(made_up(), form).items())
    for folder, chosen in (("a", some[: len(some) // 2]), ("b", some[len(some) // 2 :])):
        for name, content in chosen:
            path = tmp_path / "data" / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    message = refused(tmp_path / "data")
    assert f"{tmp_path / 'data' / 'a'}: without" in message and f"{tmp_path / 'data' / 'b'}: without" in message


LINKS = {
    "a folder": lambda here, data: os.symlink(data, here / "link"),
    "a link to a link": lambda here, data: (os.symlink(data, here.parent / "first"), os.symlink("../first", here / "second")),
    "the files": lambda here, data: [os.symlink(path, here / path.name) for path in data.iterdir()],
    "loops beside it": lambda here, data: (os.symlink(".", here / "a"), os.symlink("..", here / "b"), os.symlink(data, here / "c")),
    "a loop below it": lambda here, data: (os.symlink(here, data / "back"), os.symlink(data, here / "link")),
    "the search itself": lambda here, data: (here.rmdir(), os.symlink(data, here)),
}


@pytest.mark.parametrize("case", LINKS)
def test_links_are_followed(case, tmp_path):
    (tmp_path / "kaggle").mkdir()
    write(tmp_path / "elsewhere" / "data", made_up())
    LINKS[case](tmp_path / "kaggle", tmp_path / "elsewhere" / "data")
    assert_holds(load("fashion_mnist"), made_up())
    assert_holds(load("fashion_mnist", tmp_path / "kaggle"), made_up())


def test_each_folder_is_searched_once(tmp_path):
    write(tmp_path / "data", made_up())
    for name in "abcdef":
        os.symlink("data", tmp_path / name)
        os.symlink("..", tmp_path / "data" / name)
    assert [len(found) for found in candidates.candidates(tmp_path)] == [1, 0]


@pytest.mark.parametrize(
    "there", [None, os.mkfifo, os.mkdir, lambda path: os.symlink("nowhere", path)], ids=["none", "pipe", "folder", "link"]
)
def test_an_incomplete_folder_is_refused_with_what_is_missing(there, tmp_path):
    path = write(tmp_path, made_up())[3]
    path.unlink()
    if there:
        there(path)
    message = refused(tmp_path)
    assert f"{tmp_path}: without {IDX_NAMES[3]}" in message and message.count("--data-dir") == 1


@pytest.mark.parametrize("what", ["nothing", "unrelated files", "an npz of something else"])
def test_a_folder_without_any_of_it_is_refused(what, tmp_path):
    if what == "unrelated files":
        write(tmp_path / "1" / "2" / "3" / "4" / "too deep", made_up())
        (tmp_path / "train-images.txt").write_text("")
    elif what == "an npz of something else":
        np.savez(tmp_path / "weights.npz", w=np.zeros(3))
    message = refused(tmp_path)
    assert f"--data-dir {tmp_path}" in message and all(name in message for name in (*IDX_NAMES, *CSV_NAMES, "none of these files"))


def test_a_long_list_of_findings_ends_in_their_number(tmp_path):
    for number in range(9):
        write(tmp_path / f"{number}", made_up())[number % 4].unlink()
    message = refused(tmp_path)
    assert message.count("without") == 4 and "and 5 more" in message


AS_OTHER_USER = """
import numpy, pandas, zipfile
from importlib.metadata import version
version("numpy")
from common.data import fashion_mnist, load
from pathlib import Path
fashion_mnist.KAGGLE_INPUT = Path(sys.argv[1]) / "kaggle"
become_the_other_user()
try:
    print(len(load("fashion_mnist")[0][1]))
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(
    "shut", ["a/{file}", "a", *(pytest.param(case, marks=pytest.mark.slow) for case in ("a without listing", "keras"))]
)
def test_what_cannot_be_read_is_named_and_another_set_is_taken(shut, tmp_path):
    form = "npz" if shut == "a" else "idx"
    with folder_of_the_other_user() as here:
        path = write(here / "kaggle" / "a", made_up(), form)[0]
        home = here / "home"
        write(home / "datasets" / "fashion-mnist", made_up())[3].unlink()
        closed = {"a/{file}": path, "a": path.parent, "a without listing": path.parent, "keras": home}[shut]
        os.chown(closed, 0, 0) if os.getuid() == 0 else None
        closed.chmod(0o744 if shut == "a without listing" and os.getuid() == 0 else 0o400 if "listing" in shut else 0)
        if shut == "keras":
            path.unlink()
        said = run_as_other_user(AS_OTHER_USER, here, KERAS_HOME=str(home), NETWORKS_CACHE="off")
        named = path if shut == "a without listing" else closed if shut != "keras" else home / "datasets" / "fashion-mnist"
        assert said.startswith("NotAtHand") and f"{named}: cannot be read (Permission denied)" in said
        write(here / "kaggle" / "b", made_up((50, 20)))
        assert run_as_other_user(AS_OTHER_USER, here, KERAS_HOME=str(home), NETWORKS_CACHE="off").split()[-1] == "50"


def test_without_a_home_or_a_name_the_other_places_are_searched():
    with folder_of_the_other_user() as here:
        assert run_as_other_user(AS_OTHER_USER, here).startswith("NotAtHand Fashion-MNIST is not on this machine")
        write(here / "kaggle" / "b", made_up())
        assert run_as_other_user(AS_OTHER_USER, here).split()[-1] == "120"


def test_where_it_is_nowhere_all_ways_to_get_it_are_in_one_line():
    with pytest.raises(NotAtHand):
        load("fashion_mnist")
    assert all(way in refused() for way in ("--datasets fashion_mnist", "--data-dir", "zalando-research/fashionmnist"))


def test_a_download_that_fails_does_not_advise_to_download(monkeypatch):
    def fail():
        raise Exception("URL fetch failure on https://example.org: None")

    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", fail)
    message = refused(download=True)
    assert "URL fetch failure" in message and "zalando-research/fashionmnist" in message and "--datasets" not in message


@pytest.mark.parametrize("home", ["no-keras-home", "~/kk"])
def test_a_download_goes_through_keras_and_is_read_from_where_it_puts_it(home, monkeypatch, tmp_path, capsys):
    def arrive():
        print("Downloading data from ...")
        write(put / "datasets" / "fashion-mnist", made_up(), "idx.gz")

    put = tmp_path / "anywhere"  # which Keras was told when it was imported
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", arrive)
    monkeypatch.setattr(keras.utils, "get_file", lambda name, origin, cache_subdir: str(put / cache_subdir / name))
    (x, _), _ = load("fashion_mnist", download=True)
    assert x.shape == (120, 784)
    assert capsys.readouterr().out == ""  # stdout is for results


def test_what_keras_has_in_its_folder_is_judged_like_any_other(monkeypatch, tmp_path, published):
    another = [(255 - images, labels) for images, labels in published(made_up())]
    paths = write(tmp_path / KERAS_FOLDER, another, "idx.gz")
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", lambda: None)
    monkeypatch.setattr(keras.utils, "get_file", lambda name, origin, cache_subdir: str(paths[0].parent / name))
    message = refused(download=True)
    assert str(paths[0]) in message and "--datasets" not in message
