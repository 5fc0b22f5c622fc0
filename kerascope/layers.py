"""The layers of a model, wherever they are, their names, and the call of a model."""

import inspect

import keras

from .compat import graph_operations, own_weights, sublayers


def layer_paths(model):
    """The model and every layer and operation in it, each once, outer ones first.

    A path is made of names, `encoder/dense`; the model's own is its name. A layer that only wraps another (a recurrent layer its cell,
    `TimeDistributed` its layer), with neither a weight nor an activation of its own, has the same path as that layer. If two layers would
    have the same path otherwise, the later one gets a number. `Layer.path` of Keras does neither, and exists only once a layer is built.

    Returns:
        A list of `(path, layer)`.
    """
    found, seen, taken = [], {id(model)}, set()

    def visit(layer, path, prefix):
        children = graph_operations(layer) or sublayers(layer)
        for child in children:
            if id(child) in seen:
                continue
            seen.add(id(child))
            only_wrapped = len(children) == 1 and layer is not model and _only_wraps(layer)
            child_path = path if only_wrapped else _unique(prefix + child.name, taken)
            found.append((child_path, child))
            visit(child, child_path, prefix if only_wrapped else f"{child_path}/")

    visit(model, model.name, "")
    return [(_unique(model.name, taken), model), *found]  # A layer may have the model's name.


def _only_wraps(layer):
    if isinstance(layer, keras.Model) or callable(vars(layer).get("activation")):
        return False
    return {id(variable) for variable in own_weights(layer)} <= inner_variables(layer)  # A wrapper may hold those too.


def _unique(path, taken):
    number, unique = 1, path
    while unique in taken:
        unique, number = f"{path}_{number}", number + 1
    taken.add(unique)
    return unique


def inner_variables(layer):
    """The ids of all variables of the layers within a layer."""
    return {id(variable) for child in sublayers(layer) for variable in child.variables}


def outputs_of(model, x, training):
    """The outputs of a model as `keras.Model.fit` computes them: a `call` without the argument `training` is in no mode."""
    if "training" in inspect.signature(model.call).parameters:
        return model(x, training=training)
    return model(x)
