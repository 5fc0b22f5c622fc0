"""Many cells: only those not done yet, here or in other processes, each safe on disk as soon as it is done."""

import contextlib
import sys
import threading
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from common.deadline import NEVER, Deadline
from common.devices import AUTO, DeviceOptions
from common.lazy import lazy_modules
from common.store import cells as cells_on_disk
from common.store import checkpoints
from common.store.locks import RESULTS, RESULTS_WAITING, Locks
from common.sweep.retries import outcomes
from common.sweep.shared_cells import SharedCells
from common.training.events import StateSaved
from common.training.task import Plan, Task

executors, bars = lazy_modules("common.sweep.executors common.sweep.progress")  # once there is something to train: they take a second

_OTHER_VERSIONS = (
    "note: {count} cells in {folder} were written by another version of these scripts and are not used; the cells asked for are trained "
    "again. Delete those folders, or keep them and choose another --out"
)


@dataclass(frozen=True)
class Options:
    """The options of a sweep, none of which changes its results.

    Attributes:
        fresh: train all, whatever is on disk. Defaults to False.
        quiet: show no progress. Defaults to False.
        tensorboard: also write TensorBoard logs. Defaults to False.
        devices: the `DeviceOptions`. Defaults to `"auto"` for all.
        jobs: number of processes. Defaults to 1.
        cluster: address of a Dask scheduler, whose workers train. Defaults to None, this machine.
        checkpoint_every: seconds after which the state of a training is saved, see `Checkpoint`. Defaults to never.
        deadline: the `Deadline`; what is not done then is broken off between two epochs. Defaults to never.
        command: the words of the call, which each cell records. Defaults to those of this process.
    """

    fresh: bool = False
    quiet: bool = False
    tensorboard: bool = False
    devices: DeviceOptions = AUTO
    jobs: int = 1
    cluster: str | None = None
    checkpoint_every: float = float("inf")
    deadline: Deadline = NEVER
    command: list = field(default_factory=lambda: sys.argv)


@dataclass(frozen=True)
class Result:
    """The result of a sweep: the cells whose training failed, and those that the deadline left undone, as lists."""

    failed: list
    left: list


def run(cells, experiment, data, root, options=None, log=print):
    """Train the cells that are not on disk yet. Cells that another process trains in the same folder are left to it, and waited for.

    Args:
        cells: list of `Cell`, of one experiment.
        experiment: their `Experiment`.
        data: `{dataset: Data}`, of which the samples of those with cells to train are loaded.
        root: the output folder.
        options: the `Options`. Defaults to `Options()`.
        log: function that takes one line for the user. Defaults to `print`.

    Returns:
        The `Result`.

    Raises:
        BadInput: if a folder on disk cannot be trusted, or a cluster cannot be reached.
        OSError: if a folder cannot be written.

    Example:

    ```python
    result = run(cells, EXPERIMENT, data, "plots", Options(jobs=2))
    ```
    """
    options = options or Options()
    folder = Path(root) / experiment.name
    folder.mkdir(parents=True, exist_ok=True)
    with closing(Locks(folder, log)) as locks:
        cells_on_disk.recover(experiment.name, root, locks)
        shared = SharedCells(cells, root, locks, options.fresh, options.deadline, log)
        if not shared.to_do:
            return Result([], [])
        if others := cells_on_disk.of_other_versions(cells, root):
            log(_OTHER_VERSIONS.format(count=len(others), folder=folder / "cells"))
        plan = Plan(
            experiment,
            {name: data[name].samples for name in {cell.dataset for cell in shared.to_do}},
            options.devices,
            options.checkpoint_every,
            options.deadline,
            str(folder / "tensorboard") if options.tensorboard else None,
        )
        return _train(shared, plan, Path(root), options, locks, log)


def _train(shared, plan, root, options, locks, log):
    """Train the cells that are to do, and put each on disk."""
    failed, left = [], []
    seconds = {cell.id: cell.seconds_expected(*plan.data[cell.dataset].fixed[0][0].shape) for cell in shared.to_do}
    with bars.SweepProgress(seconds, plan.experiment.label, options.quiet) as progress:
        news = _News(progress, root, options.quiet, log)
        with executors.executor_for(options, plan, len(shared.to_do), log) as executor:
            for claimed in shared.claims(executor.at_once, when_done_elsewhere=news.end):
                tasks = [Task(cell, None if options.fresh else checkpoints.read(cell, root)) for cell in claimed]
                with closing(outcomes(executor, tasks, news.emit, log)) as done:
                    for outcome in done:
                        cell = outcome.cell
                        news.end(cell)
                        if outcome.failure is not None:
                            failed.append(cell)
                            log(f"{plan.experiment.label(cell)} failed; the other cells go on. What happened:\n{outcome.failure}")
                        elif not outcome.files:
                            left.append(cell)
                        _store(outcome, root, locks, options.command)
                        locks.release(cell.id)
    return Result(failed, left + shared.to_do)


class _News:
    """The events of a sweep's trainings: shown, and states put on disk. Those of a cell that has ended are dropped.

    Args:
        progress: the `SweepProgress`.
        root: the output folder.
        quiet: log no devices.
        log: function that takes one line for the user.
    """

    def __init__(self, progress, root, quiet, log):
        self.progress, self.root, self.quiet, self.log = progress, root, quiet, log
        self.lock = threading.Lock()  # events may come from a thread
        self.devices, self.ended = set(), set()

    def emit(self, event):
        with self.lock:
            if event.cell.id in self.ended:
                return
            if isinstance(event, StateSaved):
                self.save(event)
                return
            on = event.cell.dataset, event.device
            if on not in self.devices and not self.quiet:
                self.devices.add(on)
                self.log("{}: training on {}".format(*on))
            self.progress.show(event)

    def save(self, event):
        try:
            checkpoints.write(event.cell, self.root, event.state)
        except OSError as error:
            # There may still be room for the cell itself; and if not, the cells before it are safe.
            self.log(f"warning: the state of a training cannot be saved ({error.strerror}): {error.filename}")

    def end(self, cell):
        with self.lock:
            self.ended.add(cell.id)
            self.progress.end(cell)


def _store(outcome, root, locks, command):
    if outcome.checkpoint is not None:
        checkpoints.write(outcome.cell, root, outcome.checkpoint)
    if outcome.files:
        # A cell is replaced only while no other process reads it.
        replaces = outcome.cell.folder(root).exists()
        with locks.held(RESULTS, RESULTS_WAITING) if replaces else contextlib.nullcontext():
            cells_on_disk.write(outcome.cell, root, outcome.files, {**outcome.notes, "command": command})
