"""Facts about data that are kept in the user's cache, each under all that it depends on, so that no array is made only to be hashed."""

import functools
import hashlib
import importlib.util
import os
import platform
from pathlib import Path

from common import needs
from common.store import user_cache

PACKAGES = ("numpy", "sklearn", "pandas")  # that make or read the arrays


def fact(kind, of_what, find):
    """The value of a fact about data: the one in the cache, else found now and kept there.

    Args:
        kind: name of the facts that belong together.
        of_what: text that identifies the data. The code of this folder, the versions of packages and the processor are added to it.
        find: function without arguments that returns the fact, of dicts, lists, strings and numbers.
    """
    key = _key(of_what)
    known = key and user_cache.recall(kind, key)
    if known is not None:  # whole, and of this very code
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
    except OSError:
        return None
    versions = [needs.version_of(name, importlib.util.find_spec(name)) for name in PACKAGES]
    if None in versions:
        return None
    features = os.environ.get("NPY_DISABLE_CPU_FEATURES", ""), os.environ.get("NPY_ENABLE_CPU_FEATURES", "")
    return " ".join([code.hexdigest(), platform.python_version(), *versions, user_cache.processor(), *features])
