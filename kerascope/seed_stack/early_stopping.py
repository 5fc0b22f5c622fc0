"""EarlyStopping: stops each member of a SeedStack when it no longer improves."""

import keras
import numpy as np

from .member_monitor import is_stack, member_values, sign_of_improvement
from .members import choose_members


class EarlyStopping(keras.callbacks.EarlyStopping):
    """Stops each member of a SeedStack when its own value has stopped improving; `keras.callbacks.EarlyStopping` for any other model.

    A member that is stopped keeps its weights and state to the end, as if it had been trained alone; the others go on. `frame()` has its
    epochs up to the one at which it was stopped. Training ends when all are stopped. With `restore_best_weights`, each member gets the
    weights of its own best epoch when training ends.

    Example:

    ```python
    stack = SeedStack(build, seeds=range(10))
    stack.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    stop = EarlyStopping(monitor="loss", patience=3)
    stack.fit(x_train, y_train, epochs=20, callbacks=[stop])
    stop.stopped_epochs  # {seed: epoch at which it was stopped, from 0}
    ```

    Args:
        monitor: the value to watch, a key of the logs. Defaults to `"val_loss"`.
        min_delta: the least change that counts as an improvement. Defaults to `0`.
        patience: epochs without an improvement after which a member is stopped. Defaults to `0`.
        verbose: whether to print the epoch at which a member is stopped. Defaults to `0`.
        mode: `"min"`, `"max"`, or `"auto"`: by the metric's direction. Defaults to `"auto"`.
        baseline: a value that a member must beat within `patience`. Defaults to `None`.
        restore_best_weights: whether to restore the weights of the best epoch. Defaults to `False`.
        start_from_epoch: epochs before the value is watched. Defaults to `0`.

    Attributes:
        stopped_epochs: `{seed: epoch at which it was stopped, from 0}`, of the last training of a stack.
        best_epochs: int `(members,)`, the epochs of the best values, from 0.
    """

    def __init__(
        self,
        monitor="val_loss",
        min_delta=0,
        patience=0,
        verbose=0,
        mode="auto",
        baseline=None,
        restore_best_weights=False,
        start_from_epoch=0,
    ):
        super().__init__(monitor, min_delta, patience, verbose, mode, baseline, restore_best_weights, start_from_epoch)
        self.stopped_epochs = {}

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self.stopped_epochs = {}
        if is_stack(self.model):
            members = len(self.model.seeds)
            self.sign = sign_of_improvement(self.model, self.monitor, self.mode)
            self.waits, self.best_values, self.has_best = np.zeros(members, int), np.zeros(members), np.zeros(members, bool)
            self.best_epochs = np.zeros(members, int)

    def on_epoch_end(self, epoch, logs=None):
        if not is_stack(self.model):
            super().on_epoch_end(epoch, logs)
            return
        current, going = member_values(self), self.model.is_training
        if current is None or epoch < self.start_from_epoch:
            return
        improved = going & (~self.has_best | self._is_better(current, self.best_values))
        self._keep_weights(improved, epoch)
        self.best_values[improved], self.has_best[improved] = current[improved], True
        self.waits[going] += 1
        self.waits[improved & (self.baseline is None or self._is_better(current, self.baseline))] = 0
        stopping = going & ~improved & (self.waits >= self.patience) & (epoch > 0)
        for member in np.flatnonzero(stopping):
            self.stopped_epochs[self.model.seeds[member]] = epoch
            if self.verbose:
                print(f"\nEpoch {epoch + 1}: early stopping of seed {self.model.seeds[member]}")
        self.model.stop_members(stopping)

    def on_train_end(self, logs=None):
        if not is_stack(self.model):
            super().on_train_end(logs)
        elif self.best_weights is not None:
            for variable, best in zip(self._weights(), self.best_weights, strict=True):
                variable.assign(best)

    def _is_better(self, values, reference):
        return self.sign * values - abs(self.min_delta) > self.sign * reference

    def _weights(self):
        return self.model.stacked(self.model.template.weights)

    def _keep_weights(self, chosen, epoch):
        """Keep the present weights of the chosen members as their best."""
        self.best_epochs[chosen] = epoch
        if self.restore_best_weights:
            best = self.best_weights or self._weights()
            self.best_weights = [choose_members(chosen, now, before) for now, before in zip(self._weights(), best, strict=True)]
