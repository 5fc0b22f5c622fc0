"""Signals that wait while a module is imported."""

import signal

import pytest

from common.signals import Terminated, ended_by_signals, signals_put_off


@pytest.mark.parametrize(
    ("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated), (signal.SIGHUP, Terminated)]
)
def test_a_signal_waits_for_the_end_of_the_block(number, raised):
    reached = []

    def work():
        with ended_by_signals(), signals_put_off():
            signal.raise_signal(number)
            signal.raise_signal(number)
            reached.append("the end of the block")
        reached.append("more")

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    hangup = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        with pytest.raises(raised):
            work()
        assert reached == ["the end of the block"] and signal.getsignal(signal.SIGINT) == signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
        signal.signal(signal.SIGHUP, hangup)
