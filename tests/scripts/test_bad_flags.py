"""Flags and environments that cannot be used: each is named in one line, the exit status is 2, and nothing is written."""

import os
import shlex

import pytest

import exp_a_loss
import exp_b_activation
import exp_c_optimizer
from common import devices
from tests.support.complaints import complaint

pytestmark = pytest.mark.usefixtures("nowhere_else")

BAD_WORDS = [  # of each argument type, on one flag that has it
    ("--epochs 0", "--epochs", "whole number"),
    ("--epochs -8", "--epochs", ""),
    ("--epochs 1.5", "--epochs", "'1.5'"),
    ("--epochs 1e3", "--epochs", "whole number"),
    ("--epochs nan", "--epochs", "'nan'"),
    ("--epochs 99999999999", "--epochs", "1000000"),
    (f"--epochs {'9' * 5000}", "--epochs", "1000000"),
    ("--lr 0", "--lr", "not a positive number"),
    ("--lr -0.1", "--lr", ""),
    ("--lr nan", "--lr", "not a positive number"),
    ("--lr inf", "--lr", "not a positive number"),
    ("--lr 1e39", "--lr", "not a positive number"),
    ("--lr 1e-60", "--lr", "not a positive number"),
    ("--lr fast", "--lr", "'fast'"),
    ("--lr", "--lr", "expected"),
    ("--bias-drop -0.1", "--bias-drop", "neither 0 nor a positive number"),
    ("--bias-drop nan", "--bias-drop", "neither 0 nor a positive number"),
    ("--bias-drop 1e39", "--bias-drop", "neither 0 nor a positive number"),
    ("--bias-drop low", "--bias-drop", "'low'"),
    ("--bias-drop 0 0.0", "--bias-drop", "given twice"),
    ("--dropout 1", "--dropout", "not between 0 and 1"),
    ("--dropout 0", "--dropout", "not between 0 and 1"),
    ("--dropout nan", "--dropout", "not between 0 and 1"),
    ("--dropout 20%", "--dropout", "'20%'"),
    ("--activations gelu", "--activations", "choose from relu, leaky_relu, sigmoid"),
    ("--activations relu relu", "--activations", "given twice"),
    ("--activations ''", "--activations", "''"),
    ("--activations", "--activations", "expected at least one"),
    ("--datasets all moons", "--datasets", "give it alone"),
    ("--seeds 0", "--seeds", "whole number from 1"),
    ("--seeds -3", "--seeds", ""),
    ("--seeds 1001", "--seeds", "1 to 1000"),
    ("--seeds 1 -2", "--seeds", ""),
    ("--seeds 1 4294967296", "--seeds", "4294967295"),
    ("--seeds 1 1", "--seeds", "given twice"),
    ("--seeds 1,2,2", "--seeds", "given twice"),
    ("--seeds ,", "--seeds", "0 seeds"),
    ("--seeds nan 1", "--seeds", "'nan'"),
    ("--cluster ''", "--cluster", "tcp://"),
    ("--cluster 'two words'", "--cluster", "'two words'"),
    ("--data-dir ''", "--data-dir", "is no folder"),
    ("--data-dir absent", "--data-dir absent", "no such folder"),
]
BAD_FLAGS = [  # each other shared flag once, and what concerns several words at once
    ("--batch-size 0", "--batch-size", "whole number"),
    ("--datasets mnist", "--datasets", "choose from"),
    ("--init zeros", "--init", "report"),
    ("--strategy tpu", "--strategy", "mirrored"),
    ("--determinism maybe", "--determinism", "auto"),
    ("--jobs 100000", "--jobs", "256"),
    ("--cluster tcp://10.0.0.1:8786 --jobs 2", "--jobs", "not allowed with argument --cluster"),
    ("--max-minutes 0", "--max-minutes", "not a positive number"),
    ("--checkpoint-every inf", "--checkpoint-every", "neither 0 nor a positive number"),
    ("--batch-norm yes", "yes", "unrecognized"),
    ("--fresh 1", "1", "unrecognized"),
    ("--lr 0.1 --lr 0.01", "--lr", "give it once"),
    ("--lr=0.1 --lr=0.01", "--lr", "give it once"),
    ("--quiet --quiet", "--quiet", "given twice"),
    ("--epoch 3", "--epoch", "is --epochs meant?"),
    ("--batchsize=3", "--batchsize", "is --batch-size meant?"),
    ("0.01", "0.01", "unrecognized"),
]
OF_A_SCRIPT = [  # its own flags, and one that it shares
    (exp_a_loss, "--losses hinge", "--losses", "choose from cross_entropy, mse_softmax, mse_linear"),
    (exp_a_loss, "--losses mse_linear mse_linear", "--losses", "given twice"),
    (exp_a_loss, "--lr 0.1 0.01", "0.01", "unrecognized"),
    (exp_a_loss, "--init small", "--init", "report"),
    (exp_a_loss, "--datasets circles", "--datasets", "choose from fashion_mnist, digits, all"),
    (exp_a_loss, "--schedules constant", "--schedules", "unrecognized"),
    (exp_b_activation, "--init zeros", "--init", "choose from small, report, glorot, he"),
    (exp_b_activation, "--datasets digits", "--datasets", "choose from moons, circles, all"),
    (exp_c_optimizer, "--lr 0.1,0.01", "--lr", "'0.1,0.01'"),
    (exp_c_optimizer, "--lr 0.1 0.10", "--lr", "given twice"),
    (exp_c_optimizer, "--datasets moons", "--datasets", "'moons'"),
    (exp_c_optimizer, "--optimizers lion", "--optimizers", "choose from sgd, momentum, adam"),
    (exp_c_optimizer, "--optimizers sgd sgd", "--optimizers", "given twice"),
    (exp_c_optimizer, "--schedules cosine", "--schedules", "choose from constant, exponential"),
    (exp_c_optimizer, "--schedules constant constant", "--schedules", "given twice"),
    (exp_c_optimizer, "--rate 0.1", "--rate", "unrecognized"),
]
CASES = [(exp_b_activation, *case) for case in (*BAD_WORDS, *BAD_FLAGS)] + OF_A_SCRIPT


@pytest.mark.parametrize(("script", "words", "culprit", "what"), CASES, ids=[f"{s.NAME} {words:.40}" for s, words, *_ in CASES])
def test_a_bad_flag_is_named(script, words, culprit, what, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    message = complaint(capsys, script, *shlex.split(words))
    assert culprit in message and what in message
    assert not os.listdir(tmp_path)


BAD_ENVIRONMENT = [
    ("KERAS_BACKEND", "jax", "unset it"),
    ("KERAS_BACKEND", "torch", "unset it"),
    ("KERAS_BACKEND", "Tensorflow ", "unset it"),
    ("TF_CONFIG", '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 0}}', "keras issue 20585"),
    ("TF_CONFIG", '{"cluster": {"chief": ["a:1"], "worker": ["b:1"]}}', "--cluster"),
    ("TF_CONFIG", "{not json", "unset it"),
    ("TF_CONFIG", "[]", "unset it"),
    ("TF_CONFIG", '{"cluster": 3}', "unset it"),
    ("TF_NUM_INTRAOP_THREADS", "many", "unset it"),
    ("TF_NUM_INTRAOP_THREADS", "-3", "unset it"),
    ("TF_NUM_INTRAOP_THREADS", "1.5", "unset it"),
    ("TF_NUM_INTEROP_THREADS", "99999999999", "unset it"),
]


@pytest.mark.parametrize(("name", "value", "remedy"), BAD_ENVIRONMENT)
def test_an_environment_that_cannot_be_used_is_named(name, value, remedy, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv(name, value)
    message = complaint(capsys, exp_b_activation, "--out", tmp_path / "out")
    assert name in message and remedy in message
    assert not (tmp_path / "out").exists()


def test_a_temporary_folder_that_is_missing_is_named(capsys, tmp_path, monkeypatch):
    def nowhere():
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.gettempdir", nowhere)
    assert "TMPDIR" in complaint(capsys, exp_b_activation, "--out", tmp_path / "out")


@pytest.mark.parametrize("config", ["", "{}", '{"cluster": {}}', '{"cluster": {"worker": ["a:1"]}, "task": {"index": 0}}'])
def test_a_tf_config_with_one_worker_is_none_of_our_business(config, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", config)
    devices.require_one_worker()


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["--cluster", "tcp://10.0.0.1:8786"], "pip install -r requirements-cluster.txt"),
        (["--tensorboard"], "pip install tensorboard"),
        (["--tensorboard", "--cluster", "tcp://10.0.0.1:8786"], "pip install tensorboard"),
    ],
)
def test_a_flag_whose_package_is_missing_says_how_to_get_it(words, remedy, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert remedy in complaint(capsys, exp_c_optimizer, "--out", tmp_path, *words)
