"""A deadline keeps its distance whatever happens to the wall clock, and on machines whose clocks began at another time."""

import pickle

import pytest

from common import deadline
from common.deadline import NEVER, Deadline


@pytest.fixture
def clock(monkeypatch):
    """The monotonic clock, as a list of one number, and a wall clock that must not be looked at."""
    now = [1000.0]
    monkeypatch.setattr(deadline.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(deadline.time, "time", lambda: pytest.fail("the wall clock was looked at"))
    return now


def test_a_deadline_comes_nearer_and_passes(clock):
    one = Deadline(60)
    for now, left in ((1000, 60), (1059, 1), (1061, -1)):
        clock[0] = now
        assert one.left() == left
    assert NEVER.left() == float("inf")


@pytest.mark.parametrize("elsewhere", [0.0, 5.0, 1e9], ids=["a machine just started", "earlier", "up for years"])
def test_it_is_the_seconds_that_are_left_that_travel(elsewhere, clock):
    one = Deadline(60)
    clock[0] += 20
    on_its_way = pickle.dumps([one, NEVER])
    clock[0] = elsewhere
    arrived, never = pickle.loads(on_its_way)
    assert arrived.left() == 40 and never.left() == float("inf")
    clock[0] += 41
    assert arrived.left() == -1


def test_by_default_it_is_never():
    assert Deadline().left() == float("inf")
