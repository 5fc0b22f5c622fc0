"""A cell that is lost with its process is trained again, from its last state, and only a cell that is itself the cause fails."""

import contextlib
import threading
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor

import pytest

from common.sweep.retries import outcomes
from common.training.events import Started, StateSaved
from common.training.task import Outcome, Task
from tests.support.sweeps import cell

FILES = {"history.csv": b""}


class Unreliable:
    """An executor that does so many tasks at each start, begins so many more, and loses these and all others."""

    lost = (CancelledError,)

    def __init__(self, done=0, begun=1, states=()):
        self.numbers = done, begun, states
        self.given = []

    @contextlib.contextmanager
    def start(self, emit):
        done, begun, states = self.numbers
        given = []
        self.given.append(given)

        def submit(task):
            given.append(task)
            future = Future()
            if len(given) <= done + begun:
                emit(Started(task.cell, "CPU", 0))
            if len(given) <= done:
                future.set_result(Outcome(task.cell, FILES))
            else:
                for state in states:
                    emit(StateSaved(task.cell, state))
                future.set_exception(CancelledError())
            return future

        yield submit


class Deadly(Unreliable):
    """An executor that loses all that is at work as soon as one of them is the killer, and takes no more then."""

    @contextlib.contextmanager
    def start(self, emit):
        dead = threading.Event()

        def train(one):
            if one["optimizer"] == "killer":
                dead.set()
            elif not dead.wait(0.2):
                return Outcome(one, FILES)
            raise CancelledError

        def submit(task):
            if dead.is_set():
                raise CancelledError
            emit(Started(task.cell, "CPU", 0))
            return threads.submit(train, task.cell)

        with ThreadPoolExecutor(5) as threads:
            yield submit


def perform(executor, tasks):
    """The outcomes, the events and the lines logged."""
    events, lines = [], []
    return list(outcomes(executor, tasks, events.append, lines.append)), events, lines


def test_what_is_lost_is_done_again_and_nothing_twice():
    tasks = [Task(cell(epochs=number)) for number in range(1, 8)]
    done, _, lines = perform(Unreliable(done=2), tasks)
    assert sorted(outcome.cell.epochs for outcome in done) == list(range(1, 8)) and not any(outcome.failure for outcome in done)
    assert len(lines) == 3 and all("trained again" in line for line in lines)


def test_what_is_lost_goes_on_from_the_last_state_that_was_saved():
    executor = Unreliable(done=1, states=(b"first", b"second"))
    done, events, _ = perform(executor, [Task(cell(epochs=number), b"from disk") for number in (1, 2)])
    assert [[task.checkpoint for task in given] for given in executor.given] == [[b"from disk"] * 2, [b"second"]]
    assert len(done) == 2 and [event.state for event in events if isinstance(event, StateSaved)] == [b"first", b"second"]


@pytest.mark.parametrize("order", ["a b killer c d", "killer a b", "a killer"])
def test_only_the_cell_that_loses_its_process_fails(order):
    done, _, _ = perform(Deadly(), [Task(cell(name)) for name in order.split()])
    assert sorted(outcome.cell["optimizer"] for outcome in done) == sorted(order.split())
    assert [outcome.cell["optimizer"] for outcome in done if outcome.failure] == ["killer"]


def test_what_is_lost_three_times_has_failed():
    done, _, _ = perform(Unreliable(), [Task(cell(epochs=number)) for number in range(1, 4)])
    assert len(done) == 3 and all("lost 3 times" in outcome.failure for outcome in done)
