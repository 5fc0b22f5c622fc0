"""Cells trained on a Dask cluster, through joblib. What this process has, the workers get: code, arrays and settings; what they have, it
gets: the contents of files. So the machines share no disk, and a worker that is lost takes nothing with it."""

import asyncio
import contextlib
import threading
import uuid
from concurrent.futures import CancelledError
from functools import partial

import cloudpickle
import joblib
from distributed import Client, Event, KilledWorker, Queue, get_client, get_worker
from joblib._dask import DaskDistributedBackend

from common.errors import BadInput, first_line
from common.sweep.project_code import project_code
from common.sweep.thread_random import random_of_this_thread
from common.training.workplace import Workplace, throttled

SECONDS_BETWEEN_REPORTS = 1
SECONDS_TO_CONNECT = 10
SECONDS_FOR_A_STATE = 0.5
MOST_STATES = 4  # of trainings, on their way: a scheduler whose client is gone shall not collect them


class Cluster:
    """The workers of a Dask scheduler.

    Args:
        address: the scheduler's, such as `"tcp://10.0.0.1:8786"`.
        strategy, determinism: see `devices.start`.
        log: function that takes one line for the user.

    Raises:
        BadInput: if no scheduler answers there, or if it has no worker.
    """

    LOST = (KilledWorker, CancelledError)
    FATAL = ()  # a worker's full disk is that worker's failure

    def __init__(self, address, strategy="auto", log=print, determinism="auto"):
        self.address, self.use, self.log = address, (strategy, determinism), log
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
        self.client.register_plugin(project_code())

    def run(self, tasks, data, report):
        """Perform the tasks; see `parallel.outcomes`."""
        try:
            if not self.client.nthreads():
                self.log(f"no worker is left at {self.address}; waiting for one")
                self.client.wait_for_workers(1)
            yield from self._run(tasks, data, report)
        except OSError:  # of the tasks' own there are none
            raise BadInput(
                f"--cluster {self.address}: the scheduler is gone; finished cells are kept, and the same command goes on when it is back"
            ) from None

    def _run(self, tasks, data, report):
        topic = f"training-{uuid.uuid4().hex}"
        given_up = Event(topic, client=self.client)
        cells = {task.cell.id: task.cell for task in tasks}
        self.client.subscribe_topic(topic, lambda event: report(cells[event[1][0]], *event[1][1:]))
        arrays = [data[name] for name in dict.fromkeys(task.cell.dataset for task in tasks)]

        # Local, so that it travels by value: the scheduler unpickles it, and has neither this project's code nor TensorFlow.
        def unpack_and_perform(packed, arrays):
            return cloudpickle.loads(packed)(arrays)

        calls = (
            joblib.delayed(unpack_and_perform)(cloudpickle.dumps(partial(_perform, task, topic, self.use)), data[task.cell.dataset])
            for task in tasks
        )
        try:
            # All at once: the scheduler keeps the queue, and workers that come later find work.
            backend = NeverHere(client=self.client, scatter=arrays)
            outcomes = joblib.Parallel(backend=backend, return_as="generator_unordered", batch_size=1, pre_dispatch="all")(calls)
            with _states_passed_on(report, Queue(topic, client=self.client), cells), contextlib.closing(outcomes):
                yield from outcomes
        except BaseException:
            with contextlib.suppress(Exception):
                given_up.set()
            raise
        finally:
            with contextlib.suppress(Exception):
                self.client.unsubscribe_topic(topic)

    def close(self):
        self.client.close()


@contextlib.contextmanager
def _states_passed_on(report, states, cells):
    """While the block runs, call `report` with the states of trainings that come through the queue."""
    over = threading.Event()

    def listen():
        while not over.is_set():
            try:
                name, state = states.get(timeout=SECONDS_FOR_A_STATE)
            except (asyncio.TimeoutError, TimeoutError):
                continue
            except Exception:  # the scheduler is gone, as who waits for outcomes is told too
                return
            report(cells[name], None, None, None, None, checkpoint=state)

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        with contextlib.suppress(Exception):
            states.close()


class NeverHere(DaskDistributedBackend):
    """joblib's Dask backend; but where there is one worker, joblib would do the work in this process."""

    def effective_n_jobs(self, n_jobs):
        return max(2, super().effective_n_jobs(n_jobs))


class GivenUp(Exception):
    """Whoever asked for this training does not wait for it any more."""


_one_at_a_time = threading.Lock()  # TensorFlow and Keras have one random state, and one set of devices, to a process
_workplaces = {}  # of this process, by how it uses its devices


def _perform(task, topic, use, data):
    worker = get_worker()
    given_up = Event(topic, client=get_client())

    # By a queue of its own, for the scheduler keeps what is logged.
    states = Queue(topic, client=get_client(), maxsize=MOST_STATES)

    def report(device, epoch, loss, accuracy, checkpoint):
        if given_up.is_set():
            raise GivenUp
        if checkpoint is None:
            worker.log_event(topic, (task.cell.id, f"{device}, {worker.address}", epoch, loss, accuracy))
        else:
            with contextlib.suppress(asyncio.TimeoutError, TimeoutError):
                states.put((task.cell.id, checkpoint), timeout=SECONDS_FOR_A_STATE)

    with _one_at_a_time, random_of_this_thread():
        if use not in _workplaces:
            strategy, determinism = use
            _workplaces[use] = Workplace(strategy, determinism=determinism)
        return _workplaces[use].perform(task, data, throttled(report, SECONDS_BETWEEN_REPORTS), Cluster.FATAL)
