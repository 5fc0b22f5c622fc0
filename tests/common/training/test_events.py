"""Events of a training on their way to who asked for it."""

from itertools import pairwise

import pytest

from common.training import events
from common.training.events import EpochDone, Started, StateSaved, throttled
from tests.support import sweeps

CELL = sweeps.cell()


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets, `clock[0]` in seconds."""
    now = [0.0]
    monkeypatch.setattr(events.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize("kinds", ["E", "ES", "SE", "ESS"])
def test_ends_of_epochs_are_passed_on_once_an_interval_whatever_comes_between_them(kinds, clock):
    """An epoch of 0.25 s, after which the kinds of events come, one each 0.01 s; one end of an epoch in a second gets through."""
    passed, sent = [], 0
    emit = throttled(passed.append, 1)
    emit(Started(CELL, "CPU", 0))
    for epoch in range(1, 41):
        for kind in kinds:
            clock[0] += 0.01
            sent += 1
            emit(EpochDone(CELL, "CPU", epoch, 0.5, 0.9) if kind == "E" else StateSaved(CELL, b"state"))
        clock[0] += 0.25 - 0.01 * len(kinds)
    ends = [event.epoch for event in passed if isinstance(event, EpochDone)]
    assert len(passed) - len(ends) == 1 + sent - 40  # all of the others
    assert ends[0] == 1 and {later - earlier for earlier, later in pairwise(ends)} <= {4, 5}
