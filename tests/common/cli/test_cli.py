"""The command line answers at once, and TensorFlow keeps its chatter to itself."""

import os
import subprocess
import sys
import time

import pytest

from common import cli, devices
from tests.support.scripts import ROOT


@pytest.mark.parametrize(
    ("words", "seeds"),
    [
        ([], [0, 1, 2, 3, 4]),
        (["--seeds", "2"], [0, 1]),
        (["--seeds", "7,"], [7]),
        (["--seeds", "3", "1"], [3, 1]),
        (["--seeds", "3,1", "9"], [3, 1, 9]),
        (["--seeds", "0", "4294967295"], [0, 4294967295]),
    ],
)
def test_seeds_are_a_count_or_a_list(words, seeds):
    parser = cli.build_parser("x.py", "", "", ["digits"], 1, {"digits": 64})
    assert cli.parse(parser, words).seeds == seeds


HELP = {
    "exp_a_loss": ("(default: 5)", "(default: 0.001)", "python exp_a_loss.py --datasets digits", "128 on fashion_mnist"),
    "exp_b_activation": ("(default: 300)", "(default: small)", "python exp_b_activation.py --bias-drop 0", "700 on moons"),
    "exp_c_optimizer": ("(default: 5)", "0.1 0.01 0.001", "python exp_c_optimizer.py --lr 0.01", "128 on fashion_mnist"),
}


@pytest.mark.parametrize("name", HELP)
def test_help_answers_at_once_with_defaults_and_an_example(name):
    began = time.monotonic()
    result = subprocess.run([sys.executable, f"{name}.py", "--help"], cwd=ROOT, capture_output=True, text=True)
    assert time.monotonic() - began < 5  # about 0.1 s; TensorFlow alone takes 2 to 5 s, so its import would show
    assert result.returncode == 0 and result.stderr == ""
    for words in HELP[name]:
        assert words in " ".join(result.stdout.split())


@pytest.mark.parametrize("name", HELP)
def test_neither_help_nor_a_mistake_imports_anything_heavy(name):
    code = (
        f"import sys, {name} as script\n"
        "try: script.main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('tensorflow', 'keras', 'sklearn', 'pandas', 'matplotlib', 'numpy') if m in sys.modules])"
    )
    for words in (["--help"], ["--lr", "nan"]):
        result = subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True)
        assert result.stdout.splitlines()[-1] == "[]"


def test_start_up_chatter_is_held_back_and_warnings_are_not(capfd):
    lines = [
        "I0000 00:00:1.2 3 port.cc:153] oneDNN custom operations are on. You may see slightly different numerical results",
        "E0000 00:00:1.2 3 cuda_platform.cc:52] failed call to cuInit: INTERNAL: CUDA error: UNKNOWN ERROR (303)",
        "W0000 00:00:1.2 3 gpu.cc:1] Cannot dlopen some GPU libraries.",
        "Allocation of 188160000 exceeds 10% of free system memory.",
    ]
    with devices._without_chatter():
        os.write(2, "\n".join([*lines, ""]).encode())  # past Python, as C++ writes
    err = capfd.readouterr().err
    assert "oneDNN" not in err and "cuInit" not in err
    assert "Cannot dlopen" in err and "exceeds 10%" in err


def test_what_fails_while_chatter_is_held_back_is_still_shown(capfd):
    def fail():
        with devices._without_chatter():
            print("last words", file=sys.stderr)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert "last words" in capfd.readouterr().err
