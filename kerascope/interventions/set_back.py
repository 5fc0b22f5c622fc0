"""SetBack: the weights of layers, set back to what they were after an earlier epoch."""

import keras
import numpy as np

from ..monitors.core.activation_recorder import layers_by_name
from ..monitors.core.graphs import template_of
from ..seed_stack.member_monitor import is_stack
from ..seed_stack.members import choose_members
from .core import Intervention, epoch_number, required_layers


class SetBack(Intervention):
    """Sets the weights of layers back to what they were after an earlier epoch.

    Use it to see what a layer has learned, and when (Zhang, Bengio & Singer 2022, JMLR 23): set back after the last epoch, the loss that
    `evaluate` then measures is that of the network without it. All weights of a layer are set back, normalisation statistics too. The
    optimizer's state (momentum, moments) stays, and so do random generators.

    Example:

    ```python
    model.fit(x_train, y_train, epochs=20, callbacks=[SetBack(model.layers[0].name, after_epoch=20, to_epoch=5)])
    model.evaluate(x_test, y_test)
    ```

    It keeps a copy of the weights in main memory from `to_epoch` to `after_epoch`.

    Args:
        layers: names or patterns of the layers, as for monitors; of a model or layer with layers in it all weights. `"*"` is all.
        after_epoch: the epoch at whose end the weights are set back, from 1.
        to_epoch: the epoch from whose end the weights are, 0 is before training. Defaults to `0`.

    Raises:
        ValueError: for wrong arguments; when training begins, for a pattern that matches no layer with weights; and for a training that
            begins after `to_epoch`, without the state of the one before.
    """

    def __init__(self, layers, *, after_epoch, to_epoch=0):
        super().__init__(required_layers(layers))
        self.after_epoch, self.to_epoch = epoch_number("after_epoch", after_epoch), epoch_number("to_epoch", to_epoch, least=0)
        if self.to_epoch >= self.after_epoch:
            raise ValueError(f"to_epoch must be before after_epoch, got {to_epoch} and {after_epoch}")
        self._kept = None

    def get_ready(self):
        layers = layers_by_name(template_of(self.model), self.layers).values()
        variables = list({id(variable): variable for layer in layers for variable in layer.weights}.values())
        if not variables:
            raise ValueError(f"layers={list(self.layers)} matches no layer with weights")
        self._variables = self.model.stacked(variables) if is_stack(self.model) else variables

    def resume(self, epoch):
        if self.to_epoch < epoch < self.after_epoch and self._kept is None:
            raise self.refusal(f"does not know the weights after epoch {self.to_epoch}: the training begins after epoch {epoch}")

    def on_epoch_begin(self, epoch, logs=None):
        super().on_epoch_begin(epoch, logs)
        if epoch == self.to_epoch:  # Not at the end before, where callbacks later in the list may yet change them.
            self._kept = [keras.ops.convert_to_numpy(variable) for variable in self._variables]
        self._going = self.model.is_training.copy() if is_stack(self.model) else None

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 != self.after_epoch:
            return
        for variable, value in zip(self._variables, self._kept, strict=True):
            variable.assign(value if self._going is None else choose_members(self._going, value, variable.value))
        self._kept = None
        if self._going is not None:  # Those that were stopped at this very epoch end with the weights as they are now.
            self.model.stop_members(self._going & ~self.model.is_training)

    def get_state(self):
        """The copies of the weights, as `{name: array}`; see `Intervention.get_state`."""
        return {str(number): np.array(value) for number, value in enumerate(self._kept or [])}

    def set_state(self, state):
        """Take over the result of another callback's `get_state`, before the first epoch of a training that is resumed."""
        self._kept = [np.asarray(state[str(number)]) for number in range(len(state))] or None
