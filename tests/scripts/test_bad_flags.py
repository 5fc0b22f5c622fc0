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

SCRIPTS = (exp_a_loss, exp_b_activation, exp_c_optimizer)

BAD_FLAGS_OF_ALL = [
    ("--dropout 1", "--dropout", "not between 0 and 1"),
    ("--dropout 0", "--dropout", "not between 0 and 1"),
    ("--dropout -0.2", "--dropout", ""),
    ("--dropout nan", "--dropout", "not between 0 and 1"),
    ("--dropout 20%", "--dropout", "'20%'"),
    ("--batch-norm yes", "yes", "unrecognized"),
    ("--lr 0", "--lr", "not a positive number"),
    ("--lr -0.1", "--lr", ""),
    ("--lr nan", "--lr", "not a positive number"),
    ("--lr inf", "--lr", "not a positive number"),
    ("--lr 1e39", "--lr", "not a positive number"),
    ("--lr 1e-60", "--lr", "not a positive number"),
    ("--lr fast", "--lr", "'fast'"),
    ("--lr 0.1,0.01", "--lr", "'0.1,0.01'"),
    ("--lr", "--lr", "expected"),
    ("--lr 0.1 --lr 0.01", "--lr", "give it once"),
    ("--lr=0.1 --lr=0.01", "--lr", "give it once"),
    ("--seeds 0", "--seeds", "whole number from 1"),
    ("--seeds -3", "--seeds", ""),
    ("--seeds 1001", "--seeds", "1 to 1000"),
    ("--seeds 1e3", "--seeds", "whole number"),
    ("--seeds 1 -2", "--seeds", ""),
    ("--seeds 1 4294967296", "--seeds", "4294967295"),
    ("--seeds 1 1", "--seeds", "given twice"),
    ("--seeds 1,2,2", "--seeds", "given twice"),
    ("--seeds 1 --seeds 2", "--seeds", "give it once"),
    ("--seeds ,", "--seeds", "0 seeds"),
    ("--seeds", "--seeds", "expected at least one"),
    ("--seeds x", "--seeds", "'x'"),
    ("--seeds nan 1", "--seeds", "'nan'"),
    ("--epochs 0", "--epochs", "whole number"),
    ("--epochs 1.5", "--epochs", "'1.5'"),
    ("--epochs inf", "--epochs", "'inf'"),
    ("--epochs 99999999999", "--epochs", "1000000"),
    (f"--epochs {'9' * 5000}", "--epochs", "1000000"),
    ("--batch-size 0", "--batch-size", "whole number"),
    ("--batch-size -8", "--batch-size", ""),
    ("--batch-size nan", "--batch-size", "'nan'"),
    ("--batch-size 1e10", "--batch-size", "whole number"),
    ("--datasets mnist", "--datasets", "choose from"),
    ("--datasets ''", "--datasets", "''"),
    ("--datasets", "--datasets", "expected at least one"),
    ("--datasets all all", "--datasets", "given twice"),
    ("--init zeros", "--init", "report"),
    ("--init", "--init", "expected at least one"),
    ("--init he he", "--init", "given twice"),
    ("--strategy tpu", "--strategy", "mirrored"),
    ("--jobs 0", "--jobs", "whole number from 1"),
    ("--jobs -1", "--jobs", ""),
    ("--jobs 1.5", "--jobs", "'1.5'"),
    ("--jobs 100000", "--jobs", "256"),
    ("--cluster ''", "--cluster", "tcp://"),
    ("--cluster 'two words'", "--cluster", "'two words'"),
    ("--cluster tcp://10.0.0.1:8786 --jobs 2", "--jobs", "not allowed with argument --cluster"),
    ("--max-minutes 0", "--max-minutes", "not a positive number"),
    ("--max-minutes -5", "--max-minutes", ""),
    ("--max-minutes nan", "--max-minutes", "not a positive number"),
    ("--max-minutes soon", "--max-minutes", "'soon'"),
    ("--checkpoint-every -1", "--checkpoint-every", ""),
    ("--checkpoint-every nan", "--checkpoint-every", "neither 0 nor a positive number"),
    ("--checkpoint-every inf", "--checkpoint-every", "neither 0 nor a positive number"),
    ("--data-dir ''", "--data-dir", "is no folder"),
    ("--data-dir", "--data-dir", "expected one"),
    ("--data-dir absent", "--data-dir absent", "no such folder"),
    ("--fresh 1", "1", "unrecognized"),
    ("--quiet --quiet", "--quiet", "given twice"),
    ("--epoch 3", "--epoch", "is --epochs meant?"),
    ("--batchsize=3", "--batchsize", "is --batch-size meant?"),
    ("0.01", "0.01", "unrecognized"),
]
BAD_FLAGS_OF_ONE = [
    (exp_a_loss, "--losses hinge", "--losses", "choose from cross_entropy, mse_softmax, mse_linear"),
    (exp_a_loss, "--losses mse_linear mse_linear", "--losses", "given twice"),
    (exp_a_loss, "--losses", "--losses", "expected at least one"),
    (exp_a_loss, "--lr 0.1 0.01", "0.01", "unrecognized"),
    (exp_a_loss, "--init small", "--init", "report"),
    (exp_a_loss, "--datasets circles", "--datasets", "choose from fashion_mnist, digits, all"),
    (exp_a_loss, "--schedules constant", "--schedules", "unrecognized"),
    (exp_b_activation, "--activations gelu", "--activations", "choose from relu, leaky_relu, sigmoid"),
    (exp_b_activation, "--activations relu relu", "--activations", "given twice"),
    (exp_b_activation, "--activations ''", "--activations", "''"),
    (exp_b_activation, "--bias-drop -0.1", "--bias-drop", "neither 0 nor a positive number"),
    (exp_b_activation, "--bias-drop nan", "--bias-drop", "neither 0 nor a positive number"),
    (exp_b_activation, "--bias-drop 1e39", "--bias-drop", "neither 0 nor a positive number"),
    (exp_b_activation, "--bias-drop low", "--bias-drop", "'low'"),
    (exp_b_activation, "--bias-drop 0 0.0", "--bias-drop", "given twice"),
    (exp_b_activation, "--bias-drop", "--bias-drop", "expected at least one"),
    (exp_b_activation, "--init zeros", "--init", "choose from small, report, glorot, he"),
    (exp_b_activation, "--datasets digits", "--datasets", "choose from moons, circles, all"),
    (exp_b_activation, "--datasets moons moons", "--datasets", "given twice"),
    (exp_b_activation, "--datasets all moons", "--datasets", "give it alone"),
    (exp_c_optimizer, "--lr 0.1 0.10", "--lr", "given twice"),
    (exp_c_optimizer, "--datasets moons", "--datasets", "'moons'"),
    (exp_c_optimizer, "--datasets digits digits", "--datasets", "given twice"),
    (exp_c_optimizer, "--datasets all digits", "--datasets", "give it alone"),
    (exp_c_optimizer, "--optimizers lion", "--optimizers", "choose from sgd, momentum, adam"),
    (exp_c_optimizer, "--optimizers sgd sgd", "--optimizers", "given twice"),
    (exp_c_optimizer, "--schedules cosine", "--schedules", "choose from constant, exponential"),
    (exp_c_optimizer, "--schedules constant constant", "--schedules", "given twice"),
    (exp_c_optimizer, "--init small", "--init", "report"),
    (exp_c_optimizer, "--rate 0.1", "--rate", "unrecognized"),
]
BAD_FLAGS = [(script, *case) for case in BAD_FLAGS_OF_ALL for script in SCRIPTS] + BAD_FLAGS_OF_ONE


@pytest.mark.parametrize(("script", "words", "culprit", "what"), BAD_FLAGS, ids=[f"{s.NAME} {words:.40}" for s, words, *_ in BAD_FLAGS])
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
