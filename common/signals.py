"""Signals: SIGTERM ends a script as Ctrl-C does, in good order; processes start without Ctrl-C."""

import contextlib
import signal
import threading

from common.compat import start_resource_trackers


class Terminated(KeyboardInterrupt):
    """SIGTERM was received, from a scheduler whose time is over, say. It ends a script as Ctrl-C does, in good order."""


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


@contextlib.contextmanager
def without_sigint():
    """A block that holds back Ctrl-C until it ends. Processes that start in it never receive it: the one that started them ends them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    start_resource_trackers()  # they unblock the signal when they start: so they start before it is blocked
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
