"""A process that trains cells."""

import traceback
from collections import defaultdict

from common import devices, keras_settings, needs
from common.errors import first_line
from common.foreign_warnings import no_warning_is_an_error
from common.lazy import lazy_modules
from common.store.compiled_programs import CompiledPrograms
from common.store.user_cache import cache_folder
from common.training.task import Outcome

keras, seed_stack, train = lazy_modules("keras kerascope.seed_stack common.training.train")


class Trainer:
    """Trains cells in this process, one after another, on its devices; keeps the stacks, which later cells of the same shape use again.

    Args:
        options: the `DeviceOptions`. Defaults to `"auto"` for all.
        only_gpu: number of the GPU to use. Defaults to None, all of them.

    Example:

    ```python
    outcome = Trainer().train(Task(cell), Plan(experiment, data), emit=print)
    ```
    """

    def __init__(self, options=devices.AUTO, only_gpu=None):
        # Again, for the worker of a cluster has an environment of its own.
        devices.require_tensorflow_backend()
        keras_settings.require_importable()
        self.programs = CompiledPrograms(cache_folder(), settings=(options.determinism == "on",))
        with self.programs.asked_for():
            self.devices = devices.start(options, only_gpu)
        self.programs.offer()
        # Keras is imported here, now that TensorFlow has been started quietly.
        # Whatever ~/.keras/keras.json says.
        keras.config.set_floatx("float32")
        keras.config.set_epsilon(1e-7)
        needs.require_imported()
        self._pools = defaultdict(lambda: seed_stack.StackPool())  # by what they train on

    def train(self, task, plan, emit, fatal=OSError):
        """Train a cell.

        Args:
            task: the `Task`.
            plan: the `Plan`.
            emit: function that is called with each event of the training, see `common.training.events`.
            fatal: exceptions that are raised; all others are an outcome. Defaults to `OSError`, such as a full disk.

        Returns:
            An `Outcome`.
        """
        if plan.deadline.left() <= 0:
            return Outcome(task.cell)
        try:
            with no_warning_is_an_error():  # whatever the process, which may be a cluster's worker
                return self._train(task, plan, emit)
        except fatal:
            raise
        except Exception as error:
            return Outcome(task.cell, failure=_explanation(error))
        finally:
            self.programs.keep()

    def _train(self, task, plan, emit):
        try:
            with self.programs.watched():
                return train.CellTraining(task, plan, self.devices, emit).run(self._pools)
        except Exception as error:
            if not self.programs.doubted(error):
                raise
        self._pools.clear()  # TensorFlow remembers of a graph that it could not be loaded
        return train.CellTraining(task, plan, self.devices, emit).run(self._pools)


def _explanation(error):
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":  # TensorFlow's
        return f"There is not enough memory; fewer --seeds, a smaller --batch-size or fewer --jobs need less ({first_line(error)}).\n"
    return traceback.format_exc()
