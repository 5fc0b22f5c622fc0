"""Calls of a function in other processes; one that dies takes no more with it than its own call."""

from concurrent.futures import BrokenExecutor, Future

from common.compat import end_loky_executor, loky_executor
from common.parent import end_with_parent
from common.signals import without_sigint


def results(function, items, processes):
    """The function's results for all items.

    Args:
        function: one that can be pickled.
        items: list of its arguments.
        processes: number of processes.

    Returns:
        A list: for each item the result, or the exception by which its process was lost or which kept it from getting there.

    Raises:
        OSError: if the function does.

    Where there can be no other processes, the function is called in this one.
    """
    found = {}
    while left := [place for place in range(len(items)) if place not in found]:
        lost = {}
        for place, result in zip(left, _in_one_pool(function, [items[place] for place in left], processes), strict=True):
            (lost if isinstance(result, BrokenExecutor) else found)[place] = result
        if lost and processes == 1:
            found[min(lost)] = lost[min(lost)]  # a single process takes one after the other: this is where it died
        processes = 1  # of several, all that were not done are lost with one
    return [found[place] for place in range(len(items))]


def _in_one_pool(function, items, processes):
    executor = None
    try:
        try:
            with without_sigint():  # which the processes would inherit
                executor = loky_executor(max_workers=processes, timeout=None, reuse=False, initializer=end_with_parent)
                futures = [_submitted(executor, function, item) for item in items]
        except (OSError, ImportError, RuntimeError):  # there are no semaphores (/dev/shm cannot be written), or too many processes
            return [function(item) for item in items]
        return [_result(future) for future in futures]
    finally:
        if executor is not None:
            end_loky_executor(executor)


def _submitted(executor, function, item):
    try:
        return executor.submit(function, item)
    except BrokenExecutor as error:  # by an item before this one
        future = Future()
        future.set_exception(error)
        return future


def _result(future):
    try:
        return future.result()
    except OSError:
        raise
    except Exception as error:
        return error
