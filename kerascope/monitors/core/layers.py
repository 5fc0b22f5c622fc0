"""The layers of a model, wherever they are, and their names."""

from fnmatch import fnmatchcase

import keras

from ...compat import graph_operations, sublayers


class NothingToMeasure(ValueError):
    """A model has no layer of the wanted kind."""


def layer_paths(model):
    """The model and every layer and operation in it, each once, outer ones first.

    A path is made of names, `encoder/dense`; the model's own is its name. A layer that only wraps another (a recurrent layer its cell,
    `TimeDistributed` its layer) has the same path as that layer. If two layers would have the same path, the later one gets a number.
    `Layer.path` of Keras does neither, and exists only once a layer is built.

    Returns:
        A list of `(path, layer)`.
    """
    found, seen, taken = [], set(), set()

    def visit(layer, path, prefix):
        if id(layer) in seen:
            return
        seen.add(id(layer))
        found.append((path, layer))
        children = graph_operations(layer) or sublayers(layer)
        for child in children:
            if len(children) == 1 and not isinstance(layer, keras.Model):
                visit(child, path, prefix)
            elif id(child) not in seen:
                child_path = _unique(prefix + child.name, taken)
                visit(child, child_path, f"{child_path}/")

    visit(model, model.name, "")
    return found


def _unique(path, taken):
    number, unique = 1, path
    while unique in taken:
        unique, number = f"{path}_{number}", number + 1
    taken.add(unique)
    return unique


def is_built(model):
    """Whether the model and all layers in it have their weights."""
    return model.built and all(layer.built for _, layer in layer_paths(model) if isinstance(layer, keras.Layer))


def weights_by_layer(model, patterns=None):
    """The trainable weights of a model, each once, by the layer that owns them.

    Args:
        model: a built model.
        patterns: names or patterns of layers, or None for all. Defaults to `None`.

    Returns:
        A dict `{path: [variables]}`, without layers that have none.

    Raises:
        NothingToMeasure: if there are none.
    """
    found = {}
    for path, layer in layer_paths(model):
        inner = {id(variable) for child in sublayers(layer) for variable in child.trainable_variables}
        own = [variable for variable in getattr(layer, "trainable_variables", ()) if id(variable) not in inner]
        if own:
            found.setdefault(path, []).extend(own)
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
