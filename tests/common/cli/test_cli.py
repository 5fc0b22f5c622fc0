"""The command line answers at once, and TensorFlow keeps its chatter to itself."""

import argparse
import contextlib
import multiprocessing
import os
import subprocess
import sys
from unittest.mock import Mock

import pytest

from common import cli, devices
from common.cli import preflight
from common.experiment.find import find_experiments
from tests.support.scripts import ROOT
from tests.support.sweeps import EXPERIMENT

EXPERIMENTS = find_experiments()


@pytest.mark.parametrize(
    ("words", "seeds"),
    [
        ([], None),
        (["--seeds", "2"], [0, 1]),
        (["--seeds", "7,"], [7]),
        (["--seeds", "3,1", "9"], [3, 1, 9]),
        (["--seeds", "0", "4294967295"], [0, 4294967295]),
    ],
)
def test_seeds_are_a_count_or_a_list(words, seeds):
    assert cli.parse(EXPERIMENT, words).seeds == seeds


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_help_shows_an_example_and_every_setting_with_its_default(name):
    shown, experiment = cli.build_parser(EXPERIMENTS[name]).format_help(), EXPERIMENTS[name]
    assert experiment.example in shown and str(experiment.epochs) in shown
    for setting in experiment.settings:
        assert f"--{setting.flag}" in shown and (setting.type is bool or all(str(value) in shown for value in setting.default))


@pytest.mark.parametrize(("words", "status"), [(["--help"], 0), (["--lr", "nan"], 2)], ids=["help", "mistake"])
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_neither_help_nor_a_mistake_imports_anything_heavy(name, words, status):
    code = (
        f"import sys, {name} as script\n"
        "try: script.main(sys.argv[1:])\n"
        "finally: print({'tensorflow', 'keras', 'sklearn', 'pandas', 'matplotlib', 'scipy', 'numpy'} & {*sys.modules})"
    )
    result = subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True)
    assert result.stdout.splitlines()[-1] == "set()" and result.returncode == status


@pytest.mark.parametrize("error", [OSError(30, "Read-only file system"), OSError(38, "Not implemented"), ImportError("no sem_open")])
@pytest.mark.parametrize("jobs", [1, 2])
def test_without_semaphores_there_is_one_job_and_one_line_if_more_were_asked_for(monkeypatch, error, jobs):
    monkeypatch.setenv("JOBLIB_MULTIPROCESSING", "1")
    monkeypatch.setattr(multiprocessing.get_context("fork"), "Lock", Mock(side_effect=error))
    args, lines = argparse.Namespace(jobs=jobs), []
    preflight.one_job_without_semaphores(args, lines.append)
    assert args.jobs == 1 and len(lines) == jobs - 1
    assert all("--jobs 2" in line and str(error) in line for line in lines)
    assert os.environ["JOBLIB_MULTIPROCESSING"] == "0"


@pytest.mark.slow
def test_xla_says_nothing_of_its_first_program():
    """TensorFlow 2.18 to 2.20 would, in three lines, in the midst of a training."""
    code = (
        "import os; from common import devices; devices.start(); os.write(2, b'started'); import tensorflow as tf\n"
        "tf.function(lambda x: x + 1, jit_compile=True)(tf.constant(1.0))"
    )
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert result.returncode == 0 and result.stderr == "started"


def test_only_start_up_chatter_is_held_back_whatever_happens_meanwhile(capfd):
    lines = [
        "I0000 00:00:1.2 3 port.cc:153] oneDNN custom operations are on. You may see slightly different numerical results",
        "E0000 00:00:1.2 3 cuda_platform.cc:52] failed call to cuInit: INTERNAL: CUDA error: UNKNOWN ERROR (303)",
        "I0000 00:00:1.2 3 service.cc:148] XLA service 0x55d6 initialized for platform Host. Devices:",
        "I0000 00:00:1.2 3 service.cc:156]   StreamExecutor device (0): Host, Default Version",
        "I0000 00:00:1.2 3 service.cc:161]   StreamExecutor [0]: Host, Default Version (Driver: 0.0.0; Runtime: 0.0.0)",
        "I0000 00:00:1.2 3 device_compiler.h:188] Compiled cluster using XLA!  This line is logged at most once.",
        "W0000 00:00:1.2 3 gpu.cc:1] Cannot dlopen some GPU libraries.",
        "Allocation of 188160000 exceeds 10% of free system memory.",
    ]
    with contextlib.suppress(RuntimeError), devices._without_chatter():
        os.write(2, "\n".join([*lines, ""]).encode())  # past Python, as C++ writes
        print("last words", file=sys.stderr)
        raise RuntimeError
    assert set(capfd.readouterr().err.splitlines()) == {*lines[-2:], "last words"}
