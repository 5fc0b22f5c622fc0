"""Cells trained in several processes of this machine, by loky."""

import contextlib
import multiprocessing
import os
import tempfile
import time
import warnings
from concurrent.futures import BrokenExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from multiprocessing.connection import Connection
from typing import Any

from common.cli import forgive_output, show_logs
from common.compat import end_loky_executor, loky_executor
from common.devices import cores
from common.parent import end_with_parent
from common.signals import without_sigint
from common.store.locks import Locks
from common.training.events import passed_on, throttled
from common.training.task import Plan
from common.training.trainer import Trainer

SECONDS_BETWEEN_EPOCHS = 0.1
SECONDS_FOR_A_NUMBER = 60
GROWN = "A worker stopped while some jobs were given"  # loky, which replaces a process that has grown by 300 MB, as TensorFlow's graphs do


class LocalProcesses:
    """The executor of so many processes, each with its share of the cores and, where there are GPUs, one of them.

    TensorFlow's threads stay as many in each as they are in a process of its own, for their number decides how sums are split, and so the
    last bits of results; it is the cores that are shared out, where the system lets a process choose (Linux).

    Args:
        plan: the `Plan` of all tasks. It goes to each process once, when it starts.
        jobs: number of processes.
    """

    lost = (BrokenExecutor,)
    at_once = None

    def __init__(self, plan, jobs):
        self.plan, self.jobs = plan, jobs

    @contextlib.contextmanager
    def start(self, emit):
        """See `common.sweep.executors`."""
        warnings.filterwarnings("ignore", GROWN, UserWarning)
        context = multiprocessing.get_context("spawn")
        receiver, sender = context.Pipe(duplex=False)
        with tempfile.TemporaryDirectory() as folder, passed_on(_received(receiver), emit), closing(sender):
            place = Place(self.plan, self.jobs, tuple(cores()), folder, sender, context.Lock())
            # A new one each time: one that has lost a process is of no further use.
            executor = loky_executor(max_workers=self.jobs, timeout=None, reuse=False, initializer=_begin, initargs=(place,))

            def submit(task):
                with without_sigint():  # the first call starts the processes
                    return executor.submit(_train, task)

            try:
                yield submit
            finally:
                end_loky_executor(executor)


def _received(receiver):
    """The events that come through a pipe, until all its senders are closed."""
    with receiver, contextlib.suppress(EOFError, OSError):
        while True:
            yield receiver.recv()


@dataclass(frozen=True)
class Place:
    """A worker's place in an executor: what it trains, what it shares with the others, and where its events go.

    Attributes:
        plan: the `Plan` of all tasks.
        jobs: number of processes.
        cores: the CPU cores that they share.
        folder: one in which they lock their numbers.
        events: the `Connection` that takes events.
        lock: held while one is sent.
    """

    plan: Plan
    jobs: int
    cores: tuple
    folder: str
    events: Connection
    lock: Any

    @cached_property
    def trainer(self):
        """The Trainer on this process's share of the machine."""
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(len(self.cores)))
        number = self.take_number()
        if number is not None and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, cores_of(number, self.jobs, self.cores))
        return Trainer(self.plan.devices, number)

    def take_number(self):
        """A number below `jobs` that no other process has: a lock, which the system frees when this process ends, however it ends. None if
        all stay taken."""
        locks, deadline = Locks(self.folder), time.monotonic() + SECONDS_FOR_A_NUMBER
        while time.monotonic() < deadline:
            for number in range(self.jobs):
                if locks.take(str(number)):
                    return number
            time.sleep(0.1)
        return None

    def emit(self, event):
        """Send an event to the process that asked for the training."""
        with self.lock:
            self.events.send(event)


def cores_of(number, jobs, cores):
    """The cores of a worker: every core belongs to one worker, or, where there are fewer cores than workers, to several."""
    first, last = (len(cores) * i // jobs for i in (number, number + 1))
    return cores[first:last] or [cores[number % len(cores)]]


_place = None  # of this process, once it is a worker


def _begin(place):
    global _place
    prog = f"{place.plan.experiment.name}.py"
    forgive_output(prog)
    show_logs(prog)
    _place = place
    end_with_parent()


def _train(task):
    return _place.trainer.train(task, _place.plan, throttled(_place.emit, SECONDS_BETWEEN_EPOCHS))
