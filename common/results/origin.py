"""The origin of what a call makes: a digest of all that it is made of and made by. What is on disk with the same origin stays as it is."""

import ast
import hashlib
import os
import platform
import re
import sys
from pathlib import Path

from common.lazy import OURS, LazyModule
from common.paths import ROOT, code_files

metadata = LazyModule("importlib.metadata")
PACKAGES = ("numpy", "pandas", "scipy", "matplotlib", "contourpy", "kiwisolver", "pillow", "jinja2", "markupsafe", "rich")
KNOWN = {*OURS, *sys.stdlib_module_names, "numpy", "pandas", "scipy", "matplotlib", "keras", "tensorflow"}  # the last two draw nothing
FILES = ("common/**/templates/*", "common/**/*.csv")  # that outputs are made with, beside the code; patterns below ROOT


def digest_of(parts):
    """The SHA-256 of a series of bytes, each kept apart from the next, as text."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def _content(path):
    try:
        return b"there:" + path.read_bytes()
    except OSError:
        return b""


def _of_code():
    files = sorted({*code_files(), *(path for pattern in FILES for path in ROOT.glob(pattern) if path.is_file())})
    return digest_of(part for path in files for part in (path.relative_to(ROOT).as_posix().encode(), _content(path)))


AT_START = _of_code()  # the code that this process runs, whatever becomes of the files


def of_making(experiment):
    """The origin of whatever is made of any results of an experiment: the code, the packages, the style.

    Args:
        experiment: the `Experiment`, with the settings that this call compares.

    Returns:
        A digest; None if it cannot be known: of an experiment that is not the project's own, or where code has changed on disk since it was
        loaded.
    """
    if not _is_of_the_project(experiment) or _of_code() != AT_START:
        return None
    protocol = re.sub(r" at 0x\w+", "", repr(experiment))  # its functions by their names alone: their code is the project's
    packages = [f"{name} {_version(name)}" for name in PACKAGES]
    words = (AT_START, protocol, platform.python_version(), *packages, digest_of(map(_content, _style_files())))
    return digest_of(word.encode() for word in words)


def of_results(making, trained):
    """The origin of the outputs of a call; None if that of their making is.

    Args:
        making: that of `of_making`.
        trained: the `Trained` cells; the records of their stacks hold the digests of all their files.
    """
    if making is None:
        return None
    records = [(stack.folder(trained.root) / "cell.json").read_bytes() for stack in trained.stacks.all]
    return digest_of([making.encode(), repr((trained.looks, trained.stacks.cells)).encode(), *records])


def _is_of_the_project(experiment):
    """Whether the project's files hold all functions of an experiment, and its modules use, beside them, only packages whose versions are
    known here and Python's own, so that they tell all about it."""
    functions = [type(experiment.report), *filter(callable, vars(experiment).values())]
    modules = {sys.modules.get(function.__module__) for function in functions}
    files = {module: Path(getattr(module, "__file__", None) or "").resolve() for module in modules}
    if not {*files.values()} <= set(code_files()):
        return False
    own = [module for module in modules if module.__name__.partition(".")[0] not in OURS]
    known = KNOWN | {file.stem for file in code_files() if file.parent == ROOT}
    return {name.partition(".")[0] for module in own for name in _imports(module, files[module])} <= known


def _imports(module, file):
    """Yield the full names of the modules that a module imports, at once, in its functions, or lazily."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."
    yield from (vars(value)["_name"] for value in vars(module).values() if isinstance(value, LazyModule))


def _version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "unknown"


def _style_files():
    """All places where matplotlib looks for a matplotlibrc (matplotlib.org: Customizing Matplotlib), whichever it takes."""
    named = os.environ.get("MATPLOTLIBRC")
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    folders = (os.environ.get("MPLCONFIGDIR"), os.path.join(config, "matplotlib"), os.path.expanduser("~/.matplotlib"))
    nowhere = os.path.join(os.devnull, "nothing")
    return [Path(folder or nowhere, "matplotlibrc") for folder in (os.curdir, named, *folders)] + [Path(named or nowhere)]
