"""Size and fingerprint of a dataset are known without its arrays, and are never those of other data."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from common.data import DATASETS, fingerprint, load, load_wanted, remembered
from common.errors import BadInput
from common.experiment.find import find_experiments
from tests.support.fashion_files import made_up, write
from tests.support.scripts import ROOT

pytestmark = pytest.mark.usefixtures("nowhere_else")

NAMES = list(DATASETS)
HEAVY = ("numpy", "pandas", "sklearn", "scipy", "tensorflow", "keras", "matplotlib", "joblib")
CALL = f"""
import json, sys
from common.data import load_wanted
data, notes = load_wanted(sys.argv[2:], None, sys.argv[1])
heavy = [name for name in {HEAVY} if name in sys.modules]
print(json.dumps([heavy, {{name: [one.fingerprint, one.num_samples] for name, one in data.items()}}]))
"""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NETWORKS_CACHE", str(tmp_path / "cache"))
    write(tmp_path / "data", made_up())
    return tmp_path / "cache"


def truth(tmp_path, name):
    train, test = load(name, tmp_path / "data")
    return [fingerprint([*train, *test]), len(train[0])]


def test_a_second_call_knows_all_datasets_of_every_script_without_their_arrays(tmp_path):
    assert {name for experiment in find_experiments().values() for name in experiment.datasets} == set(NAMES)
    load_wanted(NAMES, None, tmp_path / "data")
    command = [sys.executable, "-c", CALL, tmp_path / "data", *NAMES]
    heavy, found = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    assert heavy == [] and found == {name: truth(tmp_path, name) for name in NAMES}


def test_the_arrays_are_loaded_when_they_are_used(tmp_path):
    for _ in range(2):  # fresh, and remembered
        data, _ = load_wanted(NAMES, None, tmp_path / "data")
        for name, one in data.items():
            (x, y), _ = one.arrays
            assert len(x) == len(y) == one.num_samples and one.arrays is one.arrays
            assert truth(tmp_path, name) == [one.fingerprint, one.num_samples]


CHANGES = {
    "other images": lambda data: write(data, made_up(seed=1)),
    "fewer of them": lambda data: write(data, made_up((110, 40))),
    "one pixel, same size and date": lambda data: flip_a_pixel(data / "train-images-idx3-ubyte"),
    "damage": lambda data: (data / "t10k-images-idx3-ubyte").write_bytes(b"cut"),
}


def flip_a_pixel(path):
    content, status = bytearray(path.read_bytes()), path.stat()
    content[100] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("case", CHANGES)
def test_files_that_changed_are_other_data(case, tmp_path):
    before = load_wanted(["fashion_mnist"], None, tmp_path / "data")[0]["fashion_mnist"]
    CHANGES[case](tmp_path / "data")
    if case == "damage":
        with pytest.raises(BadInput, match="damaged"):
            load_wanted(["fashion_mnist"], None, tmp_path / "data")
        return
    after = load_wanted(["fashion_mnist"], None, tmp_path / "data")[0]["fashion_mnist"]
    assert after.fingerprint != before.fingerprint
    assert [after.fingerprint, after.num_samples] == truth(tmp_path, "fashion_mnist")


@pytest.mark.parametrize("change", [lambda path: flip_a_pixel(path), os.unlink, lambda path: path.write_bytes(b"cut")])
def test_files_that_change_before_they_are_used_are_never_trained_on(change, tmp_path):
    for _ in range(2):
        data, _ = load_wanted(["fashion_mnist"], None, tmp_path / "data")
    change(tmp_path / "data" / "train-images-idx3-ubyte")
    with pytest.raises(BadInput, match=str(tmp_path / "data" / "train-images-idx3-ubyte")):
        data["fashion_mnist"].arrays  # noqa: B018 it is loaded


@pytest.mark.parametrize("what", ["code", "version", "python", "processor", "record", "arguments"])
def test_a_change_of_what_makes_the_arrays_makes_them_again(what, tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(remembered, "_makers", remembered._makers.__wrapped__)  # without its memory
    record = DATASETS["moons"]

    def moons():
        monkeypatch.setitem(DATASETS, "moons", replace(record, load=Counted(record.load, made)))
        return load_wanted(["moons"], None, tmp_path / "data")[0]["moons"].fingerprint

    assert moons() == moons() and len(made) == 1
    if what == "version":
        monkeypatch.setattr(remembered.needs, "version_of", lambda module, spec: "99")
    elif what == "python":
        monkeypatch.setattr("platform.python_version", lambda: "3.99")
    elif what == "processor":
        monkeypatch.setattr("common.store.user_cache.processor", lambda: "abacus")
    elif what == "record":
        record = replace(record, test_share=0.4)
    elif what == "arguments":
        record = replace(record, load=type(record.load)("make_moons", n_samples=1000, noise=0.2))
    else:
        copy = shutil.copytree(ROOT / "common" / "data", tmp_path / "copy")
        monkeypatch.setattr(remembered, "__file__", str(copy / "remembered.py"))
        assert moons() == moons() and len(made) == 1
        (copy / "points.py").write_text("")
    assert moons() == moons() and len(made) == 2


class Counted:
    """A loader that notes when its arrays are made."""

    def __init__(self, loader, made):
        self.loader, self.made = loader, made

    def found(self, *words):
        identity, load_arrays = self.loader.found(*words)
        return identity, lambda: (self.made.append(identity), load_arrays())[-1]


def test_a_dataset_that_does_not_say_what_it_depends_on_is_loaded_each_time(tmp_path, monkeypatch):
    x, y = load("moons")[0]
    for shift in (0, 1):
        monkeypatch.setitem(DATASETS, "moons", replace(DATASETS["moons"], load=lambda *_: (x + shift, y)))  # noqa: B023 used at once
        data = load_wanted(["moons"], None, None)[0]["moons"]
        assert [data.fingerprint, data.num_samples] == truth(tmp_path, "moons")


def test_an_entry_that_proves_wrong_is_never_trained_on_and_gone_afterwards(tmp_path, cache, monkeypatch):
    of_what = []
    original = remembered.fact
    monkeypatch.setattr(remembered, "fact", lambda kind, what, *words: of_what.append(what) or original(kind, what, *words))
    load_wanted(["circles"], None, None)
    wrong = {"fingerprint": "0" * 16, "num_samples": 700}
    remembered.forget("datasets", of_what[0])
    original("datasets", of_what[0], lambda: wrong)
    data = load_wanted(["circles"], None, None)[0]["circles"]
    assert data.fingerprint == "0" * 16
    with pytest.raises(BadInput, match="same command again"):
        data.arrays  # noqa: B018 it is loaded
    assert load_wanted(["circles"], None, None)[0]["circles"].fingerprint == truth(tmp_path, "circles")[0]


@pytest.mark.parametrize("state", ["off", "damaged", "cannot be written"])
def test_without_a_usable_cache_all_is_as_with_it(state, tmp_path, cache, monkeypatch):
    load_wanted(NAMES, None, tmp_path / "data")
    if state == "damaged":
        damaged = list(cache.rglob("*.json"))
        assert damaged
        for path in damaged:
            path.write_bytes(path.read_bytes()[:-1] + b"]")
    else:
        monkeypatch.setenv("NETWORKS_CACHE", "off" if state == "off" else "/proc/nowhere")
    data = load_wanted(NAMES, None, tmp_path / "data")[0]
    assert {name: [one.fingerprint, one.num_samples] for name, one in data.items()} == {name: truth(tmp_path, name) for name in NAMES}
