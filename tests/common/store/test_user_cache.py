"""Entries in the user's cache are whole and right or not there, whatever happens to it and however many processes use it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from common.errors import BadInput
from common.store import user_cache
from tests.support.other_user import folder_of_the_other_user, run_as_other_user
from tests.support.scripts import ROOT

OURS = "how-a-small-network-trains"
PLACES = [  # (variables, the folder)
    ({"HOME": "/h"}, f"/h/.cache/{OURS}"),
    ({"HOME": "/h", "XDG_CACHE_HOME": "/x"}, f"/x/{OURS}"),
    ({"HOME": "/h", "XDG_CACHE_HOME": ""}, f"/h/.cache/{OURS}"),
    ({"HOME": "/h", "XDG_CACHE_HOME": "relative"}, f"/h/.cache/{OURS}"),  # specifications.freedesktop.org/basedir: "consider ... invalid"
    ({"HOME": "/h", "XDG_CACHE_HOME": "/x", "NETWORKS_CACHE": "/n"}, "/n"),
    ({"HOME": "/h", "NETWORKS_CACHE": "~/n"}, "/h/n"),
    ({"HOME": "/h", "NETWORKS_CACHE": ""}, f"/h/.cache/{OURS}"),
    ({"HOME": "/h", "NETWORKS_CACHE": "off"}, None),
    ({"HOME": "", "XDG_CACHE_HOME": "/x"}, f"/x/{OURS}"),
    ({"HOME": "relative"}, None),
]

IN_CACHE = "from common.store.user_cache import cache_folder, recall, remember\nbecome_the_other_user()\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NETWORKS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize(("variables", "place"), PLACES, ids=str)
def test_the_folder_is_where_variables_say(variables, place, monkeypatch):
    for name in ("HOME", "XDG_CACHE_HOME", "NETWORKS_CACHE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert user_cache.cache_folder() == (place and Path(place))


def test_a_user_without_a_home_has_no_cache_and_misses_nothing():
    assert run_as_other_user(IN_CACHE + "remember('k', 'a', 1)\nprint(cache_folder(), recall('k', 'a'))").split() == ["None", "None"]


def test_the_flag_speaks_for_the_process_and_its_children(tmp_path, monkeypatch):
    monkeypatch.setenv("NETWORKS_CACHE", "/elsewhere")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    child = [sys.executable, "-c", "from common.store.user_cache import cache_folder; print(cache_folder())"]
    for words, place in (("here", tmp_path / "here"), ("off", None), (None, None)):
        user_cache.choose(words)
        assert user_cache.cache_folder() == place
        assert subprocess.run(child, cwd=ROOT, capture_output=True, text=True).stdout == f"{place}\n"
    with pytest.raises(BadInput, match="--cache"):
        user_cache.choose("file")
    assert not (tmp_path / "here").exists()  # until something is kept there


VALUES = [{"fingerprint": "abc", "num_samples": 700}, [1, None, "\udcff", 0.1], "text", {}]


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_what_is_kept_is_found_again_under_its_key_alone(value, folder):
    assert user_cache.recall("k", "key") is None
    user_cache.remember("k", "key", value)
    assert user_cache.recall("k", "key") == value
    assert user_cache.recall("k", "key2") is None and user_cache.recall("other", "key") is None
    user_cache.remember("k", "key \udcff", 1)
    assert user_cache.recall("k", "key \udcff") == 1
    user_cache.remember("k", "key", "another")
    assert user_cache.recall("k", "key") == "another"
    user_cache.forget("k", "key")
    user_cache.forget("k", "key")
    assert user_cache.recall("k", "key") is None


def replace_value(path):
    entry = json.loads(path.read_text())
    path.write_text(json.dumps({**entry, "value": {"fingerprint": "abd", "num_samples": 700}}))


DAMAGE = {
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-3]),
    "not JSON": lambda path: path.write_bytes(b"\xff" * 100),
    "another value": replace_value,
    "a number": lambda path: path.write_text("3"),
    "a list": lambda path: path.write_text("[]"),
    "without its parts": lambda path: path.write_text("{}"),
    "deep": lambda path: path.write_text("[" * 100_000),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "a link to itself": lambda path: (path.unlink(), path.symlink_to(path)),
    "of another key": lambda path: (user_cache.remember("k", "b", 7), path.write_bytes(next(other_than(path)).read_bytes())),
}


def other_than(path):
    return (other for other in path.parent.iterdir() if other != path)


@pytest.mark.parametrize("case", DAMAGE)
def test_a_damaged_entry_is_none(case, folder):
    user_cache.remember("k", "a", VALUES[0])
    (path,) = (folder / "k").iterdir()
    DAMAGE[case](path)
    assert user_cache.recall("k", "a") is None
    user_cache.remember("k", "a", VALUES[1])  # which may fail, in silence
    assert user_cache.recall("k", "a") in (None, VALUES[1])


UNWRITABLE = {
    "below a file": lambda folder: (folder.parent.joinpath("file").write_text(""), folder.parent / "file" / "cache")[-1],
    "where none can be made": lambda folder: Path("/proc/nowhere"),
    "a device": lambda folder: Path("/dev/full"),
    "its entries' folder is a file": lambda folder: (folder.mkdir(), (folder / "k").write_text(""), folder)[-1],
    "too long a name": lambda folder: folder / ("x" * 300),
}


@pytest.mark.parametrize("case", UNWRITABLE)
def test_a_folder_that_cannot_be_written_costs_nothing_but_what_would_be_kept(case, folder, monkeypatch):
    monkeypatch.setenv("NETWORKS_CACHE", str(UNWRITABLE[case](folder)))
    user_cache.remember("k", "a", 1)
    assert user_cache.recall("k", "a") is None


def test_a_disk_that_fills_up_leaves_nothing_half_written(folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    user_cache.remember("k", "a", 1)
    monkeypatch.setattr(os, "replace", full)  # the last moment at which it can fail
    user_cache.remember("k", "a", 2)
    assert user_cache.recall("k", "a") == 1 and len(list((folder / "k").iterdir())) == 1


def test_a_cache_that_can_only_be_read_is_read():
    with folder_of_the_other_user() as here:
        run_as_other_user(IN_CACHE + "remember('k', 'a', 5)", NETWORKS_CACHE=str(here))
        (here / "k").chmod(0o500)
        code = IN_CACHE + "remember('k', 'b', 1)\nprint(recall('k', 'a'), recall('k', 'b'))"
        assert run_as_other_user(code, NETWORKS_CACHE=str(here)).split() == ["5", "None"]


MANY = """
import sys
from common.store import user_cache
for turn in range(300):
    user_cache.remember("k", str(turn % 3), {"turn": "x" * 1000})
    assert user_cache.recall("k", str(turn % 3)) in (None, {"turn": "x" * 1000})
    assert turn < 100 or user_cache.recall("k", "0"), turn
"""


def test_several_processes_at_once_read_whole_entries_and_leave_no_others(folder):
    started = [subprocess.Popen([sys.executable, "-c", MANY], cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    assert [(process.wait(), process.stderr.read()) for process in started] == [(0, "")] * 4
    assert len(list((folder / "k").iterdir())) == 3


def test_the_oldest_entries_make_room(folder, monkeypatch):
    monkeypatch.setattr(user_cache, "MOST_ENTRIES", 10)
    for number in range(40):
        user_cache.remember("k", str(number), number)
        os.utime(user_cache._path("k", str(number)), (number, number))
    assert len(list((folder / "k").iterdir())) <= 10
    assert [user_cache.recall("k", str(number)) for number in (0, 39)] == [None, 39]
