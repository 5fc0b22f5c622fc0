"""Running a script as its users do: in a process of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "keras"  # the real Fashion-MNIST, where it is at hand


def run_script(name, out, *words, keras_home=None, **kwargs):
    """Run a script with `--out out` and the words; returns the finished process, its output as text."""
    return _run([str(ROOT / name)], out, words, keras_home, **kwargs)


def run_without_tensorflow(name, out, *words):
    """The same; fails if the script needed TensorFlow, as a call that finds everything done must not."""
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import {name.removesuffix('.py')} as script; status = script.main(sys.argv[1:])\n"
        "assert 'tensorflow' not in sys.modules; sys.exit(status)"
    )
    return run_code(code, out, *words)


def copy_of_project(folder):
    """A copy of the scripts and their packages; gives the folder."""
    for package in ("common", "kerascope"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.glob("exp_*.py"):
        shutil.copy(path, folder)
    return folder


def tables_of(folder):
    """The contents of the tables in a folder, as bytes."""
    return {path.name: path.read_bytes() for path in folder.glob("*.csv")}


def files_of(folder):
    """Everything that a call left but what says when and by which command."""
    files = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.suffix in (".csv", ".npz", ".h5")}
    for path in folder.rglob("cell.json"):
        record = json.loads(path.read_text())
        of_this_call = ("seconds", "seconds_per_epoch", "written", "command", "sha256")
        files[path.relative_to(folder)] = {name: value for name, value in record.items() if name not in of_this_call}
    return files


def run_code(code, out, *words, **kwargs):
    """Run code in place of a script, with `--out out` and the words."""
    return _run(["-c", code], out, words, **kwargs)


def _run(script, out, words, keras_home=None, **kwargs):
    environment = {**os.environ, "KERAS_HOME": str(keras_home or out / "no-keras-home")}
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
    command = [sys.executable, *script, "--out", str(out), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, **kwargs)
