"""The check that `build()` returns the same model for each seed: all members are computed with the layers of the first."""

import dis

import keras

from ..compat import graph_operations, is_private_attribute
from ..layers import inner_variables, layer_paths
from .member_scope import NotStackable
from .plain_values import own_class_attributes, plain_values

REMEDY = "Draw nothing in build() but initial weights, or make a stack for each kind"


def require_same_model(members):
    """Refuse models that cannot be members of one stack.

    Each must have weights of its own, of the same shapes and types, and the same layers with the same settings, functions and constants.

    Args:
        members: list of built models.

    Raises:
        NotStackable: naming the layer and the setting that differs.
    """
    owner = {}
    for number, model in enumerate(members):
        if any(owner.setdefault(id(variable), number) != number for variable in model.variables):
            raise NotStackable("build() returned models that share weights: make the model and all its layers anew within build()")
    first, *others = map(_settings, members)
    for other in others:
        for key in {**first, **other}:
            if first.get(key) != other.get(key):
                one, another = first.get(key, "missing"), other.get(key, "missing")
                place = f"layer {key[0]} ({key[1]})" if key[0] else key[1]
                raise NotStackable(
                    f"build() returned different models: {key[2]} of {place} is {one} in one, {another} in another. {REMEDY}"
                )


def _settings(model):
    """All settings of a model as `{(number of the layer, its class, path of the setting): its value in words}`."""
    layers = [layer for _, layer in layer_paths(model)]
    names = {layer.name: f"layer {number}" for number, layer in enumerate(layers)}
    found, seen = {}, {}
    for number, layer in enumerate(layers):
        for part in _parts(layer):
            for path, value in plain_values(part, seen):
                found[number, type(layer).__name__, ".".join(path)] = value
        for path, value in plain_values(_connections(layer), seen, names):
            found[number, type(layer).__name__, ".".join(path)] = value
    return found


def _parts(layer):
    """The dicts of all that decides the computation of a layer or operation."""
    own = own_class_attributes(type(layer))
    yield {"class": type(layer).__qualname__, "methods": own}
    attributes = {name: value for name, value in vars(layer).items() if not (is_private_attribute(name) if own else name.startswith("_"))}
    # Names of layers, see `_connections`; Keras's wrapper of `build`, that of another class at first; and what depends on the inputs.
    for name in ("output_names", "build", *_stored_in_call(layer)):
        attributes.pop(name, None)
    yield attributes
    if own and not any(isinstance(value, keras.random.SeedGenerator) for value in attributes.values()):
        # With a generator a seed is where it begins, which the stack has of each member; without one it is a constant of the computation.
        yield {f"{name} itself": value for name, value in attributes.items() if name.endswith("seed")}
    if isinstance(layer, keras.Layer):
        yield {"dtype policy": layer.dtype_policy.name}
        for i, v in enumerate(_own_variables(layer)):
            kind = f"{v.dtype} {tuple(v.shape)}, trainable={v.trainable}"
            yield {f"weight {i}": kind, f"regularizer {i}": v.regularizer, f"constraint {i}": v.constraint}
        yield _config(layer)


def _stored_in_call(layer):
    """The attributes that the `call` of a layer assigns."""
    code = getattr(getattr(type(layer), "call", None), "__code__", None)
    return {step.argval for step in dis.get_instructions(code) if step.opname == "STORE_ATTR"} if code else set()


def _own_variables(layer):
    inner = inner_variables(layer)
    return [variable for variable in layer.variables if id(variable) not in inner]


def _config(layer):
    """The serialised settings of a layer; none of a model, whose layers follow."""
    try:
        return {} if isinstance(layer, keras.Model) else layer.get_config()
    except Exception:  # A layer need not be serialisable.
        return {}


def _connections(layer):
    """The connections between the layers of a functional model, by their names."""
    if graph_operations(layer) is None:
        return {}
    try:
        config = layer.get_config()
        nodes = [part["inbound_nodes"] for part in config["layers"]]
    except Exception:  # A layer in it, or a subclass of a functional model, need not be serialisable.
        return {"operations": [operation.name for operation in graph_operations(layer)]}
    return {"nodes": nodes, "inputs": config["input_layers"], "outputs": config["output_layers"]}
