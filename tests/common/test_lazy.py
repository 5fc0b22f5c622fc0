"""A module that is imported when it is first used, in other processes too. `tests/common/cli/test_cli.py` shows what it is good for."""

import logging
import sys

import cloudpickle
import pytest

from common.lazy import LazyModule


def test_a_lazy_module_survives_cloudpickle_without_being_imported(monkeypatch):
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    arrived = cloudpickle.loads(cloudpickle.dumps(LazyModule("colorsys")))
    assert "colorsys" not in sys.modules
    assert arrived.rgb_to_yiq(0, 0, 0) == (0, 0, 0) and "colorsys" in sys.modules


def test_a_name_that_a_module_lacks_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonesuch"):
        LazyModule("math").nonesuch  # noqa: B018


def test_a_log_handler_that_is_made_during_an_import_reaches_stderr_later(tmp_path, monkeypatch, capsys):
    code = "import logging, sys; HANDLER = logging.StreamHandler(); print('at once', file=sys.stderr)"
    (tmp_path / "makes_a_handler.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    handler = LazyModule("makes_a_handler").HANDLER
    assert capsys.readouterr().err == "at once\n"
    handler.emit(logging.makeLogRecord({"msg": "later"}))
    assert capsys.readouterr().err == "later\n"
    handler.stream.close()  # as absl's does at the end
