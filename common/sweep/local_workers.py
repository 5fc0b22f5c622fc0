"""Cells trained in several processes of this machine, through joblib."""

import contextlib
import multiprocessing
import os
import queue
import threading
import time
from dataclasses import dataclass
from multiprocessing import util
from multiprocessing.managers import SyncManager
from typing import Any

import joblib
from joblib.externals.loky.process_executor import TerminatedWorkerError

from common.devices import cores
from common.signals import without_sigint
from common.training.workplace import Workplace, throttled

SECONDS_BETWEEN_REPORTS = 0.1
SECONDS_FOR_A_PLACE = 60


class LocalWorkers:
    """So many processes, each with its share of the cores and, where there are GPUs, one of them.

    TensorFlow's threads stay as many in each as they are in a process of its own, for their number decides how sums are split, and so the
    last bits of results; it is the cores that are shared out, where the system lets a process choose (Linux).

    Args:
        jobs: number of processes.
        strategy, determinism: see `devices.start`.
    """

    LOST = (TerminatedWorkerError,)
    FATAL = (OSError,)

    def __init__(self, jobs, strategy="auto", determinism="auto"):
        self.jobs = jobs
        self.strategy = strategy
        self.determinism = determinism

    def run(self, tasks, data, report):
        """Perform the tasks; see `parallel.outcomes`."""
        manager = SyncManager(ctx=multiprocessing.get_context("spawn"))
        with without_sigint():
            manager.start(_end_with_parent)
        with manager:
            numbers = manager.Queue()
            for number in range(self.jobs):
                numbers.put(number)
            place = Place(numbers, manager.Queue(), tuple(cores()), self.jobs, self.strategy, self.determinism)
            calls = (joblib.delayed(_perform)(task, data[task.cell.dataset], place) for task in tasks)
            with _told(report, place.reports):
                with without_sigint():
                    outcomes = joblib.Parallel(self.jobs, return_as="generator_unordered", batch_size=1)(calls)
                with contextlib.closing(outcomes):
                    yield from outcomes


@dataclass(frozen=True)
class Place:
    """What a worker needs to know: a queue of the numbers that are free, one for its reports, and what is to be shared out."""

    numbers: Any
    reports: Any
    cores: tuple
    jobs: int
    strategy: str
    determinism: str


def cores_of(number, jobs, cores):
    """The cores of a worker: every core belongs to one worker, or, where there are fewer cores than workers, to several."""
    first, last = (len(cores) * i // jobs for i in (number, number + 1))
    return cores[first:last] or [cores[number % len(cores)]]


_workplaces = {}  # of this process, by how it uses its devices


def _perform(task, data, place):
    use = place.strategy, place.determinism
    if use not in _workplaces:
        _workplaces[use] = _settled(place)

    def report(*values, checkpoint):
        place.reports.put((task.cell, values, checkpoint))

    return _workplaces[use].perform(task, data, throttled(report, SECONDS_BETWEEN_REPORTS), LocalWorkers.FATAL)


def _settled(place):
    """A Workplace on this process's share of the machine; its number is given back when the process ends."""
    _end_with_parent()
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(len(place.cores)))
    number = None
    with contextlib.suppress(queue.Empty):
        number = place.numbers.get(timeout=SECONDS_FOR_A_PLACE)
        util.Finalize(None, _give_back, (number, place.numbers), exitpriority=10)
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, cores_of(number, place.jobs, place.cores))
    return Workplace(place.strategy, number, place.determinism)


def _end_with_parent():
    """End this process soon after the one that started it, even if that was killed."""
    parent = os.getppid()

    def watch():
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _give_back(number, numbers):
    # joblib replaces workers that grow or idle; when all is over, nobody takes numbers any more.
    with contextlib.suppress(OSError, EOFError):
        numbers.put(number)


@contextlib.contextmanager
def _told(report, reports):
    """While the block runs, call `report` with what comes through the queue."""

    def listen():
        with contextlib.suppress(OSError, EOFError):  # its manager was terminated, and this process will be
            for cell, values, checkpoint in iter(reports.get, None):
                report(cell, *values, checkpoint=checkpoint)

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield
    finally:
        with contextlib.suppress(OSError, EOFError):
            reports.put(None)
        thread.join()
