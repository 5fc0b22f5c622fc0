"""The check that Python and the packages are there and new enough, before anything heavy is imported.

In syntax that Python 3.6 reads, so that an old Python, too, is answered in one line. Versions are read from the names of the folders that
`pip` leaves beside a package: all of this takes 6 ms, where `importlib.metadata` takes 32 to be imported and 12 to read ten versions.
"""

import contextlib
import functools
import importlib.util
import os
import re
import sys
from importlib.machinery import PathFinder

from common.errors import BadInput

PYTHON = (3, 10)
PACKAGES = {  # {module: (distribution, oldest version)}, as in requirements.txt
    "tensorflow": ("tensorflow", "2.18"),
    "keras": ("keras", "3.8"),
    "sklearn": ("scikit-learn", "1.3.2"),
    "joblib": ("joblib", "1.3.2"),
    "scipy": ("scipy", "1.12"),
    "numpy": ("numpy", "1.26"),
    "pandas": ("pandas", "2.1.1"),
    "matplotlib": ("matplotlib", "3.7"),
    "jinja2": ("jinja2", "3.1"),
    "rich": ("rich", "13"),
}
BUILDS = {  # other distributions that bring a module, in the same versions
    "tensorflow": (
        *("tensorflow-cpu", "tensorflow-gpu", "tensorflow-intel", "intel-tensorflow", "tensorflow-macos", "tensorflow-rocm"),
        *("tensorflow-aarch64", "tensorflow-cpu-aws", "tf-nightly", "tf-nightly-cpu"),
    ),
    "keras": ("keras-nightly",),
}
STATUS = 2  # of bad input, as common.cli.streams has it, which no old Python reads
ENVIRONMENT = ".venv"  # that the README's commands make
_VERSION = re.compile(r"v?(?:\d+!)?(\d+(?:\.\d+)*)(.*)", re.DOTALL)
_BEFORE_RELEASE = re.compile(r"[-_.]?(a|b|c|rc|alpha|beta|pre|preview|dev)([-_.\d]|$)", re.IGNORECASE)


class Unmet(SystemExit):
    """The end of a process that lacks what this project needs. Its text is one line."""

    def __init__(self, line):
        super().__init__(STATUS)
        self.line = line

    def __str__(self):
        return self.line


def require():
    """End the process, with one line on stderr, unless Python and the packages will do.

    Raises:
        Unmet: if they will not.
    """
    found = problem()
    if found is None:
        return
    name = os.path.basename(sys.argv[0]) if getattr(sys, "argv", None) else ""
    line = "{}: error: {}".format(name if name.endswith(".py") else "common", found)
    line = " ".join(line.encode("ascii", "backslashreplace").decode().split())
    with contextlib.suppress(AttributeError, OSError, ValueError):  # it is closed
        sys.stderr.write(line + "\n")
    raise Unmet(line)


def problem():
    """The reason why this interpreter cannot run the scripts, and the way out, in a line; None if it can."""
    if sys.version_info < PYTHON:
        return "Python {}.{}.{} is too old, this needs {} or later; {}".format(*sys.version_info[:3], _dotted(PYTHON), way_out(python=True))
    faults = _faults(importlib.util.find_spec)
    return f"{_listed(faults)}; {way_out()}" if faults else None


def too_old(module, version):
    """The complaint about a module of `PACKAGES` of this version, without the way out; None if it is new enough or cannot be compared."""
    distribution, oldest = PACKAGES[module]
    return f"{distribution} {version} is too old, this needs {oldest} or later" if is_older(version, oldest) else None


def require_imported():
    """Check the versions of the packages that are imported, as they say themselves: the distribution of some names none.

    Raises:
        BadInput: if one is too old.
    """
    versions = {module: getattr(sys.modules.get(module), "__version__", None) for module in PACKAGES}
    faults = [fault for fault in (too_old(module, version) for module, version in versions.items() if version) if fault]
    if faults:
        raise BadInput("{}; {}".format("; ".join(faults), way_out()))


def without_version(modules=PACKAGES):
    """The modules (all of `PACKAGES` by default) beside which no distribution tells their version, list of names."""
    return [module for module in modules if version_of(module, importlib.util.find_spec(module)) is None]


def is_older(version, oldest):
    """Whether a version, as packages name theirs, comes before another; False for one that cannot be compared, such as `"unknown"`."""
    release, wanted = _numbers(version), _numbers(oldest)
    before = release == wanted and _BEFORE_RELEASE.match(_VERSION.match(version).group(2))
    return bool(release and (release < wanted or before))


def version_of(module, spec):
    """The version of a module by the distribution beside it, None if there is none.

    Args:
        module: a name of `PACKAGES`.
        spec: the module's spec.
    """
    home = os.path.dirname(os.path.dirname(getattr(spec, "origin", None) or ""))
    distributions = _distributions(home)
    names = (PACKAGES[module][0], *BUILDS.get(module, ()))
    versions = [version for name in names for version in distributions.get(name, ())]
    return max(versions, key=_numbers) if versions else None  # the remains of an upgrade may lie beside it


def _faults(find_spec):
    """The packages that are missing or too old, list of `(fault, text)`. `find_spec` gives the spec of a module, or None."""
    faults = []
    for module, (distribution, _) in PACKAGES.items():
        try:
            spec = find_spec(module)
        except ValueError:  # what was put into sys.modules without one
            continue
        if spec is None or spec.origin is None:  # a folder that happens to have its name
            faults.append(("missing", distribution))
            continue
        version = version_of(module, spec)
        fault = version and too_old(module, version)
        if fault:
            faults.append(("old", fault))
    return faults


def _listed(faults):
    missing = [text for fault, text in faults if fault == "missing"]
    not_installed = ["not installed for this Python: {}".format(", ".join(missing))] if missing else []
    return "; ".join(not_installed + [text for fault, text in faults if fault == "old"])


@functools.lru_cache(maxsize=None)  # noqa: UP033  (Python 3.6 has no cache)
def _distributions(folder):
    """`{distribution: versions}` of a folder, by the names of what lies in it: `scikit_learn-1.6.1.dist-info`."""
    found = {}
    try:
        names = os.listdir(folder) if folder else []
    except OSError:  # an archive, or nothing
        names = []
    for name in names:
        if name.endswith((".dist-info", ".egg-info")):
            distribution, _, rest = name.rpartition(".")[0].partition("-")
            if rest:
                found.setdefault(re.sub(r"[-_.]+", "-", distribution).lower(), []).append(rest.partition("-")[0])
    return found


def _numbers(version):
    """The numbers of a version's release, without zeros at their end; `()` for what is no version."""
    parts = _VERSION.match(version)
    numbers = [int(number) for number in parts.group(1).split(".")] if parts else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _dotted(version):
    return ".".join(map(str, version))


def way_out(python=False, again=False):
    """The command that mends it, in words: another virtual environment, or packages that are installed.

    Args:
        python: whether this Python is at fault. Defaults to False.
        again: whether the packages are there, but cannot be imported. Defaults to False.
    """
    from common.paths import ROOT

    root, in_use = str(ROOT), os.path.realpath(sys.prefix)
    environment = os.path.join(root, ENVIRONMENT)
    windows = os.name == "nt"
    if in_use != os.path.realpath(environment) and not again and _has_all(environment):
        script = os.path.join(environment, "Scripts", "activate") if windows else os.path.join(environment, "bin", "activate")
        return "the virtual environment beside the scripts has what is needed: {}{}".format("" if windows else "source ", _shown(script))
    install = "-m pip install {}{}".format("--force-reinstall " if again else "", _wanted(root))
    if not python and not _is_managed():
        return f"this mends it: {_command()} {install}"
    clear = "--clear " if in_use == os.path.realpath(environment) else ""
    own = os.path.join(environment, "Scripts", "python") if windows else os.path.join(environment, "bin", "python")
    maker = _newer() if python else _command()
    return f"this mends it: {maker} -m venv {clear}{_shown(environment)} && {_shown(own)} {install}"


def _has_all(environment):
    """Whether a virtual environment has all that is needed."""
    import glob

    places = glob.glob(os.path.join(glob.escape(environment), "lib", "python3.*", "site-packages"))
    for folder in [*places, os.path.join(environment, "Lib", "site-packages")]:
        python = re.search(r"python3\.(\d+)", folder[len(environment) :])
        new_enough = os.path.isdir(folder) and (python is None or (3, int(python.group(1))) >= PYTHON)
        if new_enough and not _faults(lambda module, folder=folder: PathFinder.find_spec(module, [folder])):
            return True
    return False


def _is_managed():
    """Whether `pip` refuses to install into this Python, because the system's packages are (PEP 668)."""
    import sysconfig

    return sys.prefix == sys.base_prefix and os.path.exists(os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED"))


def _newer():
    import shutil

    names = [f"python3.{minor}" for minor in range(13, PYTHON[1] - 1, -1)]
    return next((name for name in names if shutil.which(name)), f"python{_dotted(PYTHON)}")


def _command():
    """This interpreter, as one may call it."""
    import shutil

    executable = sys.executable or "python"
    names = [name for name in ("python", "python3", os.path.basename(executable)) if shutil.which(name) == executable]
    return names[0] if names else _shown(executable)


def _wanted(root):
    """The words after `pip install`."""
    import shlex

    file = os.path.join(root, "requirements.txt")
    if os.path.exists(file):  # else this is a part of the checkout, as on a cluster's worker
        return f"-r {_shown(file)}"
    return " ".join(shlex.quote(f"{distribution}>={oldest}") for distribution, oldest in PACKAGES.values())


def _shown(path):
    """A path as a word for the shell, below the current folder where it lies there."""
    import shlex

    try:
        here = os.path.realpath(os.getcwd()) + os.sep
    except OSError:  # it is gone
        here = None
    if here and path.startswith(here):
        path = path[len(here) :]
    return f'"{path}"' if os.name == "nt" and " " in path else path if os.name == "nt" else shlex.quote(path)
