"""A process that dies takes its own call with it, and no other."""

import functools
import os
import signal

import pytest

from common.figures import processes


def call(how, item):
    if isinstance(item, int):
        return item**2
    return how()


def ended(status):
    os._exit(status)


def killed():
    os.kill(os.getpid(), signal.SIGKILL)


def raising(error):
    raise error


WAYS = {"ended": functools.partial(ended, 3), "killed": killed, "no memory": functools.partial(raising, MemoryError("so much"))}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("number", [1, 2])
def test_the_other_calls_have_their_results_whatever_becomes_of_some(way, number):
    items = [1, "dies", 2, 3, "dies", 4]
    found = processes.results(functools.partial(call, WAYS[way]), items, number)
    assert [found[place] for place in (0, 2, 3, 5)] == [1, 4, 9, 16]
    assert all(isinstance(found[place], Exception) for place in (1, 4))


def test_what_cannot_be_written_ends_all():
    with pytest.raises(OSError, match="full"):
        processes.results(functools.partial(call, functools.partial(raising, OSError("full"))), [1, "fails"], 1)


def test_without_other_processes_this_one_does_the_work(monkeypatch):
    def no_executor(**settings):
        raise OSError("no semaphores")

    monkeypatch.setattr(processes, "loky_executor", no_executor)
    assert processes.results(lambda item: item + os.getpid(), [0, 1], 2) == [os.getpid(), os.getpid() + 1]
    assert processes.results(abs, [], 0) == []


class NoRoom:
    """An executor on a system that has no room for another process, or thread."""

    def __init__(self, error):
        self.error, self.ended = error, False

    def submit(self, *_):
        raise self.error


@pytest.mark.parametrize("error", [BlockingIOError(11, "Resource temporarily unavailable"), RuntimeError("can't start new thread")])
def test_where_no_process_can_be_started_this_one_does_the_work(error, monkeypatch):
    executor, ended = NoRoom(error), []
    monkeypatch.setattr(processes, "loky_executor", lambda **settings: executor)
    monkeypatch.setattr(processes, "end_loky_executor", ended.append)
    assert processes.results(lambda item: item + os.getpid(), [0, 1], 2) == [os.getpid(), os.getpid() + 1]
    assert ended == [executor]


def test_ctrl_c_is_not_held_back_while_this_process_does_the_work(monkeypatch):
    def no_executor(**settings):
        raise OSError("no semaphores")

    monkeypatch.setattr(processes, "loky_executor", no_executor)
    assert processes.results(lambda item: signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()), [0], 2) == [False]
