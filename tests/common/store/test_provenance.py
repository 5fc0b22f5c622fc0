"""A cell says which code trained it."""

import json
import os
import subprocess
import sys

import keras
import pytest

from common import paths
from common.store import provenance
from tests.support.scripts import copy_of_project
from tests.support.undrawn import run_undrawn


def git(folder, *words):
    command = ["git", "-C", str(folder), "-c", "user.name=somebody", "-c", "user.email=some@body", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder):
    """Put all files of a folder into a repository of its own; gives the commit."""
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        git(folder, *words)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A folder with code, for which `git_state` is asked."""
    (tmp_path / "code.py").write_text("1\n")
    monkeypatch.setattr(paths, "ROOT", tmp_path.resolve())
    provenance.git_state.cache_clear()
    yield tmp_path
    provenance.git_state.cache_clear()


def test_a_checkout_has_a_commit_and_may_be_changed_since(checkout):
    clean = {"commit": commit(checkout), "dirty": False}
    assert provenance.git_state() == clean
    (checkout / "more.py").write_text("2\n")
    assert provenance.git_state() == clean  # asked once a process: a sweep's cells are all of one state
    provenance.git_state.cache_clear()
    assert provenance.git_state() == {**clean, "dirty": True}


BESIDE_THE_CODE = ["results/exp_a_loss/table.csv", "my notes.ipynb", "plots/other.py", "common/page/templates/mine.html", "data/train.csv"]
CODE = ["more.py", "exp_mine.py", "common/new.py", "common/data/deep/new.py", "kerascope/new.py"]


@pytest.mark.parametrize("name", [*BESIDE_THE_CODE, *CODE])
@pytest.mark.parametrize("config", ["normal", "no"])
def test_only_code_that_a_training_runs_makes_a_checkout_changed(name, config, checkout):
    """A folder of results, a notebook or data beside the code do not, whatever git shows its user."""
    state = {"commit": commit(checkout), "dirty": name in CODE}
    git(checkout, "config", "status.showUntrackedFiles", config)
    (checkout / name).parent.mkdir(parents=True, exist_ok=True)
    (checkout / name).write_text("2\n")
    assert provenance.git_state() == state


@pytest.mark.parametrize("change", ["edited", "staged", "removed", "moved"])
def test_any_change_of_code_makes_a_checkout_changed(change, checkout):
    (checkout / "common").mkdir()
    (checkout / "common" / "code.py").write_text("1\n")
    commit(checkout)
    if change in ("edited", "staged"):
        (checkout / "common" / "code.py").write_text("2\n")
    if change == "removed":
        (checkout / "common" / "code.py").unlink()
    if change == "moved":
        (checkout / "common" / "code.py").rename(checkout / "common" / "other.py")
    if change == "staged":
        git(checkout, "add", ".")
    assert provenance.git_state()["dirty"] is True


def test_versions_are_what_the_modules_say_of_themselves(monkeypatch):
    """Whatever distribution brought them: tensorflow-cpu has no metadata by the name of tensorflow."""
    monkeypatch.setattr("tensorflow.__version__", "2.99.0-dev1")
    monkeypatch.setattr("importlib.metadata.version", lambda name: pytest.fail("a distribution was asked"))
    provenance.versions.cache_clear()
    try:
        found = provenance.versions()
    finally:
        provenance.versions.cache_clear()
    assert found["tensorflow"] == "2.99.0-dev1" and found["keras"] == keras.__version__
    assert sorted(found) == ["keras", "numpy", "pandas", "scikit-learn", "tensorflow"]


DECIDES = {  # the bytes of results
    "TF_DETERMINISTIC_OPS": "1",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_CUDNN_USE_AUTOTUNE": "0",
    "TF_GPU_THREAD_MODE": "gpu_private",
    "TF_USE_CUBLASLT": "1",
    "XLA_FLAGS": "--xla_cpu_enable_fast_math=true",
    "OMP_NUM_THREADS": "3",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_CBWR": "COMPATIBLE",
    "NVIDIA_TF32_OVERRIDE": "0",
    "CUDA_VISIBLE_DEVICES": "1",
    "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3",
}
PRIVATE = {  # secrets, places and hosts; and what says nothing about bytes
    "TF_VAR_db_password": "secret",
    "TF_TOKEN_app_terraform_io": "secret",
    "TF_CONFIG": '{"cluster": {"worker": ["host:1"]}}',
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF2_BEHAVIOR": "1",  # which TensorFlow sets itself
    "KMP_INIT_AT_FORK": "FALSE",  # and scikit-learn
    "NVIDIA_API_KEY": "secret",
    "NCCL_COMM_ID": "10.0.0.1:5",
    "KERAS_HOME": "/home/somebody/keras",
    "CUDA_HOME": "/opt/cuda",
    "MY_XLA_FLAGS": "--mine",
    "KAGGLE_KEY": "secret",
}


def test_variables_that_decide_bytes_are_recorded_and_nothing_private(monkeypatch):
    for name in [name for name in os.environ if provenance.VARIABLES.fullmatch(name)]:
        monkeypatch.delenv(name)
    assert provenance.environment() == {}
    for name, value in {**PRIVATE, **DECIDES}.items():
        monkeypatch.setenv(name, value)
    assert provenance.environment() == DECIDES and list(provenance.environment()) == sorted(DECIDES)


def test_of_flags_no_paths_are_recorded(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_dump_to=/home/somebody/dump --xla_gpu_deterministic_ops=true --xla_gpu_cuda_data_dir=/opt/cuda")
    monkeypatch.setenv("TF_XLA_FLAGS", "--tf_xla_persistent_cache_directory=/home/somebody/.cache")
    monkeypatch.setenv("OMP_TOOL_LIBRARIES", r"C:\Users\somebody\tool.dll")
    found = provenance.environment()
    assert found["XLA_FLAGS"] == "--xla_gpu_deterministic_ops=true" and not {"TF_XLA_FLAGS", "OMP_TOOL_LIBRARIES"} & set(found)


def test_what_is_no_checkout_of_its_own_has_none(checkout, monkeypatch):
    git(checkout, "init", "-q")
    assert provenance.git_state() is None  # without a commit
    provenance.git_state.cache_clear()
    (checkout / "below").mkdir()
    monkeypatch.setattr(paths, "ROOT", checkout / "below")
    assert provenance.git_state() is None  # of another project
    provenance.git_state.cache_clear()
    monkeypatch.setenv("PATH", "")
    assert provenance.git_state() is None  # without git


@pytest.mark.slow
@pytest.mark.parametrize(("variable", "words", "deterministic"), [("1", "off", True), ("", "on", True)])
def test_a_cell_says_whether_its_operations_were_deterministic(variable, words, deterministic, tmp_path, monkeypatch):
    """By the variable as by the flag."""
    if variable:
        monkeypatch.setenv("TF_DETERMINISTIC_OPS", variable)
    flags = ["--datasets", "moons", "--activations", "relu", "--epochs", "1", "--seeds", "1", "--determinism", words]
    process = run_undrawn("exp_b_activation.py", tmp_path, *flags)
    assert process.returncode == 0, process.stderr
    (record,) = (json.loads(path.read_text()) for path in tmp_path.glob("exp_b_activation/cells/*/*/cell.json"))
    assert record["deterministic"] is deterministic and record["environment"].get("TF_DETERMINISTIC_OPS", "") == variable
    assert record["environment"].items() <= os.environ.items()


@pytest.mark.slow
def test_a_script_in_a_checkout_of_its_own_writes_its_commit_into_every_cell(tmp_path):
    """From the outside: whatever folder a module lies in, it must find the project's root."""
    copy = copy_of_project(tmp_path / "project")
    (copy / ".gitignore").write_text("__pycache__/\n")
    state = {"commit": commit(copy), "dirty": False}
    out = copy / "results of mine"  # within it, and under a name that git does not ignore
    words = ["--datasets", "moons", "--activations", "relu", "--epochs", "1", "--seeds", "1", "--out", str(out)]
    process = subprocess.run([sys.executable, "exp_b_activation.py", *words], cwd=copy, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    (record,) = out.glob("exp_b_activation/cells/*/*/cell.json")
    assert json.loads(record.read_text())["git"] == state
