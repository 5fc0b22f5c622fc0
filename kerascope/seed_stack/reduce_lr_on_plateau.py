"""ReduceLROnPlateau: a learning rate of its own for each member of a SeedStack, reduced when it no longer improves."""

import keras
import numpy as np

from ..compat import learning_rate_schedule
from .member_monitor import is_stack, member_values, sign_of_improvement
from .member_scope import NotStackable


class ReduceLROnPlateau(keras.callbacks.ReduceLROnPlateau):
    """Reduces the learning rate of each member of a SeedStack when its own value has stopped improving.

    For any other model it is `keras.callbacks.ReduceLROnPlateau`. Each member is trained with its own rate from then on: `frame()` has it
    in `learning_rate`, the stack in `member_learning_rates`.

    Example:

    ```python
    stack = SeedStack(build, seeds=range(10))
    stack.compile(keras.optimizers.Adam(0.01), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    stack.fit(x_train, y_train, epochs=20, callbacks=[ReduceLROnPlateau(monitor="loss", factor=0.5, patience=2)])
    stack.frame().pivot(index="epoch", columns="seed", values="learning_rate")
    ```

    Args:
        monitor: the value to watch, a key of the logs. Defaults to `"val_loss"`.
        factor: the factor by which a rate is reduced, below 1. Defaults to `0.1`.
        patience: epochs without an improvement after which it is reduced. Defaults to `10`.
        verbose: whether to print each reduction. Defaults to `0`.
        mode: `"min"`, `"max"`, or `"auto"`: by the metric's direction. Defaults to `"auto"`.
        min_delta: the least change that counts as an improvement. Defaults to `0.0001`.
        cooldown: epochs after a reduction in which nothing is counted. Defaults to `0`.
        min_lr: the lowest learning rate. Defaults to `0.0`.
        **kwargs: as for `keras.callbacks.ReduceLROnPlateau`.

    Raises:
        NotStackable: when training begins, if the optimizer of a stack has a schedule.
    """

    def __init__(
        self, monitor="val_loss", factor=0.1, patience=10, verbose=0, mode="auto", min_delta=0.0001, cooldown=0, min_lr=0.0, **kwargs
    ):
        super().__init__(monitor, factor, patience, verbose, mode, min_delta, cooldown, min_lr, **kwargs)

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        if is_stack(self.model):
            if learning_rate_schedule(self.model.optimizer) is not None:
                raise NotStackable("ReduceLROnPlateau needs an optimizer with a constant learning rate, not a schedule")
            members = len(self.model.seeds)
            self.sign = sign_of_improvement(self.model, self.monitor, self.mode)
            self.best_values, self.has_best = np.zeros(members), np.zeros(members, bool)
            self.waits, self.cooldowns = np.zeros(members, int), np.zeros(members, int)

    def on_epoch_end(self, epoch, logs=None):
        if not is_stack(self.model):
            super().on_epoch_end(epoch, logs)
            return
        rates = self.model.member_learning_rates
        if logs is not None:
            logs["learning_rate"] = float(np.mean(rates))
        current = member_values(self)
        if current is None:
            return
        cooling = self.cooldowns > 0
        self.cooldowns[cooling] -= 1
        self.waits[cooling] = 0
        improved = ~self.has_best | (self.sign * current - abs(self.min_delta) > self.sign * self.best_values)
        self.best_values[improved], self.has_best[improved] = current[improved], True
        self.waits = np.where(improved, 0, self.waits + (self.cooldowns == 0))
        due = ~improved & (self.cooldowns == 0) & (self.waits >= self.patience) & (rates > np.float32(self.min_lr)) & self.model.is_training
        if due.any():
            self.model.member_learning_rates = np.where(due, np.maximum(rates * self.factor, self.min_lr), rates)
            self.cooldowns[due], self.waits[due] = self.cooldown, 0
            if self.verbose:
                reduced = ", ".join(f"{self.model.seeds[i]} to {self.model.member_learning_rates[i]:g}" for i in np.flatnonzero(due))
                print(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing the learning rate of seeds {reduced}.")
