"""The layers of a model, wherever they are, and their names."""

from fnmatch import fnmatchcase

import keras

from ...compat import graph_operations, own_weights, sublayers


class NothingToMeasure(ValueError):
    """A model has no layer of the wanted kind."""


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
    inner = {id(variable) for child in sublayers(layer) for variable in child.variables}  # A wrapper may hold those too.
    return {id(variable) for variable in own_weights(layer)} <= inner


def _unique(path, taken):
    number, unique = 1, path
    while unique in taken:
        unique, number = f"{path}_{number}", number + 1
    taken.add(unique)
    return unique


def is_built(model):
    """Whether the model and all layers in it have their weights.

    A model that is trained by a `train_step` of its own and has no `call` (a GAN of two networks) is built when its layers are.
    """
    layers = [layer for _, layer in layer_paths(model)[1:] if isinstance(layer, keras.Layer)]
    is_called = type(model).call is not keras.Model.call
    return all(layer.built for layer in layers) and (model.built or (bool(layers) and not is_called))


def weights_by_layer(model, patterns=None):
    """The trainable weights of a model, each once, by the layer that owns them; a weight that several layers share by the first of them.

    Args:
        model: a built model.
        patterns: names or patterns of layers, or None for all. Defaults to `None`.

    Returns:
        A dict `{path: [variables]}`, without layers that have none.

    Raises:
        NothingToMeasure: if there are none.
    """
    found, seen = {}, set()
    for path, layer in layer_paths(model):
        inner = {id(variable) for child in sublayers(layer) for variable in child.trainable_variables}
        for variable in getattr(layer, "trainable_variables", ()):
            if id(variable) not in inner | seen:
                seen.add(id(variable))
                found.setdefault(path, []).append(variable)
    return select(found, patterns, "layer with trainable weights")


def select(by_path, patterns, kind):
    """The entries of `{path: ...}` whose paths match, or all if `patterns` is None; NothingToMeasure if there are none."""
    if not by_path:
        raise NothingToMeasure(f"the model has no {kind}")
    matching = {path: value for path, value in by_path.items() if patterns is None or matches(path, patterns)}
    if not matching:
        raise NothingToMeasure(f"layers={list(patterns)} matches no {kind}; there are {', '.join(by_path)}")
    return matching


def matches(path, patterns):
    """Whether a path, or the last part of it, matches one of the patterns."""
    return any(fnmatchcase(path, pattern) or fnmatchcase(path.rsplit("/", 1)[-1], pattern) for pattern in patterns)
