"""Many cells: only those not done yet, here or in other processes, each safe on disk as soon as it is done."""

import contextlib
import functools
import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from common.store import cells as cells_on_disk
from common.store import checkpoints
from common.store.locks import RESULTS, RESULTS_WAITING, Locks
from common.sweep import parallel
from common.sweep.progress import SweepProgress
from common.sweep.shared_cells import SharedCells
from common.sweep.witness import Witness
from common.training.task import Task
from common.training.workplace import Workplace

_LAST_WORDS = (
    "{name}.py: error: killed while it trained {cell}; finished cells are kept, and the same command goes on from there. If there was not "
    "enough memory, fewer --seeds or a smaller --batch-size need less"
)


@dataclass(frozen=True)
class Options:
    """How a sweep is run, which has no part in what comes out.

    Attributes:
        fresh: train all, whatever is on disk.
        quiet: show no progress.
        tensorboard: also write TensorBoard logs.
        strategy, determinism: how to use the devices, see `devices.start`.
        jobs: number of processes.
        cluster: address of a Dask scheduler, whose workers do it, or None.
        checkpoint_every: seconds after which the state of a training is saved, see `Checkpoint`.
        deadline: seconds since the epoch; what is not done then is broken off between two epochs.
    """

    fresh: bool = False
    quiet: bool = False
    tensorboard: bool = False
    strategy: str = "auto"
    determinism: str = "auto"
    jobs: int = 1
    cluster: str | None = None
    checkpoint_every: float = float("inf")
    deadline: float = float("inf")


@dataclass(frozen=True)
class Result:
    """Of a sweep: the cells whose training failed, and those that the deadline left undone, as lists."""

    failed: list
    left: list


def run(cells, experiment, data, root, options=None, log=print):
    """Train the cells that are not on disk yet. What another process is training in the same folder is left to it, and waited for.

    Args:
        cells: list of `Cell`, of one experiment.
        experiment: their `Experiment`.
        data: `{dataset: ((x_train, y_train), (x_test, y_test))}`.
        root: the output folder.
        options: the Options; None for the defaults.
        log: function that takes one line for the user.

    Returns:
        The Result.

    Raises:
        BadInput: if a folder on disk cannot be trusted, or a cluster cannot be reached.
        OSError: if a folder cannot be written.
    """
    options = options or Options()
    folder = Path(root) / experiment.name
    folder.mkdir(parents=True, exist_ok=True)
    with closing(Locks(folder, log)) as locks:
        cells_on_disk.recover(experiment.name, root, locks)
        shared = SharedCells(cells, root, locks, options.fresh, options.deadline, log)
        if not shared.to_do:
            return Result([], [])
        return _train(shared, experiment, data, root, options, locks, log)


def _train(shared, experiment, data, root, options, locks, log):
    failed, left = [], []
    seconds = {cell.id: cell.seconds_expected(*data[cell.dataset][0][0].shape) for cell in shared.to_do}
    with SweepProgress(len(shared.to_do), sum(seconds.values()), options.quiet) as progress:
        lock, devices, ended = threading.Lock(), set(), set()  # reports come from a thread

        def report(cell, device, epoch, loss, accuracy, checkpoint=None):
            with lock:
                if cell.id in ended:
                    return
                if checkpoint is not None:
                    _keep(cell, root, checkpoint, log)
                    return
                if (cell.dataset, device) not in devices and not options.quiet:
                    devices.add((cell.dataset, device))
                    log(f"{cell.dataset}: training on {device}")
                if loss is None:
                    progress.begin(cell, experiment.label(cell), epoch, seconds[cell.id])
                else:
                    progress.epoch(cell, epoch, loss, accuracy)

        def end(cell):
            with lock:
                ended.add(cell.id)
                progress.end(cell)

        with _performing(options, len(shared.to_do), data, report, log) as (perform, at_once):
            for claimed in shared.claims(at_once, when_done_elsewhere=end):
                tasks = [_task(cell, experiment, root, options) for cell in claimed]
                with closing(perform(tasks)) as outcomes:
                    for outcome in outcomes:
                        cell = outcome.cell
                        end(cell)
                        if outcome.failure is not None:
                            failed.append(cell)
                            log(f"{experiment.label(cell)} failed; the other cells go on. What happened:\n{outcome.failure}")
                        elif not outcome.files:
                            left.append(cell)
                        _store(outcome, root, locks)
                        locks.release(cell.id)
    return Result(failed, left + shared.to_do)


def _store(outcome, root, locks):
    if outcome.checkpoint is not None:
        checkpoints.write(outcome.cell, root, outcome.checkpoint)
    if outcome.files:
        # A cell is replaced only while nobody reads it.
        replaces = outcome.cell.folder(root).exists()
        with locks.held(RESULTS, RESULTS_WAITING) if replaces else contextlib.nullcontext():
            cells_on_disk.write(outcome.cell, root, outcome.files, outcome.notes)


def _keep(cell, root, checkpoint, log):
    try:
        checkpoints.write(cell, root, checkpoint)
    except OSError as error:
        # What is trained may still have room; and if not, the cells before it are safe.
        log(f"warning: the state of a training cannot be saved ({error.strerror}): {error.filename}")


def _task(cell, experiment, root, options):
    checkpoint = None if options.fresh else checkpoints.read(cell, root)
    tensorboard = str(cell.folder(root).parents[1] / "tensorboard" / cell.id) if options.tensorboard else None
    return Task(cell, experiment, checkpoint, options.checkpoint_every, options.deadline, tensorboard)


@contextlib.contextmanager
def _performing(options, num_cells, data, report, log):
    """A function that takes tasks and returns their outcomes, in the order in which they are done; and how many to give it at a time."""
    if options.cluster:
        from common.sweep.cluster import Cluster  # which needs Dask

        with closing(Cluster(options.cluster, options.strategy, log, options.determinism)) as workers:
            yield (lambda tasks: parallel.outcomes(workers, tasks, data, report, log)), None
    elif min(options.jobs, num_cells) > 1:
        from common.sweep.local_workers import LocalWorkers

        workers = LocalWorkers(min(options.jobs, num_cells), options.strategy, options.determinism)
        yield (lambda tasks: parallel.outcomes(workers, tasks, data, report, log)), None
    else:
        workplace = Workplace(options.strategy, determinism=options.determinism)
        with Witness() as witness:

            def one_by_one(tasks):
                for task in tasks:
                    witness.expect(_LAST_WORDS.format(name=task.cell.experiment, cell=task.experiment.label(task.cell)))
                    yield workplace.perform(task, data[task.cell.dataset], functools.partial(report, task.cell))

            yield one_by_one, 1
