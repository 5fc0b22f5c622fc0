"""Modules that are imported when they are first used, so that --help and mistakes are answered at once."""

import contextlib
import importlib
import io
import sys
import threading
import traceback

from common import keras_settings, needs
from common.errors import BadInput, first_line

OURS = ("common", "kerascope")


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
        return getattr(imported(self._name), attribute)


def imported(name):
    """The module of a full name, imported.

    Raises:
        BadInput: if a package that it imports is broken; quotes the first line of what went wrong there, and says what mends it. Mistakes
            of this project's own are raised as they are.
    """
    if name in sys.modules:
        return importlib.import_module(name)  # which waits for a thread that is at it
    try:
        with _held_back_if_it_fails():
            return importlib.import_module(name)
    except Exception as error:
        package = _at_fault(error)
        if package is None:
            raise
        why = f"{package} cannot be imported ({type(error).__name__}: {first_line(error)})"
        settings = keras_settings.in_words() if package == "keras" else ""
        raise BadInput("; ".join(filter(None, [why, settings, needs.way_out(again=True)]))) from error


class _Held(io.TextIOBase):
    """A stream that holds back what is written, until `let_go`; from then on it writes to stderr, for a log handler that was made meanwhile
    keeps it."""

    def __init__(self):
        super().__init__()
        self.text = []

    def write(self, text):
        if self.text is None:
            sys.stderr.write(text)
        else:
            self.text.append(text)
        return len(text)

    def flush(self):
        if self.text is None:
            sys.stderr.flush()

    def let_go(self):
        """Hold back no more; returns what was."""
        held, self.text = self.text, None
        return "".join(held)


@contextlib.contextmanager
def _held_back_if_it_fails():
    """A block whose lines on stderr are dropped if it fails by the fault of a package, such as NumPy's two screens about modules that were
    compiled for another NumPy. In other threads than the first nothing is: stderr belongs to all."""
    if sys.stderr is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    said, failed = _Held(), None
    try:
        with contextlib.redirect_stderr(said):
            yield
    except Exception as error:
        failed = error
        raise
    finally:
        text = said.let_go()
        if failed is None or _at_fault(failed) is None:
            sys.stderr.write(text)


def _at_fault(error):
    """The package of others that the project's code was importing when this happened; None if it was none."""
    modules = [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__)]
    packages = [module.partition(".")[0] for module in modules if not module.startswith("importlib")]
    last = max((i for i, package in enumerate(packages) if package in OURS or package.startswith("exp_")), default=-1)
    missing = (getattr(error, "name", None) or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    package = packages[last + 1] if len(packages) > last + 1 else missing
    return package if package and package not in OURS else None
