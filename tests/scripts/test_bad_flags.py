"""Flags and environments that cannot be used: each is named in one line, the exit status is 2, and nothing is written."""

import os
import shlex

import pytest

import exp_b_activation
from common import devices
from tests.support.complaints import complaint

pytestmark = pytest.mark.usefixtures("nowhere_else")

BAD_WORDS = [  # of each argument type each kind of mistake, on one flag that has it; choices are tested in tests/common/experiment
    *("--epochs 0", "--epochs -8", "--epochs 1.5", "--epochs 1e3", "--epochs 1000001", f"--epochs {'9' * 5000}"),
    *("--lr 0", "--lr -0.1", "--lr nan", "--lr inf", "--lr 1e39", "--lr 1e-60", "--lr fast", "--lr 0.1,0.01", "--lr"),
    *("--bias-drop -0.1", "--bias-drop nan", "--bias-drop 1e39", "--bias-drop low"),
    *("--dropout 1", "--dropout 0", "--dropout nan", "--dropout 20%"),
    *("--seeds 0", "--seeds 1001", "--seeds 1 -2", "--seeds 1 4294967296", "--seeds ,", "--seeds nan 1", "--seeds 1,2,2"),
    *("--lr 0.1 0.10", "--bias-drop 0 0.0", "--activations relu relu", "--datasets moons moons", "--datasets all moons"),
    *("--lr 0.1 --lr 0.01", "--lr=0.1 --lr=0.01", "--quiet --quiet"),
    *("--cluster ''", "--cluster 'two words'", "--data-dir ''", "--data-dir absent", "--cache ''", "--strategy tpu", "--determinism maybe"),
    *("--jobs 257", "--jobs 2 --cluster tcp://10.0.0.1:8786", "--batch-size 0", "--max-minutes 0", "--checkpoint-every inf"),
    *("--schedules constant", "0.01"),
]
NEAR = {"--epoch 3": "--epochs", "--batchsize=3": "--batch-size"}  # what is meant
CASES = [*((words, words.split()[0].split("=")[0]) for words in BAD_WORDS), *NEAR.items()]


@pytest.mark.parametrize(("words", "culprit"), CASES, ids=lambda words: f"{words:.40}")
def test_a_bad_flag_is_named(words, culprit, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert culprit in complaint(capsys, exp_b_activation, *shlex.split(words))
    assert not os.listdir(tmp_path)


BAD_ENVIRONMENT = [
    *(("KERAS_BACKEND", backend) for backend in ("jax", "Tensorflow ")),
    ("TF_CONFIG", '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 0}}'),
    ("TF_CONFIG", '{"cluster": {"chief": ["a:1"], "worker": ["b:1"]}}'),
    *(("TF_CONFIG", config) for config in ("{not json", "[]", '{"cluster": 3}')),
    *(("TF_NUM_INTRAOP_THREADS", number) for number in ("many", "-3", "1.5")),
    ("TF_NUM_INTEROP_THREADS", "99999999999"),
]


@pytest.mark.parametrize(("name", "value"), BAD_ENVIRONMENT)
def test_an_environment_that_cannot_be_used_is_named(name, value, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv(name, value)
    message = complaint(capsys, exp_b_activation, "--out", tmp_path / "out")
    assert name in message and "unset it" in message
    assert not (tmp_path / "out").exists()


def test_a_temporary_folder_that_is_missing_is_named(capsys, tmp_path, monkeypatch):
    def nowhere():
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.gettempdir", nowhere)
    assert "TMPDIR" in complaint(capsys, exp_b_activation, "--out", tmp_path / "out")


@pytest.mark.parametrize("config", ["", "{}", '{"cluster": {}}', '{"cluster": {"worker": ["a:1"]}, "task": {"index": 0}}'])
def test_a_tf_config_with_one_worker_is_no_mistake(config, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", config)
    devices.require_one_worker()


@pytest.mark.parametrize(("words", "package"), [("--cluster tcp://10.0.0.1:8786", "distributed"), ("--tensorboard", "tensorboard")])
def test_a_flag_whose_package_is_missing_says_how_to_get_it(words, package, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    message = complaint(capsys, exp_b_activation, "--out", tmp_path, *words.split())
    assert package in message and "pip install" in message
