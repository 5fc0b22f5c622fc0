"""The activation functions of a SeedStack's layers that others have replaced since the model was built."""

from ..compat import remake_functions, set_untracked
from ..layers import layer_paths


class SwappedActivations:
    """The layers of a stack's template whose activation function is no longer the one that `build` gave them.

    Args:
        stack: the SeedStack.
    """

    def __init__(self, stack):
        self._stack, self._original, self._present = stack, {}, {}

    def swap(self, layers, activation):
        """Give layers of the template another activation function.

        Args:
            layers: list of the layers.
            activation: function of a tensor.
        """
        numbers = {id(layer): number for number, layer in enumerate(_layers(self._stack.template))}
        for layer in layers:
            number = numbers[id(layer)]
            self._original.setdefault(number, layer.activation)
            self._present[number] = activation
        self.give(self._stack.template)
        remake_functions(self._stack)

    def reset(self):
        """Give all layers their original activation functions again."""
        if self._original:
            _give(self._stack.template, self._original)
            remake_functions(self._stack)
        self._original, self._present = {}, {}

    def give(self, model):
        """Give the layers of another model from `build` the present activation functions."""
        _give(model, self._present)

    @property
    def key(self):
        """The numbers of the layers, and their present activation functions: hashable, `()` if there are none."""
        return tuple(sorted(self._present.items(), key=lambda item: item[0]))


def _layers(model):
    return [layer for _, layer in layer_paths(model)]


def _give(model, activations):
    layers = _layers(model) if activations else []
    for number, activation in activations.items():
        set_untracked(layers[number], "activation", activation)
