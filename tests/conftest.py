"""Fixtures of several tests of what scripts read."""

import pytest

from common.data import fashion_mnist


@pytest.fixture
def nowhere_else(tmp_path, monkeypatch):
    """Fashion-MNIST lies nowhere but where a test puts it."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "no-keras-home"))
    monkeypatch.setattr(fashion_mnist, "KAGGLE_INPUT", tmp_path / "kaggle")
