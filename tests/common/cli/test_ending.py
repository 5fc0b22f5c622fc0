"""A script ends in order, whoever speaks and whatever signal comes."""

import logging
import os
import signal

import pytest

from common.cli import ending


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("common.store.checkpoints", "exp.py"),
        ("matplotlib.font_manager", "matplotlib.font_manager"),
        ("absl", "absl"),
        ("commonly", "commonly"),
    ],
)
def test_a_line_that_a_package_logs_stands_under_its_own_name(capsys, monkeypatch, name, says):
    monkeypatch.setattr(logging.root, "handlers", [])
    assert ending.status_of(lambda log: logging.getLogger(name).warning("look out") or 0, "exp.py", "plots") == 0
    assert capsys.readouterr().err == f"{says}: look out\n"
    assert logging.root.handlers == []


def test_logging_that_a_process_has_set_up_stays_as_it_is(capsys, monkeypatch):
    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    monkeypatch.setattr(logging.root, "handlers", [handler])
    ending.status_of(lambda log: logging.getLogger("common.data").warning("look out") or 0, "exp.py", "plots")
    assert lines == ["look out"] and capsys.readouterr().err == "" and logging.root.handlers == [handler]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_a_signal_ends_the_work_with_the_status_that_a_shell_gives_and_leaves_handlers_as_they_were(capsys, number, status):
    before = signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    try:
        assert ending.status_of(lambda log: os.kill(os.getpid(), number) or 0, "exp.py", "plots") == status
        assert signal.getsignal(number) == (signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    finally:
        signal.signal(number, before)
    assert "finished cells are kept" in capsys.readouterr().err


def test_sighup_again_and_again_ends_the_work_once(capsys):
    ended = []

    def work(log):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            for _ in range(3):
                os.kill(os.getpid(), signal.SIGHUP)
            ended.append("in order")

    assert ending.status_of(work, "exp.py", "plots") == 143 and ended == ["in order"]


def test_sighup_that_is_ignored_ends_nothing():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert ending.status_of(lambda log: os.kill(os.getpid(), signal.SIGHUP) or 0, "exp.py", "plots") == 0
    finally:
        signal.signal(signal.SIGHUP, before)
