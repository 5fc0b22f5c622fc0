"""Bad input gets one line on stderr that names the culprit, exit status 2, no traceback; and nothing is written or lost."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import exp_a_loss
import exp_b_activation
import exp_c_optimizer
from common import cli, devices, fashion_mnist
from tests.fashion_files import IDX_NAMES, made_up, write_idx

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def nowhere_else(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "no-keras-home"))
    monkeypatch.setattr(fashion_mnist, "KAGGLE_INPUT", tmp_path / "kaggle")


def complaint(capsys, *argv, script=exp_c_optimizer):
    """The one line on stderr with which a script refuses these words."""
    with pytest.raises(SystemExit) as exit_:
        script.main([str(word) for word in argv])
    out, err = capsys.readouterr()
    assert exit_.value.code == 2
    assert out == ""
    assert err.startswith(f"{script.NAME}.py: error: ") and err.count("\n") == 1 and "Traceback" not in err
    return err


BAD_FLAGS = [
    (["--dropout", "1"], "--dropout", "not between 0 and 1"),
    (["--dropout", "0"], "--dropout", "not between 0 and 1"),
    (["--dropout", "-0.2"], "--dropout", ""),
    (["--dropout", "nan"], "--dropout", "not between 0 and 1"),
    (["--dropout", "20%"], "--dropout", "'20%'"),
    (["--batch-norm", "yes"], "yes", "unrecognized"),
    (["--lr", "0"], "--lr", "not a positive number"),
    (["--lr", "-0.1"], "--lr", ""),
    (["--lr", "nan"], "--lr", "not a positive number"),
    (["--lr", "inf"], "--lr", "not a positive number"),
    (["--lr", "1e39"], "--lr", "not a positive number"),
    (["--lr", "1e-60"], "--lr", "not a positive number"),
    (["--lr", "fast"], "--lr", "'fast'"),
    (["--lr", "0.1,0.01"], "--lr", "'0.1,0.01'"),
    (["--lr"], "--lr", "expected at least one"),
    (["--lr", "0.1", "0.10"], "--lr", "given twice"),
    (["--seeds", "0"], "--seeds", "whole number from 1"),
    (["--seeds", "-3"], "--seeds", ""),
    (["--seeds", "1001"], "--seeds", "1 to 1000"),
    (["--seeds", "1e3"], "--seeds", "whole number"),
    (["--seeds", "1", "-2"], "--seeds", ""),
    (["--seeds", "1", "4294967296"], "--seeds", "4294967295"),
    (["--seeds", "1", "1"], "--seeds", "given twice"),
    (["--seeds", "1,2,2"], "--seeds", "given twice"),
    (["--seeds", ","], "--seeds", "0 seeds"),
    (["--seeds"], "--seeds", "expected at least one"),
    (["--seeds", "x"], "--seeds", "'x'"),
    (["--epochs", "0"], "--epochs", "whole number"),
    (["--epochs", "1.5"], "--epochs", "'1.5'"),
    (["--epochs", "99999999999"], "--epochs", "1000000"),
    (["--batch-size", "0"], "--batch-size", "whole number"),
    (["--batch-size", "-8"], "--batch-size", ""),
    (["--batch-size", "nan"], "--batch-size", "'nan'"),
    (["--datasets", "mnist"], "--datasets", "choose from fashion_mnist, digits, all"),
    (["--datasets", "moons"], "--datasets", "'moons'"),
    (["--datasets", ""], "--datasets", "''"),
    (["--datasets"], "--datasets", "expected at least one"),
    (["--datasets", "digits", "digits"], "--datasets", "given twice"),
    (["--datasets", "all", "digits"], "--datasets", "give it alone"),
    (["--optimizers", "lion"], "--optimizers", "choose from sgd, momentum, adam"),
    (["--optimizers", "sgd", "sgd"], "--optimizers", "given twice"),
    (["--schedules", "cosine"], "--schedules", "choose from constant, exponential"),
    (["--schedules", "constant", "constant"], "--schedules", "given twice"),
    (["--init", "zeros"], "--init", "report"),
    (["--init", "small"], "--init", "report"),
    (["--init"], "--init", "expected at least one"),
    (["--init", "he", "he"], "--init", "given twice"),
    (["--strategy", "tpu"], "--strategy", "mirrored"),
    (["--jobs", "0"], "--jobs", "whole number from 1"),
    (["--jobs", "-1"], "--jobs", ""),
    (["--jobs", "1.5"], "--jobs", "'1.5'"),
    (["--jobs", "100000"], "--jobs", "256"),
    (["--cluster", ""], "--cluster", "tcp://"),
    (["--cluster", "two words"], "--cluster", "'two words'"),
    (["--cluster", "tcp://10.0.0.1:8786", "--jobs", "2"], "--jobs", "not allowed with argument --cluster"),
    (["--max-minutes", "0"], "--max-minutes", "not a positive number"),
    (["--max-minutes", "-5"], "--max-minutes", ""),
    (["--max-minutes", "nan"], "--max-minutes", "not a positive number"),
    (["--max-minutes", "soon"], "--max-minutes", "'soon'"),
    (["--rate", "0.1"], "--rate", "unrecognized"),
    (["--epoch", "3"], "--epoch", "unrecognized"),
    (["0.01"], "0.01", "unrecognized"),
]


@pytest.mark.parametrize(("words", "culprit", "what"), BAD_FLAGS, ids=[" ".join(words) for words, _, _ in BAD_FLAGS])
def test_a_bad_flag_is_named(words, culprit, what, capsys, tmp_path):
    message = complaint(capsys, "--out", tmp_path / "out", *words)
    assert culprit in message and what in message
    assert not (tmp_path / "out").exists()


BAD_FLAGS_OF_A_AND_B = [
    (exp_a_loss, ["--losses", "hinge"], "--losses", "choose from cross_entropy, mse_softmax, mse_linear"),
    (exp_a_loss, ["--losses", "mse_linear", "mse_linear"], "--losses", "given twice"),
    (exp_a_loss, ["--losses"], "--losses", "expected at least one"),
    (exp_a_loss, ["--lr", "0"], "--lr", "not a positive number"),
    (exp_a_loss, ["--lr", "nan"], "--lr", "not a positive number"),
    (exp_a_loss, ["--lr", "0.1", "0.01"], "0.01", "unrecognized"),
    (exp_a_loss, ["--init", "small"], "--init", "report"),
    (exp_a_loss, ["--datasets", "circles"], "--datasets", "choose from fashion_mnist, digits, all"),
    (exp_a_loss, ["--schedules", "constant"], "--schedules", "unrecognized"),
    (exp_b_activation, ["--activations", "gelu"], "--activations", "choose from relu, leaky_relu, sigmoid"),
    (exp_b_activation, ["--activations", "relu", "relu"], "--activations", "given twice"),
    (exp_b_activation, ["--activations", ""], "--activations", "''"),
    (exp_b_activation, ["--lr", "inf"], "--lr", "not a positive number"),
    (exp_b_activation, ["--lr", "-1"], "--lr", ""),
    (exp_b_activation, ["--bias-drop", "-0.1"], "--bias-drop", "neither 0 nor a positive number"),
    (exp_b_activation, ["--bias-drop", "nan"], "--bias-drop", "neither 0 nor a positive number"),
    (exp_b_activation, ["--bias-drop", "1e39"], "--bias-drop", "neither 0 nor a positive number"),
    (exp_b_activation, ["--bias-drop", "low"], "--bias-drop", "'low'"),
    (exp_b_activation, ["--bias-drop", "0", "0.0"], "--bias-drop", "given twice"),
    (exp_b_activation, ["--bias-drop"], "--bias-drop", "expected at least one"),
    (exp_b_activation, ["--init", "zeros"], "--init", "choose from small, report, glorot, he"),
    (exp_b_activation, ["--datasets", "digits"], "--datasets", "choose from moons, circles, all"),
]


@pytest.mark.parametrize(
    ("script", "words", "culprit", "what"),
    BAD_FLAGS_OF_A_AND_B,
    ids=[f"{s.NAME} {' '.join(words)}" for s, words, *_ in BAD_FLAGS_OF_A_AND_B],
)
def test_a_bad_flag_of_a_or_b_is_named(script, words, culprit, what, capsys, tmp_path):
    message = complaint(capsys, "--out", tmp_path / "out", *words, script=script)
    assert culprit in message and what in message
    assert not (tmp_path / "out").exists()


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


def test_out_that_is_a_file_is_refused(capsys, tmp_path):
    (tmp_path / "file").write_text("precious")
    assert "--out" in complaint(capsys, "--out", tmp_path / "file")
    assert "--out" in complaint(capsys, "--out", tmp_path / "file" / "below")
    assert (tmp_path / "file").read_text() == "precious"


def test_a_data_dir_without_a_complete_fashion_mnist_is_refused(capsys, tmp_path):
    out = ["--out", tmp_path / "out"]
    assert "no such folder" in complaint(capsys, *out, "--data-dir", tmp_path / "absent")
    (tmp_path / "empty dir").mkdir()
    assert "no complete Fashion-MNIST" in complaint(capsys, *out, "--data-dir", tmp_path / "empty dir")
    write_idx(tmp_path / "damaged", made_up())
    (tmp_path / "damaged" / IDX_NAMES[1]).write_bytes(b"")
    assert IDX_NAMES[1] in complaint(capsys, *out, "--data-dir", tmp_path / "damaged")


def test_another_keras_backend_is_refused(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert "KERAS_BACKEND is 'jax'" in complaint(capsys, "--out", tmp_path)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ('{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 0}}', "keras issue 20585"),
        ('{"cluster": {"chief": ["a:1"], "worker": ["b:1"]}}', "--cluster"),
        ("{not json", "TF_CONFIG is not a JSON object"),
        ("[]", "TF_CONFIG is not a JSON object"),
        ('{"cluster": 3}', "TF_CONFIG is not a JSON object"),
    ],
)
def test_several_workers_in_tf_config_are_refused(config, said, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", config)
    assert said in complaint(capsys, "--out", tmp_path)


@pytest.mark.parametrize("config", ["", "{}", '{"cluster": {}}', '{"cluster": {"worker": ["a:1"]}, "task": {"index": 0}}'])
def test_a_tf_config_with_one_worker_is_none_of_our_business(config, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", config)
    devices.require_one_worker()


def test_cluster_without_its_package_is_refused(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install -r requirements-cluster.txt" in complaint(capsys, "--out", tmp_path, "--cluster", "tcp://10.0.0.1:8786")


def test_tensorboard_without_its_package_is_refused(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install tensorboard" in complaint(capsys, "--out", tmp_path, "--tensorboard")


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
