"""How signals end a script: SIGTERM as Ctrl-C does, in good order, and neither while processes start."""

import contextlib
import signal
import threading
from multiprocessing import resource_tracker


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


@contextlib.contextmanager
def without_sigint():
    """Hold back Ctrl-C until the block ends. Processes that begin in it never see it, and say nothing: who started them ends them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from joblib.externals.loky.backend import resource_tracker as loky_resource_tracker

    # These processes unblock the signal when they are started: so they are, before it is blocked.
    resource_tracker.ensure_running()
    loky_resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
