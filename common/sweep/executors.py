"""The executors that train cells: this process, processes of this machine, the workers of a Dask cluster.

Each has the same interface:

- `start(emit)` is a context that gives a function: `submit(task)` returns the `concurrent.futures.Future` of the task's Outcome. Within the
  context, `emit` is called with the events of the trainings, from one thread.
- `lost` are the exceptions of a future whose process was lost.
- `at_once` is the number of tasks to submit at a time, None for all.
"""

import contextlib
from concurrent.futures import Future

from common.lazy import lazy_modules
from common.sweep.crash_notice import CrashNotice
from common.training.trainer import Trainer

cluster, local = lazy_modules("common.sweep.cluster common.sweep.local")  # the first needs Dask

_NOTICE = (
    "{name}.py: error: killed while it trained {cell}; finished cells are kept, and the same command goes on from there. If there was not "
    "enough memory, fewer --seeds or a smaller --batch-size need less"
)


@contextlib.contextmanager
def executor_for(options, plan, num_cells, log):
    """The executor that the options ask for, as a context.

    Args:
        options: the `sweep.Options`.
        plan: the `Plan` of all tasks.
        num_cells: number of cells to train.
        log: function that takes one line for the user.
    """
    jobs = min(options.jobs, num_cells)
    if options.cluster:
        with contextlib.closing(cluster.Cluster(options.cluster, plan, log)) as workers:
            yield workers
    elif jobs > 1:
        yield local.LocalProcesses(plan, jobs)
    else:
        with CrashNotice() as notice:
            yield ThisProcess(plan, notice)


class ThisProcess:
    """The executor that trains in this process. `submit` returns when the cell is trained; what is fatal, it raises.

    Args:
        plan: the `Plan` of all tasks.
        notice: the `CrashNotice`, which is kept up to date.
    """

    lost = ()
    at_once = 1  # the other cells stay free for other calls that share the output folder

    def __init__(self, plan, notice):
        self.plan, self.notice = plan, notice
        self.trainer = Trainer(plan.devices)

    @contextlib.contextmanager
    def start(self, emit):
        """See the top of this module."""

        def submit(task):
            self.notice.set(_NOTICE.format(name=task.cell.experiment, cell=self.plan.experiment.label(task.cell)))
            future = Future()
            future.set_result(self.trainer.train(task, self.plan, emit))
            return future

        yield submit
