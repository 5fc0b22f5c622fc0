"""Python's `random`, one thread apart: within a Dask worker, whose own threads draw from it too."""

import contextlib
import random
import threading

_FUNCTIONS = [name for name, value in vars(random).items() if getattr(value, "__self__", None) is random.seed.__self__]


@contextlib.contextmanager
def random_of_this_thread():
    """Within the block, the functions of `random` draw from a new generator for this thread, and for other threads from the one that they
    had. Keras takes the seeds of initial weights from there; a network server's thread would draw one of them.

    For one thread of a process at a time. It patches the standard library for the whole process, which a program may do to itself, and a
    library may not.
    """
    new, this_thread = random.Random(), threading.get_ident()
    originals = {name: vars(random)[name] for name in _FUNCTIONS}

    def by_thread(name, original):
        def draw(*args, **kwargs):
            return (getattr(new, name) if threading.get_ident() == this_thread else original)(*args, **kwargs)

        return draw

    vars(random).update({name: by_thread(name, original) for name, original in originals.items()})
    try:
        yield
    finally:
        vars(random).update(originals)
