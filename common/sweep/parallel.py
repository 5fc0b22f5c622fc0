"""Tasks spread over processes, each of which may be lost; then what it was at is done again."""

import contextlib
from collections import Counter
from dataclasses import replace

from common.training.task import Outcome

ATTEMPTS = 3


def outcomes(workers, tasks, data, report, log):
    """Perform tasks.

    Args:
        workers: what performs them: `run(tasks, data, report)` yields the outcome of each in the order in which they are done, and raises
            one of its `LOST` exceptions where a process, and with it what it was at, is lost.
        tasks: list of `Task`.
        data: `{dataset: arrays}`.
        report: called with a task's cell and what it reports, see `Workplace.perform`; from a thread. What is done again goes on from the
            last state that was reported.
        log: function that takes one line for the user.

    Yields:
        The Outcome of each task. What was at work at two losses is performed alone, after the others; what is lost then has failed, for it
        is itself the cause.
    """
    waiting = {task.cell.id: task for task in tasks}
    losses, states = Counter(), {}
    while waiting:
        begun = set()
        together = [task for name, task in waiting.items() if losses[name] < ATTEMPTS - 1]
        batch = [replace(task, checkpoint=states.get(task.cell.id, task.checkpoint)) for task in together or [next(iter(waiting.values()))]]

        def note_and_report(cell, *values, checkpoint=None, begun=begun):
            begun.add(cell.id)
            if checkpoint is not None:
                states[cell.id] = checkpoint
            report(cell, *values, checkpoint=checkpoint)

        try:
            with contextlib.closing(workers.run(batch, data, note_and_report)) as done:
                for outcome in done:
                    del waiting[outcome.cell.id]
                    states.pop(outcome.cell.id, None)
                    yield outcome
        except workers.LOST as error:
            lost = [task.cell.id for task in batch if task.cell.id in waiting]
            suspects = [name for name in lost if name in begun] or lost
            losses.update(suspects)
            log(f"a process that was training was lost ({type(error).__name__}); what it was at is trained again")
            for name in suspects:
                task = waiting.pop(name)
                if losses[name] < ATTEMPTS:
                    waiting[name] = task  # behind the others, which it may have taken with it
                else:
                    yield Outcome(task.cell, failure=f"Its process was lost {ATTEMPTS} times (is there enough memory?): {error}\n")
