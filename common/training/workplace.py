"""A process that trains cells."""

import time
import traceback
from collections import defaultdict

from common import devices
from common.errors import first_line
from common.training.task import Outcome


class Workplace:
    """A process's devices, and the stacks that it uses again; it trains one cell after another.

    Args:
        strategy, only_gpu, determinism: as for `devices.start`.
    """

    def __init__(self, strategy="auto", only_gpu=None, determinism="auto"):
        self.devices = devices.start(strategy, only_gpu, determinism)
        import keras  # with TensorFlow, now that it has been started quietly

        from kerascope.seed_stack import StackPool

        # Whatever ~/.keras/keras.json says.
        keras.config.set_floatx("float32")
        keras.config.set_epsilon(1e-7)
        self._pools = defaultdict(StackPool)  # by what they train on

    def perform(self, task, data, report, fatal=OSError):
        """Train a cell.

        Args:
            task: the Task.
            data: `(x_train, y_train), (x_test, y_test)`.
            report: `report(device, epoch, loss, accuracy, checkpoint=None)` is called when it begins (`epoch` is how many are done, loss
                and accuracy are None); after epochs, with means over the seeds; and with each state that is saved.
            fatal: exceptions that are raised; all others are an outcome.

        Returns:
            An Outcome.
        """
        from common.training.train import train

        if time.time() >= task.deadline:
            return Outcome(task.cell)
        try:
            return train(task, data, self.devices, self._pools, report)
        except fatal:
            raise
        except Exception as error:
            return Outcome(task.cell, failure=_in_words(error))


def _in_words(error):
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":  # TensorFlow's
        return f"There is not enough memory; fewer --seeds, a smaller --batch-size or fewer --jobs need less ({first_line(error)}).\n"
    return traceback.format_exc()


def throttled(report, seconds):
    """A `report` for `Workplace.perform` that passes on the beginning, every state, and an epoch every so many seconds."""
    last = -float("inf")

    def report_now_and_then(device, epoch, loss, accuracy, checkpoint=None):
        nonlocal last
        if loss is None or checkpoint is not None or time.monotonic() - last > seconds:
            last = time.monotonic()
            report(device, epoch, loss, accuracy, checkpoint=checkpoint)

    return report_now_and_then
