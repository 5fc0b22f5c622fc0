"""Modules that are imported when they are first used, so that --help and mistakes are answered at once."""

import importlib


def lazy_modules(names):
    """A `LazyModule` for each of the full names in a string, a list.

    Example:

    ```python
    np, keras = lazy_modules("numpy keras")  # takes no time
    keras.Sequential  # imports Keras
    ```
    """
    return [LazyModule(name) for name in names.split()]


class LazyModule:
    """A module that is imported when one of its names is first looked up.

    Our own, because a module of `importlib.util.LazyLoader` is lazy for the whole process and cannot be pickled; experiments, whose
    functions refer to these, travel to other processes.

    Args:
        name: the module's full name.
    """

    def __init__(self, name):
        self._name = name

    def __getattr__(self, attribute):
        if attribute.startswith("_"):  # pickle and inspect look for what a module need not have
            raise AttributeError(attribute)
        return getattr(importlib.import_module(self._name), attribute)
