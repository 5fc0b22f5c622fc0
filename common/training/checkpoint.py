"""The state of a training between two epochs, as bytes, and the way back into it."""

import io
import logging
import time

import keras
import numpy as np

from common.compat import set_initial_epoch
from common.deadline import NEVER

logger = logging.getLogger(__name__)
WORTH = 100  # times what it takes to save the state must have passed since it was saved


class Checkpoint(keras.callbacks.Callback):
    """Saves the state of a SeedStack's training at intervals, breaks the training off before a deadline, and continues it later. A training
    that is continued ends exactly as one without a break.

    The state holds weights, random generators, the optimizer's state, and all that was recorded; batch orders depend on seed and epoch
    alone. The callback must be last in the list: it corrects what others measure before training.

    Args:
        content: the state of a training with the same settings. Defaults to None, the training begins at the start.
        origin: string that is kept with the state and says what it belongs to. A state of another is not used, and a warning says
            so in the log of this process.
            Defaults to "", any will do.
        every: seconds from one saving to the next; 0 for every epoch. Longer where saving would take more than a hundredth of the time.
            Defaults to never.
        keep: function that is called with each state that is saved, bytes. Defaults to None, which is enough where `every` is never.
        deadline: the `Deadline`. No epoch begins that would end later, if it took as long as the last. Defaults to never.

    Attributes:
        monitors: `{name: callback}`, to be set before training: those among the callbacks that have `get_state` and `set_state`.
        saved: the state, bytes, if the training was broken off, else None.
    """

    def __init__(self, content=None, origin="", every=float("inf"), keep=None, deadline=NEVER):
        super().__init__()
        self.monitors = {}
        self.origin = origin
        self.every = every
        self.keep = keep
        self.deadline = deadline
        self.saved = None
        self._arrays = {}
        if content is not None:
            with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                self._arrays = dict(arrays)
            if origin and str(self._arrays["origin"]) != origin:
                logger.warning("warning: the state of a training is of other packages than are here; its cell begins anew")
                self._arrays = {}

    @property
    def epoch(self):
        """The number of epochs that are done where the training begins."""
        return int(self._arrays.get("epoch", 0))

    @property
    def seconds(self):
        """The seconds that they took."""
        return float(self._arrays.get("seconds", 0))

    def on_train_begin(self, logs=None):
        self.saved = None
        self._began = self._last_kept = time.monotonic()
        self._cost = 0  # seconds that the last saving took
        set_initial_epoch(self.model, self.epoch)
        if not self._arrays:
            return
        for i, variable in enumerate(self._variables()):
            variable.assign(self._arrays[f"variable/{i}"])
        measured = self._part("record")
        self.model.records = [{name: values[i] for name, values in measured.items()} for i in range(self.epoch)]
        for record in self.model.records:
            record["epoch"] = int(record["epoch"])
        for name, monitor in self.monitors.items():
            monitor.set_state(self._part(f"monitor/{name}"))

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch_began = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        now = time.monotonic()
        if epoch + 1 == self.params["epochs"]:
            return
        if now - self._epoch_began > self.deadline.left():
            self.saved = self._save(self.seconds + now - self._began)
            self.model.stop_training = True
        elif now - self._last_kept >= (self.every and max(self.every, WORTH * self._cost)):
            self.keep(self._save(self.seconds + now - self._began))
            self._last_kept = time.monotonic()
            self._cost = self._last_kept - now

    def on_train_end(self, logs=None):
        set_initial_epoch(self.model, 0)

    def _save(self, seconds):
        records = self.model.records
        arrays = {"origin": np.array(self.origin), "epoch": np.int64(len(records)), "seconds": np.float64(seconds)}
        arrays.update({f"variable/{i}": np.asarray(variable) for i, variable in enumerate(self._variables())})
        arrays.update({f"record/{name}": np.array([record[name] for record in records]) for name in records[0]})
        for name, monitor in self.monitors.items():
            arrays.update({f"monitor/{name}/{key}": array for key, array in monitor.get_state().items()})
        content = io.BytesIO()
        np.savez(content, **arrays)
        return content.getvalue()

    def _variables(self):
        return [*self.model.stacked(self.model.template.variables), *self.model.optimizer.variables]

    def _part(self, prefix):
        return {name.removeprefix(f"{prefix}/"): array for name, array in self._arrays.items() if name.startswith(f"{prefix}/")}
