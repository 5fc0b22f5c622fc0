"""Cells trained on a Dask cluster. Code, arrays and settings go to the workers, and the contents of files come back: the machines share no
disk, and a worker that is lost takes nothing with it."""

import asyncio
import contextlib
import functools
import importlib
import sys
import tempfile
import threading
import uuid
from concurrent.futures import CancelledError
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from distributed import Client, Event, KilledWorker, Queue, WorkerPlugin, get_client, get_worker

from common.errors import BadInput, first_line
from common.experiment import Cell
from common.paths import ROOT, code_files
from common.sweep.thread_random import random_of_this_thread
from common.training.events import EpochDone, Started, StateSaved, passed_on, throttled
from common.training.task import Task
from common.training.trainer import Trainer

SECONDS_TO_CONNECT = 10
SECONDS_BETWEEN_EPOCHS = 1
SECONDS_BETWEEN_LOOKS = 0.1
SECONDS_FOR_AN_EVENT = 0.5
MOST_EVENTS = 16  # on their way, states among them: the scheduler must not collect those of a client that is gone
EVENTS = {kind.__name__: kind for kind in (Started, EpochDone, StateSaved)}


class Cluster:
    """The executor of a Dask scheduler's workers.

    Args:
        address: the scheduler's, such as `"tcp://10.0.0.1:8786"`.
        plan: the `Plan` of all tasks.
        log: function that takes one line for the user. Defaults to `print`.

    Raises:
        BadInput: if no scheduler answers there, or if it has no worker.
    """

    lost = (KilledWorker, CancelledError)
    at_once = None  # the scheduler keeps the queue, and workers that come later find work

    def __init__(self, address, plan, log=print):
        self.address, self.plan, self.log = address, plan, log
        try:
            self.client = Client(address, timeout=SECONDS_TO_CONNECT, set_as_default=False)
        except (OSError, asyncio.TimeoutError, ValueError) as error:
            raise BadInput(
                f"--cluster {address}: no Dask scheduler answers ({first_line(error)}); start one with: dask scheduler"
            ) from None
        try:
            self.client.wait_for_workers(1, timeout=SECONDS_TO_CONNECT)
        except asyncio.TimeoutError:
            self.client.close()
            raise BadInput(
                f"--cluster {address}: its scheduler has no workers; start some with: dask worker {address} --nthreads 1"
            ) from None
        threads = self.client.nthreads()
        log(f"{len(threads)} workers at {address}")
        if max(threads.values()) > 1:
            log("note: a worker trains one cell at a time, whatever its threads; start several with: dask worker --nthreads 1 --nworkers N")
        try:
            self.client.register_plugin(project_code())
        except RuntimeError as error:  # see ProjectCode.setup
            self.client.close()
            raise BadInput(f"--cluster {address}: a worker cannot train: {first_line(error)}") from None

    @contextlib.contextmanager
    def start(self, emit):
        """See `common.sweep.executors`."""
        try:
            if not self.client.nthreads():
                self.log(f"no worker is left at {self.address}; waiting for one")
                self.client.wait_for_workers(1)
            with self._start(emit) as submit:
                yield submit
        except OSError:  # the tasks raise none
            raise BadInput(
                f"--cluster {self.address}: the scheduler is gone; finished cells are kept, and the same command goes on when it is back"
            ) from None

    @contextlib.contextmanager
    def _start(self, emit):
        name, cells, ended = f"training-{uuid.uuid4().hex}", {}, threading.Event()
        events, given_up = Queue(name, client=self.client), Event(name, client=self.client)
        plan = self.client.scatter(self.plan, broadcast=True, hash=False)
        executor, function = self.client.get_executor(pure=False), _function()

        def submit(task):
            cells[task.cell.id] = task.cell
            return executor.submit(function, asdict(task), plan, name)

        with passed_on(_received(events, cells, ended), emit):
            try:
                yield submit
            except BaseException:
                with contextlib.suppress(Exception):
                    given_up.set()
                raise
            finally:
                ended.set()
                with contextlib.suppress(Exception):
                    executor.shutdown(wait=False)
                    events.close()

    def close(self):
        """Leave the cluster."""
        if self.client.status == "running":  # else it has lost its scheduler, and closes itself
            self.client.close()


def _received(queue, cells, ended):
    """The events that come through a queue, until `ended` is set or the scheduler is gone; those, too, that are in it then."""
    over = False
    with contextlib.suppress(Exception):  # the futures, too, tell that the scheduler is gone
        while not over:
            over = ended.wait(SECONDS_BETWEEN_LOOKS)
            for kind, cell, *values in queue.get(batch=True):
                yield EVENTS[kind](cells[cell], *values)


def project_code():
    """A plugin by which workers import this project's code as it is here, whatever lies on their disks, and also if they imported another
    version of it before. (`Client.upload_file` leaves old submodules in place, and imports TensorFlow on the scheduler.)"""
    files = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in code_files()}

    class ProjectCode(WorkerPlugin):  # within a function, so that it travels by value: no worker can import it yet
        name = "project-code"

        def setup(self, worker):
            folder = Path(tempfile.mkdtemp(prefix="project-", dir=worker.local_directory))
            for name, content in files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)
            packages = {Path(name).parts[0].removesuffix(".py") for name in files}
            for module in [module for module in sys.modules if module.split(".")[0] in packages]:
                del sys.modules[module]
            sys.path.insert(0, str(folder))
            try:
                importlib.import_module("common")
            except SystemExit as unmet:  # which would end the worker
                raise RuntimeError(str(unmet)) from None

    return ProjectCode()


def _function():
    """The function that workers call. The scheduler unpickles it with its arguments, and has neither this project's code nor TensorFlow:
    so it travels by value, tasks as dicts, and plans are scattered, which the scheduler passes on as they are."""

    def train_on_worker(task, plan, name):
        from common.sweep import cluster

        return cluster.train(task, plan, name)

    return train_on_worker


class GivenUp(Exception):
    """The client that asked for this training has ended."""


_one_at_a_time = threading.Lock()  # TensorFlow and Keras have one random state, and one set of devices, to a process
_trainer = functools.cache(Trainer)  # of this process, by its options


def train(task, plan, name):
    """Train a cell on this worker, with events through the queue of that name; `task` is a `Task` as a dict."""
    task = Task(Cell(**task["cell"]), task["checkpoint"])
    client, address = get_client(), get_worker().address
    given_up = Event(name, client=client)
    with closing(Queue(name, client=client, maxsize=MOST_EVENTS)) as queue, _one_at_a_time, random_of_this_thread():

        def emit(event):
            if given_up.is_set():
                raise GivenUp
            if not isinstance(event, StateSaved):
                event = event._replace(device=f"{event.device}, {address}")
            with contextlib.suppress(asyncio.TimeoutError, TimeoutError):
                queue.put((type(event).__name__, event.cell.id, *event[1:]), timeout=SECONDS_FOR_AN_EVENT)

        try:
            trainer = _trainer(plan.devices)
        except BadInput as error:
            raise BadInput(f"the worker {address}: {error}") from None
        return trainer.train(task, plan, throttled(emit, SECONDS_BETWEEN_EPOCHS), fatal=())
