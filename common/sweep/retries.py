"""Tasks performed by processes that may be lost, and tried again then."""

from collections import Counter
from concurrent.futures import as_completed
from contextlib import closing
from dataclasses import replace

from common.training.events import StateSaved
from common.training.task import Outcome

ATTEMPTS = 3


def outcomes(executor, tasks, emit, log):
    """Perform tasks. A task whose process was lost is performed again, behind the others and from the last state that was saved; after two
    losses alone, and after three it has failed, because it is itself the cause.

    Args:
        executor: see `common.sweep.executors`.
        tasks: list of `Task`.
        emit: function that is called with each event of the trainings; from a thread.
        log: function that takes one line for the user.

    Yields:
        The Outcome of each task, in the order in which they are done.
    """
    waiting = {task.cell.id: task for task in tasks}
    losses, begun, states = Counter(), set(), {}

    def note_and_emit(event):
        begun.add(event.cell.id)
        if isinstance(event, StateSaved):
            states[event.cell.id] = event.state
        emit(event)

    while waiting:
        together = [task for name, task in waiting.items() if losses[name] < ATTEMPTS - 1]
        batch = [replace(task, checkpoint=states.get(task.cell.id, task.checkpoint)) for task in together or [next(iter(waiting.values()))]]
        begun.clear()
        lost = {}
        with closing(_performed(executor, batch, note_and_emit)) as results:
            for name, result in results:
                if isinstance(result, Outcome):
                    del waiting[name]
                    states.pop(name, None)
                    yield result
                else:
                    lost[name] = result
        # Of a pool of processes all tasks are lost with one: those that had not begun are not to blame.
        suspects = [name for name in lost if name in begun] or list(lost)
        losses.update(suspects)
        if suspects:
            log(f"a process that was training was lost ({type(lost[suspects[0]]).__name__}); what it was at is trained again")
        for name in suspects:
            task = waiting.pop(name)
            if losses[name] < ATTEMPTS:
                waiting[name] = task  # behind the others, whose processes it may have taken with it
            else:
                yield Outcome(task.cell, failure=f"Its process was lost {ATTEMPTS} times (is there enough memory?): {lost[name]}\n")


def _performed(executor, batch, emit):
    """The id of each task's cell with its Outcome, or with the exception by which its process was lost, as soon as it is known."""
    with executor.start(emit) as submit:
        names = {}
        for task in batch:
            try:
                names[submit(task)] = task.cell.id
            except executor.lost as error:
                yield task.cell.id, error
        for future in as_completed(names):
            name = names.pop(future)  # and with it the outcome, of which a cluster keeps a copy as long
            try:
                result = future.result()
            except executor.lost as error:
                result = error
            del future
            yield name, result
