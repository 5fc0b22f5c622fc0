"""SIGTERM, which ends a script as Ctrl-C does: in good order."""

import contextlib
import signal
import threading


class Terminated(KeyboardInterrupt):
    """Somebody sent SIGTERM: a scheduler whose time is over, say. It ends a script as Ctrl-C does, in good order."""


@contextlib.contextmanager
def ended_by_sigterm():
    """A block in which SIGTERM raises `Terminated`."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return

    def end(*_):
        raise Terminated

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
