"""Which layers a model has, wherever they are, and what they are called."""

from fnmatch import fnmatchcase

import keras


class NothingToMeasure(ValueError):
    """A model has no layer of the kind that is wanted."""


def layer_paths(model):
    """The model and every layer in it, each once, as a list of `(path, layer)`, outer ones first; with the operations of functional models.

    The path is that of names, `encoder/dense`; the model's own is its name. A layer that only wraps one other (a recurrent layer its cell,
    `TimeDistributed` its layer) lends that its path. Where two layers would have the same path, the later one gets a number.
    """
    found, seen, taken = [], set(), set()

    def visit(layer, path, prefix):
        if id(layer) in seen:
            return
        seen.add(id(layer))
        found.append((path, layer))
        children = getattr(layer, "operations", None) or _sublayers(layer)
        for child in children:
            if len(children) == 1 and not isinstance(layer, keras.Model):
                visit(child, path, prefix)
            elif id(child) not in seen:
                own = _free(prefix + child.name, taken)
                visit(child, own, f"{own}/")

    visit(model, model.name, "")
    return found


def _free(path, taken):
    number, free = 1, path
    while free in taken:
        free, number = f"{path}_{number}", number + 1
    taken.add(free)
    return free


def _sublayers(layer):
    if isinstance(layer, keras.Model):
        return layer.layers
    # What Model.layers does; Keras has no public way to the layers in a layer.
    return layer._flatten_layers(include_self=False, recursive=False) if isinstance(layer, keras.Layer) else []


def weights_by_layer(model, patterns=None):
    """The weights that training changes, each once, by the layer that owns them.

    Args:
        model: a built model.
        patterns: names or patterns of layers, or None for all.

    Returns:
        A dict `{path: [variables]}`, without layers that have none.

    Raises:
        NothingToMeasure: if there are none.
    """
    found = {}
    for path, layer in layer_paths(model):
        inner = {id(variable) for child in _sublayers(layer) for variable in child.trainable_variables}
        own = [variable for variable in getattr(layer, "trainable_variables", ()) if id(variable) not in inner]
        if own:
            found.setdefault(path, []).extend(own)
    return chosen(found, patterns, "layer with trainable weights")


def chosen(by_path, patterns, what):
    """The entries of `{path: ...}` whose paths match; NothingToMeasure if none does."""
    if not by_path:
        raise NothingToMeasure(f"the model has no {what}")
    matching = {path: value for path, value in by_path.items() if patterns is None or matches(path, patterns)}
    if not matching:
        raise NothingToMeasure(f"layers={list(patterns)} names no {what}; there are {', '.join(by_path)}")
    return matching


def matches(path, patterns):
    """Whether a path, or the last part of it, matches one of the patterns."""
    return any(fnmatchcase(path, pattern) or fnmatchcase(path.rsplit("/", 1)[-1], pattern) for pattern in patterns)
