"""Facts about data that are kept in the user's cache, each under all that it depends on, so that no array is made only to be hashed."""

import functools
import hashlib
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from common.store import user_cache

PACKAGES = ("numpy", "scikit-learn", "pandas")  # that make or read the arrays


def fact(kind, of_what, find, is_fact):
    """The value of a fact about data: the one in the cache, else found now and kept there.

    Args:
        kind: name of the facts that belong together.
        of_what: text that identifies the data. The code of this folder, the versions of packages and the processor are added to it.
        find: function without arguments that returns the fact, of dicts, lists, strings and numbers.
        is_fact: function that tells whether a value has the form of the fact.
    """
    key = _key(of_what)
    known = key and user_cache.recall(kind, key)
    if known is not None and is_fact(known):
        return known
    found = find()
    if key:
        user_cache.remember(kind, key, found)
    return found


def forget(kind, of_what):
    """Remove a fact that has proved wrong. Arguments as those of `fact`."""
    if key := _key(of_what):
        user_cache.forget(kind, key)


def _key(of_what):
    makers = _makers()
    return makers and f"{makers}\n{of_what}"


@functools.cache
def _makers():
    """The code, packages and processor that make arrays, as text; None where a package does not say its version."""
    code = hashlib.sha256()
    try:
        for path in sorted(Path(__file__).parent.glob("*.py")):
            code.update(path.read_bytes())
        packages = [f"{name} {version(name)}" for name in PACKAGES]
    except (OSError, PackageNotFoundError):
        return None
    features = os.environ.get("NPY_DISABLE_CPU_FEATURES", ""), os.environ.get("NPY_ENABLE_CPU_FEATURES", "")
    return " ".join([code.hexdigest(), platform.python_version(), *packages, user_cache.processor(), *features])
