"""The recorder of a model's activation functions, and of layers' outputs, wherever in the model they are."""

import contextlib
import inspect
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from ...compat import ACTIVATION_OPERATIONS, replaced_attribute
from ...layers import layer_paths
from .layers import select

# Functions of Keras that mix units, so that an output has no single derivative; softmax has one of its own here.
MIXING = {"softmax", "log_softmax", "sparsemax", "glu", "Softmax"}
ELEMENTWISE = [fn for name, fn in vars(keras.activations).items() if inspect.isfunction(fn) and name not in MIXING]
ACTIVATION_LAYERS = tuple(getattr(keras.layers, name) for name in ("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax"))
ELEMENTWISE_CLASSES = {"ReLU", "LeakyReLU", "PReLU", "ELU", *ACTIVATION_OPERATIONS} - MIXING


class ActivationCall(NamedTuple):
    """One call of an activation function: the function's name, its outputs, and its elementwise derivative.

    The derivative is NaN for a function that mixes units, other than softmax, of which it is that of an output by its own
    logit. Of a layer whose outputs are recorded as they are, name and derivative are None.
    """

    function: str
    outputs: Any
    derivative: Any


def layers_with_activation(model, patterns=None, linear=True):
    """The layers of a model that apply an activation function.

    These are layers with an `activation` argument, activation layers, and, in functional models, operations such as `keras.ops.relu`.

    Args:
        model: a built model.
        patterns: names or patterns of layers, or None for all. Defaults to `None`.
        linear: whether layers whose activation function is the identity are among them. Defaults to `True`.

    Returns:
        A dict `{path: layer or operation}`.

    Raises:
        NothingToMeasure: if there are none.
    """
    applying = [(path, layer) for path, layer in layer_paths(model) if _applies_activation(layer)]
    inner = {id(vars(layer).get("activation")) for _, layer in applying}  # A layer as the `activation` of another is that one's function.
    found = {path: layer for path, layer in applying if id(layer) not in inner and (linear or not is_linear(layer))}
    others = "" if linear else " other than the identity (linear=True is for those)"
    return select(found, patterns, f"layer with an activation function{others}")


def layers_by_name(model, patterns):
    """The layers of a model that match names or patterns: a dict `{path: layer}`, outer ones first; NothingToMeasure if there are none."""
    found = {}
    for path, layer in layer_paths(model)[1:]:
        if isinstance(layer, keras.layers.Layer):
            found.setdefault(path, layer)  # A recurrent layer and its cell have one path.
    return select(found, patterns, "layer")


def is_linear(layer):
    """Whether the activation function of a layer is the identity."""
    return getattr(vars(layer).get("activation"), "__name__", None) == "linear"


@contextlib.contextmanager
def record_activations(layers, outputs=None):
    """Record each call of the layers' activation functions within the block.

    The values within a loop (the cell of a recurrent layer) are not accessible from outside; layers that are called in one are left out.

    Args:
        layers: the result of `layers_with_activation`.
        outputs: `{path: layer}`, layers whose own outputs are recorded instead, the first of several. Defaults to `None`.

    Yields:
        A dict that fills as the layers are called: `{path: [ActivationCall, ...]}`.
    """
    calls, in_loops, graph = {}, set(), _graph_of(tf.constant(0))

    def recording(path, layer, function):
        def record(inputs, *args, **kwargs):
            with tf.GradientTape(persistent=True) as tape:
                tape.watch(inputs)
                outputs = function(inputs, *args, **kwargs)
            if _graph_of(outputs) is not graph or (graph is None and hasattr(layer, "state_size")):
                in_loops.add(path)  # Keras also calls a cell once outside its loop, to infer shapes.
                calls.pop(path, None)
            elif path not in in_loops:
                name = _function_name(layer, function)
                is_elementwise = function in ELEMENTWISE or type(layer).__name__ in ELEMENTWISE_CLASSES
                derivative = outputs * (1 - outputs) if name == "softmax" else _derivative(tape, outputs, inputs, is_elementwise)
                calls.setdefault(path, []).append(ActivationCall(name, outputs, derivative))
            return outputs

        return record

    def recording_outputs(path, call):
        def record(*args, **kwargs):
            result = call(*args, **kwargs)
            tensor = tf.nest.flatten(result)[0]
            if _graph_of(tensor) is graph:
                calls.setdefault(path, []).append(ActivationCall(None, getattr(tensor, "flat_values", tensor), None))
            return result

        record.__signature__ = inspect.signature(call)
        return record

    with contextlib.ExitStack() as stack:
        for path, layer in (outputs or {}).items():
            stack.enter_context(replaced_attribute(layer, "call", recording_outputs(path, layer.call)))
        for path, layer in layers.items():
            attribute = "activation" if _has_activation_argument(layer) else "call"
            stack.enter_context(replaced_attribute(layer, attribute, recording(path, layer, getattr(layer, attribute))))
        yield calls


def _derivative(tape, outputs, inputs, is_elementwise):
    """The elementwise derivative of a function; NaN if an output depends on several of the inputs of its sample."""
    derivative = tape.gradient(outputs, inputs)
    if is_elementwise or derivative is None:
        return derivative
    if derivative.shape.as_list() != outputs.shape.as_list():
        return tf.fill(tf.shape(outputs), tf.constant(np.nan, outputs.dtype))
    # Changed signs of the outputs' gradients come back as they are if each input has one output.
    signs = np.random.default_rng(0).choice([-1.0, 1.0], [1, *(length or 1 for length in outputs.shape[1:])])
    signs = tf.constant(signs, outputs.dtype) * tf.ones_like(outputs)
    signed = tape.gradient(outputs, inputs, output_gradients=signs)
    error = tf.reduce_max(tf.abs(signed - signs * derivative))
    return tf.where(error <= 1e-3 * tf.reduce_max(tf.abs(signed)), derivative, tf.constant(np.nan, derivative.dtype))


def _applies_activation(layer):
    return _has_activation_argument(layer) or isinstance(layer, ACTIVATION_LAYERS) or type(layer).__name__ in ACTIVATION_OPERATIONS


def _has_activation_argument(layer):
    return callable(vars(layer).get("activation"))  # A recurrent layer's `activation` is a property: its cell has the attribute.


def _graph_of(tensor):
    return None if tf.executing_eagerly() else tensor.graph


def _function_name(layer, function):
    if isinstance(layer, keras.layers.Softmax) or isinstance(function, keras.layers.Softmax) or function is tf.nn.softmax:
        return "softmax"
    if not isinstance(layer, keras.layers.Layer):  # an operation
        return type(layer).__name__.lower()
    return getattr(function, "__name__", type(function).__name__)
