"""Many cells: only those not done yet, here or in other processes, each safe on disk as soon as it is done."""

import threading
from contextlib import closing
from dataclasses import dataclass

from common import cells as cells_on_disk
from common import parallel
from common.progress import SweepProgress
from common.workplace import Task, Workplace


@dataclass(frozen=True)
class Options:
    """How a sweep is run, which has no part in what comes out.

    Attributes:
        fresh: train all, whatever is on disk.
        quiet: show no progress.
        tensorboard: also write TensorBoard logs.
        strategy: how to use the devices, see `devices.start`.
        jobs: number of processes.
        cluster: address of a Dask scheduler, whose workers do it, or None.
        deadline: seconds since the epoch; what is not done then is broken off between two epochs.
    """

    fresh: bool = False
    quiet: bool = False
    tensorboard: bool = False
    strategy: str = "auto"
    jobs: int = 1
    cluster: str | None = None
    deadline: float = float("inf")


@dataclass(frozen=True)
class Result:
    """Of a sweep: the cells whose training failed, and those that the deadline left undone, as lists."""

    failed: list
    left: list


def run(cells, experiment, data, root, options=None, log=print):
    """Train the cells that are not on disk yet.

    Args:
        cells: list of `Cell`.
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
    to_do = [cell for cell in cells if options.fresh or not cells_on_disk.is_done(cell, root)]
    if not to_do:
        return Result([], [])
    tasks = [_task(cell, experiment, root, options) for cell in to_do]
    seconds = {cell.id: cell.seconds_expected(*data[cell.dataset][0][0].shape) for cell in to_do}
    failed, left = [], []
    with SweepProgress(len(to_do), sum(seconds.values()), options.quiet) as progress:
        lock, devices = threading.Lock(), set()  # reports come from a thread

        def report(cell, device, epoch, loss, accuracy):
            with lock:
                if (cell.dataset, device) not in devices and not options.quiet:
                    devices.add((cell.dataset, device))
                    log(f"{cell.dataset}: training on {device}")
                if loss is None:
                    progress.begin(cell, experiment.label(cell), epoch, seconds[cell.id])
                else:
                    progress.epoch(cell, epoch, loss, accuracy)

        with closing(_outcomes(tasks, data, report, options, log)) as outcomes:
            for outcome in outcomes:
                cell = outcome.cell
                if outcome.failure is not None:
                    failed.append(cell)
                    log(f"{experiment.label(cell)} failed; the other cells go on. What happened:\n{outcome.failure}")
                elif outcome.files:
                    cells_on_disk.write(cell, root, outcome.files, outcome.notes)
                else:
                    left.append(cell)
                    if outcome.checkpoint is not None:
                        cells_on_disk.write_checkpoint(cell, root, outcome.checkpoint)
                with lock:
                    progress.end(cell)
    return Result(failed, left)


def _task(cell, experiment, root, options):
    checkpoint = None if options.fresh else cells_on_disk.read_checkpoint(cell, root)
    tensorboard = str(cell.folder(root).parents[1] / "tensorboard" / cell.id) if options.tensorboard else None
    return Task(cell, experiment, checkpoint, options.deadline, tensorboard)


def _outcomes(tasks, data, report, options, log):
    """The outcomes of the tasks, in the order in which they are done."""
    if options.cluster:
        from common.cluster import Cluster  # which needs Dask

        with closing(Cluster(options.cluster, options.strategy, log)) as workers:
            yield from parallel.outcomes(workers, tasks, data, report, log)
    elif min(options.jobs, len(tasks)) > 1:
        from common.local_workers import LocalWorkers

        yield from parallel.outcomes(LocalWorkers(min(options.jobs, len(tasks)), options.strategy), tasks, data, report, log)
    else:
        workplace = Workplace(options.strategy)
        for task in tasks:
            yield workplace.perform(task, data[task.cell.dataset], lambda *values, cell=task.cell: report(cell, *values))
