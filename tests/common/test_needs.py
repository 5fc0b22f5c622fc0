"""What the scripts need is checked before anything else: an old Python, missing and old packages, broken ones, each in one line."""

import ast
import glob
import os
import re
import shlex
import subprocess
import sys

import pytest

from common import devices, needs
from common.cli import preflight
from common.errors import BadInput
from common.lazy import imported
from tests.support.scripts import ROOT, copy_of_project

BEFORE_THE_CHECK = ("__init__.py", "needs.py", "errors.py", "paths.py", "own_process.py")
READ_BY_OLD_PYTHONS = [*ROOT.glob("exp_*.py"), *(ROOT / "common" / name for name in BEFORE_THE_CHECK)]
OLD_PYTHONS = [path for minor in (6, 7, 8, 9) for path in glob.glob(os.path.expanduser(f"~/.pyenv/versions/3.{minor}.*/bin/python"))]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the project, without a virtual environment beside the scripts."""
    folder = copy_of_project(tmp_path_factory.mktemp("checkout") / "project")
    (folder / "requirements.txt").touch()
    return folder


def complaint_of(command, folder, packages=None):
    """The one line on stderr with which a command ends, and status 2."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"PYTHONPATH": str(packages)} if packages else {}
    process = subprocess.run([str(word) for word in command], cwd=folder, env=environment, capture_output=True, text=True)
    assert process.returncode == 2 and process.stdout == "" and process.stderr.count("\n") == 1, process.stderr
    return process.stderr


def test_an_old_python_reads_the_scripts_as_far_as_the_check():
    for path in READ_BY_OLD_PYTHONS:
        ast.parse(path.read_text(), feature_version=(3, 6))


@pytest.mark.skipif(not OLD_PYTHONS, reason="no Python older than 3.10 is here")
def test_an_old_python_is_told_which_it_needs(checkout):
    for python in OLD_PYTHONS:
        line = complaint_of([python, "exp_a_loss.py", "--help"], checkout)
        assert line.startswith("exp_a_loss.py: error: Python 3.") and "3.10 or later" in line and "-m venv" in line


def put(folder, module, distribution=None, version=None, text=""):
    """A module that stands for a package, and the folder by which pip would tell its version."""
    (folder / module).mkdir(parents=True)
    (folder / module / "__init__.py").write_text(text)
    if distribution:
        (folder / f"{distribution.replace('-', '_')}-{version}.dist-info").mkdir()


def stand_ins(folder, but=()):
    """All packages, each the oldest that will do, but for some."""
    for module, (distribution, oldest) in needs.PACKAGES.items():
        if module not in but:
            put(folder, module, distribution, oldest)
    return folder


GOOD = {  # of each kind of installation: what is put in place of the oldest versions
    "the oldest": [],
    "another build": [("tensorflow", "tensorflow-cpu", "2.20.0")],
    "a nightly build": [("tensorflow", "tf_nightly", "2.22.0.dev20260101"), ("keras", "keras-nightly", "3.9.0.dev2025010103")],
    "a release candidate": [("tensorflow", "tensorflow", "2.21.0rc1")],
    "numbers that are no decimals": [("scipy", "scipy", "1.12.0"), ("keras", "keras", "3.13.2"), ("rich", "rich", "13.0.0")],
    "a build of one's own": [("numpy", "numpy", "2.0.2+local"), ("matplotlib", "matplotlib", "0+unknown")],
    "without a distribution": [("tensorflow", None, None), ("numpy", None, None)],
    "the remains of an upgrade": [("pandas", "pandas", "1.5.3"), (None, "pandas", "2.2.2")],
}
BAD = {  # and the words that name what is wrong
    "missing": ([("scipy",), ("rich",)], ["not installed", "scipy, rich;"]),
    "old": ([("matplotlib", "matplotlib", "3.6.3"), ("pandas", "pandas", "2.0.3")], ["matplotlib 3.6.3", "3.7 or", "pandas 2.0.3"]),
    "missing and old": (
        [("joblib",), ("sklearn", "scikit-learn", "1.2")],
        ["joblib;", "scikit-learn 1.2 "],
    ),
    "another old build": ([("tensorflow", "tensorflow_cpu", "2.16.1")], ["tensorflow 2.16.1"]),
    "before the oldest": ([("tensorflow", "tensorflow", "2.18.0rc2"), ("keras", "keras", "3.8.0.dev1")], ["2.18.0rc2", "3.8.0.dev1"]),
    "9 is less than 12": ([("scipy", "scipy", "1.9.3")], ["scipy 1.9.3", "1.12 or"]),
}


def lay_out(folder, packages):
    stand_ins(folder, but=[module for module, *_ in packages])
    for module, *distribution in packages:
        if module is None:
            (folder / "{}-{}.dist-info".format(*distribution)).mkdir()
        elif distribution:
            put(folder, module, *distribution)
    return folder


def test_installations_that_will_do(tmp_path):
    for name, packages in GOOD.items():
        folder = lay_out(tmp_path / name, packages)
        command = [sys.executable, "-S", "exp_a_loss.py", "--help"]
        process = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(folder)}, capture_output=True, text=True)
        assert process.returncode == 0 and process.stderr == "", name


def test_all_that_is_missing_or_too_old_is_in_one_line_with_the_command_that_mends_it(tmp_path, checkout):
    for name, (packages, words) in BAD.items():
        line = complaint_of([sys.executable, "-S", "exp_b_activation.py"], checkout, lay_out(tmp_path / name, packages))
        assert line.startswith("exp_b_activation.py: error: ") and line.endswith("-m pip install -r requirements.txt\n"), name
        assert all(word in line for word in words), line


def test_a_folder_of_that_name_is_no_package_and_whoever_imports_the_project_is_told(tmp_path, checkout):
    stand_ins(tmp_path / "packages", but=["keras"])
    (tmp_path / "packages" / "keras" / "datasets").mkdir(parents=True)
    (tmp_path / "kernel.py").write_text(f"import sys; sys.path.insert(0, {str(checkout)!r}); import common.run")
    line = complaint_of([sys.executable, "-S", "kernel.py"], tmp_path, tmp_path / "packages")
    assert line.startswith("kernel.py: error: not installed for this Python: keras;") and str(checkout / "requirements.txt") in line


def test_a_forgotten_virtual_environment_is_named_if_it_will_do(tmp_path):
    copy, command = copy_of_project(tmp_path / "my project"), [sys.executable, "-S", "exp_c_optimizer.py", "--help"]
    assert "tensorflow>=2.18" in complaint_of(command, copy)  # without a file of requirements they are named
    (copy / "requirements.txt").touch()
    packages = stand_ins(copy / ".venv" / "lib" / "python3.12" / "site-packages", but=["scipy"])
    assert "pip install -r requirements.txt" in complaint_of(command, copy)
    put(packages, "scipy", "scipy", "1.11")
    assert "pip install -r requirements.txt" in complaint_of(command, copy)
    (packages / "scipy-1.11.dist-info").rename(packages / "scipy-1.15.dist-info")
    assert complaint_of(command, copy).endswith(": source .venv/bin/activate\n")
    command[2] = copy / command[2]
    assert complaint_of(command, tmp_path).endswith(": source 'my project/.venv/bin/activate'\n")
    (copy / ".venv" / "lib" / "python3.12").rename(copy / ".venv" / "lib" / "python3.9")
    assert "pip install -r" in complaint_of(command, tmp_path)


def test_where_the_system_forbids_pip_an_environment_is_made(monkeypatch, tmp_path):
    """As Debian and Homebrew do (PEP 668)."""
    (tmp_path / "EXTERNALLY-MANAGED").touch()
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    monkeypatch.setattr(needs, "ENVIRONMENT", ".nonesuch")
    monkeypatch.chdir(ROOT)
    assert re.search(r"-m venv .nonesuch && .nonesuch/bin/python -m pip install -r requirements.txt$", needs.way_out())


def test_a_version_that_no_distribution_tells_is_that_of_the_module(monkeypatch):
    monkeypatch.setattr(needs, "_distributions", lambda folder: {})
    assert needs.problem() is None
    preflight.require_versions()
    for module, version in {"matplotlib": "3.5.1", "pandas": "1.5.3", "tensorflow": "2.12.0"}.items():
        with monkeypatch.context() as patch:
            patch.setattr(f"{module}.__version__", version)
            with pytest.raises(BadInput, match=rf"{module} {version} is too old.*pip install -r"):
                (devices.start if module == "tensorflow" else preflight.require_versions)()


BROKEN = {  # what packages have said when they could not be imported
    "compiled for another NumPy": (
        "raise ImportError('numpy.core.multiarray failed to import\\nand more')",
        "ImportError: numpy.core.multiarray",
    ),
    "a library is missing": ("raise OSError('libcudart.so.12: cannot open shared object file')", "OSError: libcudart.so.12"),
    "a dependency is missing": ("import nonesuch.below", "ModuleNotFoundError: No module named 'nonesuch'"),
    "a name has moved": ("import numpy; numpy.no_such_name", "AttributeError: module 'numpy' has no attribute 'no_such_name'"),
    "half of it is there": ("assert False", "AssertionError"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_package_is_named_with_the_first_line_of_what_it_said(name, tmp_path, monkeypatch, capfd):
    code, words = BROKEN[name]
    put(tmp_path, "broken_one", text=f"import sys; print('two screens', file=sys.stderr); {code}\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BadInput) as caught:
        imported("broken_one")
    message = str(caught.value)
    assert message.startswith(f"broken_one cannot be imported ({words}") and "pip install --force-reinstall -r" in message
    assert "\n" not in message and capfd.readouterr() == ("", "")
    sys.modules.pop("broken_one", None)


def test_what_is_said_by_a_package_that_can_be_imported_is_passed_on(tmp_path, monkeypatch, capfd):
    put(tmp_path, "talkative", text="import sys; print('a note', file=sys.stderr)")
    monkeypatch.syspath_prepend(tmp_path)
    assert imported("talkative").__name__ == "talkative" and capfd.readouterr().err == "a note\n"
    del sys.modules["talkative"]
    monkeypatch.setattr(sys, "stderr", None)  # as Python leaves it where there is none
    assert imported("talkative").__name__ == "talkative"
    del sys.modules["talkative"]


@pytest.mark.parametrize("closed", ["2>&-", "2>/dev/full"])
def test_without_stderr_the_status_tells(closed):
    process = subprocess.run(f"{shlex.quote(sys.executable)} -S exp_a_loss.py {closed}", shell=True, cwd=ROOT, stdout=subprocess.PIPE)
    assert process.returncode == 2 and process.stdout == b""


def test_mistakes_of_the_project_itself_are_no_broken_packages(tmp_path, monkeypatch, capfd):
    (tmp_path / "exp_mine.py").write_text("import sys; print('on the way', file=sys.stderr); 1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ZeroDivisionError):
        imported("exp_mine")
    assert capfd.readouterr().err == "on the way\n"


def test_a_script_ends_in_a_line_where_a_package_is_broken(tmp_path):
    put(tmp_path / "packages", "sklearn", "scikit-learn", "1.6.1", "raise ImportError('dlopen: cannot allocate memory')")
    out = tmp_path / "out"
    line = complaint_of([sys.executable, "exp_b_activation.py", "--out", out], ROOT, tmp_path / "packages")
    assert line.startswith("exp_b_activation.py: error: sklearn cannot be imported (ImportError: dlopen: ") and not out.exists()


def test_there_is_one_table_of_oldest_versions():
    """That of the check is that of requirements.txt, of pyproject.toml and of what .ci/versions installs."""
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line[0] != "#"]
    refused, required = ([line for line in lines if ("<" in line) is refuses] for refuses in (True, False))
    assert [line.split(";")[1] for line in refused] == [f' python_version < "{needs._dotted(needs.PYTHON)}"']
    oldest = dict(re.split(">=|;", line)[:2] for line in required)
    assert oldest == dict(needs.PACKAGES.values())
    project = (ROOT / "pyproject.toml").read_text()
    assert f'requires-python = ">={needs._dotted(needs.PYTHON)}"' in project
    declared = [
        words for line in re.findall(r"^(?:dependencies|plot) = \[(.*)\]", project, re.MULTILINE) for words in re.findall('"(.*?)"', line)
    ]
    assert len(declared) == 5 and dict(words.split(">=") for words in declared).items() <= oldest.items()
    script = (ROOT / ".ci" / "environment").read_text()
    installed = dict(word.split("==") for line in re.findall(r'oldest\]?="(.*)"', script) for word in line.split() if "==" in word)
    del installed["distributed"]  # of requirements-cluster.txt
    assert {name: needs._numbers(version) for name, version in installed.items()} == {
        name: needs._numbers(version) for name, version in oldest.items()
    }
