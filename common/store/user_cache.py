"""The folder of this project in the user's cache, and small entries in it. Whatever is wrong with it costs time only."""

import contextlib
import functools
import hashlib
import json
import os
import platform
import re
from pathlib import Path

from common.errors import BadInput
from common.store.files import write_whole_at_once

VARIABLE, OFF = "NETWORKS_CACHE", "off"
NAME = "how-a-small-network-trains"
MOST_ENTRIES = 500  # of a kind; the oldest go first


def cache_folder():
    """The folder of this project in the user's cache, which need not exist.

    It is the one that the variable `NETWORKS_CACHE` names, else `how-a-small-network-trains` in `XDG_CACHE_HOME`, else in `~/.cache`.

    Returns:
        An absolute Path, or None: the variable is `off`, or the user has no home.

    Example:

    ```python
    if folder := cache_folder():
        programs = folder / "programs"
    ```
    """
    named = os.environ.get(VARIABLE)
    if named:
        return None if named == OFF else Path(os.path.abspath(os.path.expanduser(named)))
    home = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(home):  # as its specification says: any other is passed over
        home = os.path.expanduser(os.path.join("~", ".cache"))
    return Path(home) / NAME if os.path.isabs(home) else None


def choose(words):
    """Set the folder for this process and its children.

    Args:
        words: of the flag `--cache`: a folder, `off`, or None, which changes nothing.

    Raises:
        BadInput: for a file.
    """
    if words is None:
        return
    if words != OFF:
        words = os.path.abspath(os.path.expanduser(words))
        if os.path.exists(words) and not os.path.isdir(words):
            raise BadInput(f"--cache {words}: a file, not a folder; name a folder, or {OFF}")
    os.environ[VARIABLE] = words


def recall(kind, key):
    """The value that was remembered under a key.

    Args:
        kind: name of the entries that belong together, a folder in the cache.
        key: text that changes with all that the value depends on.

    Returns:
        The value, or None: there is none, or it is damaged.
    """
    path = _path(kind, key)
    try:
        entry = json.loads(path.read_bytes())
        if entry["key"] == key and entry["check"] == _check(key, entry["value"]):
            return entry["value"]
    except (AttributeError, OSError, ValueError, TypeError, KeyError, RecursionError):
        pass
    return None


def remember(kind, key, value):
    """Keep a value under a key, whole or not at all, however many processes do so. A folder that cannot be written is no error.

    Args:
        kind, key: see `recall`.
        value: what JSON can hold.
    """
    path = _path(kind, key)
    if path is None:
        return
    content = json.dumps({"key": key, "value": value, "check": _check(key, value)}).encode()
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        _bound(path.parent)
        write_whole_at_once(path, content)


def forget(kind, key):
    """Remove what is kept under a key, if it can be."""
    with contextlib.suppress(AttributeError, OSError):
        _path(kind, key).unlink()


@functools.cache
def processor():
    """The kind of this machine's processor and its features, on which the last bits of results depend, as a short text."""
    features = platform.processor()
    with contextlib.suppress(OSError):
        found = re.search(r"^(?:flags|Features)\s*:(.*)$", Path("/proc/cpuinfo").read_text(errors="replace"), re.MULTILINE)
        features = hashlib.sha256(found[1].encode()).hexdigest()[:16] if found else features
    return f"{platform.machine()} {features}"


def _path(kind, key):
    folder = cache_folder()
    return folder and folder / kind / f"{hashlib.sha256(key.encode(errors='backslashreplace')).hexdigest()[:32]}.json"


def _check(key, value):
    return hashlib.sha256(json.dumps([key, value], sort_keys=True).encode()).hexdigest()


def _bound(folder):
    """Make room for an entry: what another process removed at the same time is no error."""
    paths = list(folder.iterdir())
    if len(paths) >= MOST_ENTRIES:
        ages = {path: path.stat().st_mtime for path in paths if path.exists()}
        for path in sorted(ages, key=ages.get)[: MOST_ENTRIES // 2]:
            path.unlink(missing_ok=True)
