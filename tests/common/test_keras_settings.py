"""The variables and the file that Keras reads when it is imported: bad ones are refused before, in a line. Keras itself is the oracle."""

import importlib.util
import json
import os
import sys
from pathlib import Path

import pytest

import exp_b_activation
from common import keras_settings, lazy
from common.errors import BadInput
from common.training.trainer import Trainer
from tests.support.complaints import complaint

CONFIG = Path(importlib.util.find_spec("keras").origin).parent / "src" / "backend" / "config.py"

FILES = {  # of keras.json, and a word of the complaint, None if Keras takes it
    "of Keras's own": ('{"floatx": "float32", "epsilon": 1e-07, "backend": "tensorflow", "image_data_format": "channels_last"}', None),
    "of another backend": ('{"backend": "jax"}', None),
    "other settings": ('{"floatx": "float64", "epsilon": 0.5, "image_data_format": "channels_first", "mine": 1}', None),
    "no JSON": ("floatx = float16", None),
    "no UTF-8": (b"\xff\xfe", None),
    "empty": ("", None),
    "a list": ("[]", "no JSON object"),
    "nothing": ("null", "no JSON object"),
    "a float type of another library": ('{"floatx": "bfloat16"}', "floatx"),
    "a float type that is no word": ('{"floatx": 32}', "floatx"),
    "an epsilon without a point": ('{"epsilon": 1}', "epsilon"),
    "an epsilon in words": ('{"epsilon": "1e-7"}', "epsilon"),
    "an image format of another library": ('{"image_data_format": "NCHW"}', "image_data_format"),
    "too deep": ("[" * 100_000, "nested"),
}


def keras_takes_them(monkeypatch):
    """Whether Keras's own module of settings can be run as things are."""
    with monkeypatch.context() as patch:
        patch.setattr("keras.src.api_export.keras_export", lambda *_: lambda function: function)
        names = {"__name__": "keras.src.backend.config"}
        try:
            exec(compile(CONFIG.read_text(), CONFIG, "exec"), names)
        except Exception:
            return False
        return True


@pytest.mark.parametrize("name", FILES)
def test_a_keras_json_is_refused_if_keras_cannot_be_imported_with_it(name, tmp_path, monkeypatch, capsys):
    content, word = FILES[name]
    (tmp_path / "keras.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    assert keras_takes_them(monkeypatch) is (word is None)
    if word is None:
        keras_settings.require_importable()
    else:
        message = complaint(capsys, exp_b_activation, "--out", tmp_path / "out")
        assert str(tmp_path / "keras.json") in message and word in message and "delete the file" in message


def test_a_keras_json_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    (tmp_path / "keras.json").mkdir()
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert not keras_takes_them(monkeypatch)
    with pytest.raises(BadInput, match=r"keras\.json: cannot be read \(Is a directory\)"):
        keras_settings.require_importable()


@pytest.mark.parametrize("name", ["KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH"])
@pytest.mark.parametrize("value", ["few", "1.5", "3", "-1"])
def test_a_cap_on_every_training_is_refused(name, value, monkeypatch, tmp_path, capsys):
    """Numbers, too, with which Keras would train, and less than the flags say."""
    monkeypatch.setenv(name, value)
    message = complaint(capsys, exp_b_activation, "--out", tmp_path / "out")
    assert f"{name} is {value!r}" in message and "unset it" in message


@pytest.mark.parametrize("value", ["true", "TRUE", "1"])
def test_what_is_for_jax_is_refused(value, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("KERAS_NNX_ENABLED", value)
    assert "KERAS_NNX_ENABLED" in complaint(capsys, exp_b_activation, "--out", tmp_path / "out")
    monkeypatch.delenv("KERAS_NNX_ENABLED")
    (tmp_path / "keras.json").write_text('{"nnx_enabled": true}')
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert "nnx_enabled is true" in complaint(capsys, exp_b_activation, "--out", tmp_path / "out")


@pytest.mark.parametrize("name", ["KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH", "KERAS_NNX_ENABLED"])
def test_a_variable_that_is_set_and_empty_is_as_good_as_none(name, monkeypatch):
    monkeypatch.setenv(name, "")
    keras_settings.require_importable()
    assert name not in os.environ and keras_takes_them(monkeypatch)


@pytest.mark.parametrize("home", ["of the variable", "own", "not writable"])
def test_the_file_is_looked_for_where_keras_does(home, tmp_path, monkeypatch):
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    if home == "of the variable":
        monkeypatch.setenv("KERAS_HOME", "~/kk")
    if home == "not writable":
        monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(os, "makedirs", lambda *_: None)
    names = {"__name__": "keras.src.backend.config"}
    monkeypatch.setattr("keras.src.api_export.keras_export", lambda *_: lambda function: function)
    exec(compile(CONFIG.read_text(), CONFIG, "exec"), names)
    assert keras_settings.file() == names["_config_path"]


@pytest.mark.parametrize("variables", [{"KERAS_MAX_EPOCHS": "2"}, {"KERAS_BACKEND": "torch"}])
def test_a_process_elsewhere_checks_its_own_environment(variables, monkeypatch):
    """The worker of a cluster, whose client saw nothing wrong."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
        with pytest.raises(BadInput, match=name):
            Trainer()


def test_whatever_else_keras_says_is_one_line_that_names_what_it_reads(tmp_path, monkeypatch):
    """A setting of a later Keras, which this project does not know."""
    (tmp_path / "keras").mkdir()
    (tmp_path / "keras" / "__init__.py").write_text("raise ValueError('Invalid `rounding`.\\nExpected up or down')")
    (tmp_path / "keras.json").write_text(json.dumps({"rounding": "sideways"}))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_ROUNDING", "sideways")
    monkeypatch.syspath_prepend(tmp_path)
    for module in [module for module in sys.modules if module.split(".")[0] == "keras"]:
        monkeypatch.delitem(sys.modules, module)
    with pytest.raises(BadInput) as caught:
        lazy.imported("keras")
    message = str(caught.value)
    assert message.startswith("keras cannot be imported (ValueError: Invalid `rounding`.)") and "\n" not in message
    assert "KERAS_ROUNDING" in message and str(tmp_path / "keras.json") in message and "unset or mend" in message
