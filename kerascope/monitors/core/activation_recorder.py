"""What the activation functions of a model do, wherever in it they are."""

import contextlib
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from .layers import chosen, layer_paths

ACTIVATION_LAYERS = (
    keras.layers.Activation,
    keras.layers.ReLU,
    keras.layers.LeakyReLU,
    keras.layers.PReLU,
    keras.layers.ELU,
    keras.layers.Softmax,
)
# Classes of what keras.ops.relu and its like become in a functional model.
ACTIVATION_OPERATIONS = (
    *("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Celu", "Gelu", "Silu", "Sigmoid", "LogSigmoid", "HardSigmoid", "HardSilu", "Tanh"),
    *("HardTanh", "Softmax", "Softplus", "Softsign", "SoftShrink", "HardShrink", "TanhShrink", "Squareplus", "Threshold"),
)


class Recorded(NamedTuple):
    """What an activation function did: its name, what came out, and its elementwise derivative."""

    kind: str
    outputs: Any
    derivative: Any


def layers_with_activation(model, patterns=None):
    """What applies an activation function in a model: layers with an `activation` argument, activation layers, and, in functional models,
    operations such as `keras.ops.relu`.

    Args:
        model: a built model.
        patterns: names or patterns of layers, or None for all.

    Returns:
        A dict `{path: layer or operation}`.

    Raises:
        NothingToMeasure: if there are none.
    """
    found = {path: layer for path, layer in layer_paths(model) if _applies_activation(layer)}
    return chosen(found, patterns, "layer with an activation function")


def _applies_activation(layer):
    return _has_activation(layer) or isinstance(layer, ACTIVATION_LAYERS) or type(layer).__name__ in ACTIVATION_OPERATIONS


def _has_activation(layer):
    # Recurrent layers only show their cell's.
    return callable(vars(layer).get("activation"))


def is_linear(layer):
    """Whether the activation function of a layer does nothing."""
    return getattr(vars(layer).get("activation"), "__name__", None) == "linear"


@contextlib.contextmanager
def recorded_activations(layers):
    """While the block runs, record what each layer's activation function does.

    Args:
        layers: what `layers_with_activation` found.

    Yields:
        A dict that fills as the layers are called: `{path: [Recorded, one per call]}`. Values of a loop (the cell of a recurrent layer)
        cannot be had from outside; layers that are called in one are left out.
    """
    record, in_loops, present = {}, set(), _graph_of(tf.constant(0))

    def recorder(path, function):
        def recording(inputs, *args, **kwargs):
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                outputs = function(inputs, *args, **kwargs)
            if _graph_of(outputs) is not present or (present is None and hasattr(layers[path], "state_size")):
                in_loops.add(path)  # Keras also calls a cell once outside its loop, to see the shapes
                record.pop(path, None)
            elif path not in in_loops:
                kind = _kind(layers[path], function)
                derivative = outputs * (1 - outputs) if kind == "softmax" else tape.gradient(outputs, inputs)
                record.setdefault(path, []).append(Recorded(kind, outputs, derivative))
            return outputs

        return recording

    patched = {path: "activation" if _has_activation(layer) else "call" for path, layer in layers.items()}
    originals = {path: getattr(layers[path], attribute) for path, attribute in patched.items()}
    try:
        # Past Keras's attribute tracking: the layers shall not notice.
        for path, attribute in patched.items():
            vars(layers[path])[attribute] = recorder(path, originals[path])
        yield record
    finally:
        for path, attribute in patched.items():
            if attribute == "activation":
                vars(layers[path])[attribute] = originals[path]
            else:
                del vars(layers[path])[attribute]


def _graph_of(tensor):
    return None if tf.executing_eagerly() else tensor.graph


def _kind(layer, function):
    if isinstance(layer, keras.layers.Softmax) or isinstance(function, keras.layers.Softmax):
        return "softmax"
    if not isinstance(layer, keras.layers.Layer):  # an operation
        return type(layer).__name__.lower()
    return getattr(function, "__name__", type(function).__name__)
