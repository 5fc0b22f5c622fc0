"""The events of a training, each handed to one function: `emit(event)`."""

import contextlib
import threading
import time
from typing import NamedTuple

from common.experiment import Cell


class Started(NamedTuple):
    """The training of a cell begins on a device, after `epoch` epochs that were done before."""

    cell: Cell
    device: str
    epoch: int


class EpochDone(NamedTuple):
    """An epoch (from 1) ended with this training loss and test accuracy, means over the seeds."""

    cell: Cell
    device: str
    epoch: int
    loss: float
    accuracy: float


class StateSaved(NamedTuple):
    """The state of a training was saved, as bytes; see `Checkpoint`."""

    cell: Cell
    state: bytes


def throttled(emit, seconds):
    """An `emit` that passes on the end of an epoch at most every so many seconds, and all other events."""
    last = -float("inf")

    def emit_or_drop(event):
        nonlocal last
        if isinstance(event, EpochDone):
            if time.monotonic() - last <= seconds:
                return
            last = time.monotonic()
        emit(event)

    return emit_or_drop


@contextlib.contextmanager
def passed_on(events, emit):
    """A block during which a thread calls `emit` with each event of an iterable. The iterable must come to an end when the block does."""

    def listen():
        for event in events:
            emit(event)

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join()
