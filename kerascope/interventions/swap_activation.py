"""SwapActivation: another activation function for layers, from the end of an epoch on."""

import keras

from ..compat import remake_functions, set_untracked
from ..monitors.core.activation_recorder import layers_with_activation
from ..monitors.core.graphs import template_of
from ..seed_stack.member_monitor import is_stack
from .core import Intervention, epoch_number, required_layers


class SwapActivation(Intervention):
    """Gives layers another activation function at the end of an epoch.

    Use it to see whether a function keeps a network from learning: do dead units revive when ReLU becomes LeakyReLU? Monitors measure with
    the new function from then on. The model keeps it after the training, `member(i)` of a stack has it too; `evaluate` and `predict` go by
    it. In a stack, `EarlyStopping` beside it is refused: members that have stopped would get it.

    Example:

    ```python
    swap = SwapActivation("leaky_relu", layers=model.layers[0].name, after_epoch=5)
    model.fit(x_train, y_train, epochs=20, callbacks=[swap])
    ```

    Args:
        activation: name of an activation function of Keras, or a function of a tensor.
        layers: names or patterns of the layers, which have an `activation`, as for monitors. `"*"` is all that have one, the last layer
            too.
        after_epoch: the epoch at whose end the functions are swapped, from 1.

    Raises:
        ValueError: for wrong arguments; when training begins, for a pattern that matches no layer with an activation function, or one that
            is its own function (`keras.layers.ReLU`).
    """

    acts_on_all_members = True

    def __init__(self, activation, layers, after_epoch):
        super().__init__(required_layers(layers))
        self.activation, self.after_epoch = _function(activation), epoch_number("after_epoch", after_epoch)

    def get_ready(self):
        found = layers_with_activation(template_of(self.model), self.layers)
        without = [path for path, layer in found.items() if not callable(vars(layer).get("activation"))]
        if without:
            raise self.refusal(f"needs layers with an argument activation=, and {', '.join(without)} is an activation function itself")
        self._layers = list(found.values())

    def resume(self, epoch):
        if epoch >= self.after_epoch:
            self._swap()

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 == self.after_epoch:
            self._swap()

    def _swap(self):
        if is_stack(self.model):
            self.model.activations.swap(self._layers, self.activation)
            return
        for layer in self._layers:
            set_untracked(layer, "activation", self.activation)
        remake_functions(self.model)


def _function(activation):
    """The activation function of an argument; ValueError if there is none."""
    if not (isinstance(activation, str) or callable(activation)) or isinstance(activation, keras.Layer | type):
        raise ValueError(f"activation must be the name of an activation function, or a function of a tensor, got {activation!r}")
    try:
        return keras.activations.get(activation)
    except ValueError:
        raise ValueError(f"activation={activation!r} is no activation function of Keras") from None
