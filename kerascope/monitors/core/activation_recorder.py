"""The recorder of a model's activation functions, wherever in the model they are."""

import contextlib
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from ...compat import ACTIVATION_OPERATIONS, replaced_attribute
from .layers import layer_paths, select

ACTIVATION_LAYERS = tuple(getattr(keras.layers, name) for name in ("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax"))


class ActivationCall(NamedTuple):
    """One call of an activation function: the function's name, its outputs, and its elementwise derivative."""

    function: str
    outputs: Any
    derivative: Any


def layers_with_activation(model, patterns=None):
    """The layers of a model that apply an activation function.

    These are layers with an `activation` argument, activation layers, and, in functional models, operations such as `keras.ops.relu`.

    Args:
        model: a built model.
        patterns: names or patterns of layers, or None for all. Defaults to `None`.

    Returns:
        A dict `{path: layer or operation}`.

    Raises:
        NothingToMeasure: if there are none.
    """
    found = {path: layer for path, layer in layer_paths(model) if _applies_activation(layer)}
    return select(found, patterns, "layer with an activation function")


def is_linear(layer):
    """Whether the activation function of a layer is the identity."""
    return getattr(vars(layer).get("activation"), "__name__", None) == "linear"


@contextlib.contextmanager
def record_activations(layers):
    """Record each call of the layers' activation functions within the block.

    The values within a loop (the cell of a recurrent layer) are not accessible from outside; layers that are called in one are left out.

    Args:
        layers: the result of `layers_with_activation`.

    Yields:
        A dict that fills as the layers are called: `{path: [ActivationCall, ...]}`.
    """
    calls, in_loops, graph = {}, set(), _graph_of(tf.constant(0))

    def recording(path, layer, function):
        def record(inputs, *args, **kwargs):
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                outputs = function(inputs, *args, **kwargs)
            if _graph_of(outputs) is not graph or (graph is None and hasattr(layer, "state_size")):
                in_loops.add(path)  # Keras also calls a cell once outside its loop, to infer shapes.
                calls.pop(path, None)
            elif path not in in_loops:
                name = _function_name(layer, function)
                derivative = outputs * (1 - outputs) if name == "softmax" else tape.gradient(outputs, inputs)
                calls.setdefault(path, []).append(ActivationCall(name, outputs, derivative))
            return outputs

        return record

    with contextlib.ExitStack() as stack:
        for path, layer in layers.items():
            attribute = "activation" if _has_activation_argument(layer) else "call"
            stack.enter_context(replaced_attribute(layer, attribute, recording(path, layer, getattr(layer, attribute))))
        yield calls


def _applies_activation(layer):
    return _has_activation_argument(layer) or isinstance(layer, ACTIVATION_LAYERS) or type(layer).__name__ in ACTIVATION_OPERATIONS


def _has_activation_argument(layer):
    return callable(vars(layer).get("activation"))  # A recurrent layer's `activation` is a property: its cell has the attribute.


def _graph_of(tensor):
    return None if tf.executing_eagerly() else tensor.graph


def _function_name(layer, function):
    if isinstance(layer, keras.layers.Softmax) or isinstance(function, keras.layers.Softmax):
        return "softmax"
    if not isinstance(layer, keras.layers.Layer):  # an operation
        return type(layer).__name__.lower()
    return getattr(function, "__name__", type(function).__name__)
