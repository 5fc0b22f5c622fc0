"""The layers of a model that have weights, and the choice among layers by their names."""

from fnmatch import fnmatchcase

import keras

from ...layers import inner_variables, layer_paths


class NothingToMeasure(ValueError):
    """A model has no layer of the wanted kind."""


def is_built(model):
    """Whether the model and all layers in it have their weights. Layers that make none in `build` do not count: they may never be called.

    A model that is trained by a `train_step` of its own and has no `call` (a GAN of two networks) is built when its layers are.
    """
    layers = [layer for _, layer in layer_paths(model)[1:] if isinstance(layer, keras.Layer)]
    is_called = type(model).call is not keras.Model.call
    return all(layer.built or type(layer).build is keras.Layer.build for layer in layers) and (
        model.built or (bool(layers) and not is_called)
    )


def weights_by_layer(model, patterns=None, kind="trainable_variables"):
    """The weights of a model, each once, by the layer that owns them; a weight that several layers share by the first of them.

    Args:
        model: a built model.
        patterns: names or patterns of layers, or None for all. Defaults to `None`.
        kind: the attribute of a layer that holds them; `"weights"` for those too that are not trained. Defaults to
            `"trainable_variables"`.

    Returns:
        A dict `{path: [variables]}`, without layers that have none.

    Raises:
        NothingToMeasure: if there are none.
    """
    found, seen = {}, set()
    for path, layer in layer_paths(model):
        inner = inner_variables(layer)
        for variable in getattr(layer, kind, ()):
            if id(variable) not in inner | seen:
                seen.add(id(variable))
                found.setdefault(path, []).append(variable)
    return select(found, patterns, "layer with trainable weights" if kind == "trainable_variables" else "layer with weights")


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
