"""MoveRate: a learning rate that is a multiple of the one at which training becomes unstable."""

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from ..compat import has_callable_learning_rate, learning_rate_schedule
from ..monitors.core.loss import check_loss
from ..monitors.sharpness import SharpnessMonitor, stability_limit
from ..seed_stack.learning_rates import ConstantLearningRate
from ..seed_stack.member_monitor import is_stack
from .core import Intervention, epoch_number, finite_number

RECORDED = ("sharpness", "rate")


class MoveRate(Intervention):
    """Sets the learning rate, at the end of an epoch, to a multiple of the largest rate at which training is stable there.

    Use it to see whether a training overshoots because its rate is above the limit of stability: set it just below and just above. The
    sharpness λ, the largest eigenvalue of the Hessian, is measured on a fixed probe as `SharpnessMonitor` does. The limit is 2/λ for SGD,
    (2 + 2β)/λ with momentum β, (2 + 2β)/((1 + 2β) λ) with Nesterov's; other optimizers have none, and are refused. In a stack each member
    gets the rate of its own sharpness. Where λ is not above 0 there is no limit, and the rate stays.

    Example:

    ```python
    move = MoveRate(1.1, 5, x_train[:256], y_train[:256])
    model.fit(x_train, y_train, epochs=20, callbacks=[move])
    move.frame()  # sharpness, and the rate that was set
    ```

    Args:
        multiple: the factor, above 0; 1 is the limit itself.
        after_epoch: the epoch at whose end the rate is set, from 1.
        x: samples of the probe, as for `SharpnessMonitor`.
        y: their targets. Defaults to `None`.
        iterations: as for `SharpnessMonitor`. Defaults to `100`.
        tolerance: as for `SharpnessMonitor`. Defaults to `0.001`.
        sample_weight: weights of the probe's samples, as given to `fit`. Defaults to `None`.
        class_weight: weights of the classes, as given to `fit`. Defaults to `None`.
        loss: as for `SharpnessMonitor`. Defaults to `None`: the compiled loss.

    Raises:
        ValueError: for wrong arguments; when training begins, for an optimizer that has no such limit, or a schedule of learning rates; and
            for a training that begins after `after_epoch`, without the state of the one before.
    """

    sets_learning_rate = True

    def __init__(self, multiple, after_epoch, x, y=None, iterations=100, tolerance=0.001, sample_weight=None, class_weight=None, loss=None):
        super().__init__()
        self.multiple = finite_number("multiple", multiple, positive=True)
        self.after_epoch = epoch_number("after_epoch", after_epoch)
        arguments = {"sample_weight": sample_weight, "class_weight": class_weight, "loss": loss, "logs": False}
        self._monitor = SharpnessMonitor(x, y, self.after_epoch, iterations, tolerance, **arguments)
        self._measured, self._state = None, None

    def get_ready(self):
        optimizer = self.model.optimizer
        if not np.isfinite(stability_limit(optimizer, 1.0)):
            raise self.refusal(f"needs keras.optimizers.SGD: {type(optimizer).__name__} has no rate at which sharpness limits stability")
        schedule = learning_rate_schedule(_inner(optimizer))
        is_constant = schedule is None or (is_stack(self.model) and isinstance(schedule, ConstantLearningRate))
        if not is_constant or has_callable_learning_rate(_inner(optimizer)):
            raise self.refusal("needs an optimizer with a constant learning rate, not a schedule")
        check_loss(self.model, self._monitor.loss)

    def resume(self, epoch):
        state, self._state = self._state, None
        if epoch < self.after_epoch:
            self._measured = None
        elif state is None:
            raise self.refusal(f"has forgotten the rate set after epoch {self.after_epoch}: the training begins after epoch {epoch}")
        else:
            self._measured = np.array([state[name] for name in RECORDED])
            self._set_rates(state["present"])

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 != self.after_epoch:
            return
        sharpness = self._monitor.measure(self.model, epoch + 1)["sharpness"].to_numpy("float64")
        with np.errstate(divide="ignore", invalid="ignore"):
            rates = self.multiple * stability_limit(self.model.optimizer, 1.0) / sharpness
        rates = np.where(np.isfinite(rates) & (rates > 0), rates, self._rates()).astype("float32")
        self._measured = np.stack([sharpness, rates])
        self._set_rates(rates)

    def _rates(self):
        """The present learning rates, `(members,)`; of an ordinary model one."""
        if is_stack(self.model):
            return self.model.member_learning_rates
        return np.reshape(keras.ops.convert_to_numpy(tf.convert_to_tensor(self.model.optimizer.learning_rate)), [1])

    def _set_rates(self, rates):
        if is_stack(self.model):
            self.model.member_learning_rates = rates
        else:
            self.model.optimizer.learning_rate = float(rates[0])

    def get_state(self):
        """The sharpness, the rates that were set, and the present ones, as `{name: array}`; empty before `after_epoch`."""
        if self._measured is None:
            return {}
        return {**dict(zip(RECORDED, self._measured, strict=True)), "present": np.array(self._rates())}

    def set_state(self, state):
        """Take over the result of another callback's `get_state`, before the first epoch of a training that is resumed."""
        self._state = dict(state) or None

    def frame(self):
        """The sharpness, and the rates that were set, as a tidy DataFrame, a row per seed; empty before `after_epoch`.

        Columns: `seed`, only of a stack; `epoch`, the one at whose end it was; `sharpness`, λ (loss per weight unit²); `rate`, the learning
        rate from then on.
        """
        columns = dict(zip(RECORDED, [[], []] if self._measured is None else self._measured, strict=True))
        table = pd.DataFrame({"epoch": self.after_epoch, **columns}, index=range(len(columns["rate"])))
        table = table.astype({"epoch": int, **dict.fromkeys(RECORDED, "float64")})
        if self.model is not None and is_stack(self.model) and self._measured is not None:
            table.insert(0, "seed", self.model.seeds)
        return table


def _inner(optimizer):
    return getattr(optimizer, "inner_optimizer", optimizer)
