"""Fixtures of several tests of what scripts read."""

import pytest

from common.data import fashion_mnist


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_tests(tmp_path_factory):
    """The tests, and the scripts that they start, leave the user's cache alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NETWORKS_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def nowhere_else(tmp_path, monkeypatch):
    """Fashion-MNIST lies nowhere but where a test puts it."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "no-keras-home"))
    monkeypatch.setattr(fashion_mnist, "KAGGLE_INPUT", tmp_path / "kaggle")
