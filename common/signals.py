"""Signals: SIGTERM and SIGHUP end a script as Ctrl-C does, in good order; processes start without Ctrl-C."""

import contextlib
import signal
import threading

from common.compat import start_resource_trackers


class Terminated(KeyboardInterrupt):
    """SIGTERM was received, from a scheduler whose time is over, say, or SIGHUP, from a terminal that was closed. It ends a script as
    Ctrl-C does, in good order.

    Attributes:
        status: the exit status that a shell gives such a process, 128 and the signal's number.
    """

    def __init__(self, number):
        super().__init__()
        self.status = 128 + number


@contextlib.contextmanager
def ended_by_signals():
    """A block in which SIGTERM raises `Terminated`, and SIGHUP too unless it is ignored, as under `nohup`, or taken already."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return

    def end(number, _):
        if hangup:
            signal.signal(*hangup, signal.SIG_IGN)  # terminal, shell and service manager send one each, and SIGTERM before it
        raise Terminated(number)

    hangup = [signal.SIGHUP] if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) == signal.SIG_DFL else []
    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, *hangup)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def signals_put_off():
    """A block during which the signals that end a script wait: modules written in C++ may swallow what is raised while they are
    imported."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came = []
    ending = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    taken = [number for number in ending if callable(signal.getsignal(number))]
    before = {number: signal.signal(number, lambda *args: came.append(args)) for number in taken}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for number, _ in came[:1]:
        signal.raise_signal(number)


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
