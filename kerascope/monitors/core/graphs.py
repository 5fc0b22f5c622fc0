"""Measurements as graphs, of an ordinary model or of one that trains many members at once, on a probe of one batch or several."""

import functools

import keras
import tensorflow as tf


def template_of(model):
    """The ordinary model whose layers are measured: the model itself, or the one that stands for all its members."""
    return getattr(model, "template", model)


def is_built(model):
    """Whether the model and all layers in it have their weights."""
    return model.built and all(layer.built for layer in model._flatten_layers())


def map_members(model, fn, *args):
    """`fn(member, *args_i)` for all members of the model; results get a leading member axis, of length 1 for an ordinary model.

    While `fn` runs, `member` holds its weights as tensors, and whatever state it changes is dropped.
    """
    if hasattr(model, "map_members"):
        return model.map_members(fn, *args)
    state = [(variable, tf.convert_to_tensor(variable.value)) for variable in model.variables]
    with keras.StatelessScope(state_mapping=state, collect_losses=True):
        results = fn(model, *tf.nest.map_structure(lambda t: t[0], args))
    return tf.nest.map_structure(lambda t: t[tf.newaxis], results)


def graph(model, function, *args, seldom=False, **settings):
    """`function(model, *args, **settings)` as a graph: a function of tensors like `args`.

    Args:
        model: the model; one that keeps graphs, as a SeedStack does, hands out again what it has.
        function: a function of a module, so that it is known again.
        *args: structures of tensors, for their shapes and types.
        seldom: whether it is called so seldom that compilation does not pay.
        **settings: hashable, fixed in the graph.
    """
    if hasattr(model, "graph"):
        return model.graph(function, *args, jit_compile=not seldom, **settings)

    def measure(*args):
        return function(model, *args, **settings)

    if getattr(model, "run_eagerly", False):
        return measure
    specs = tf.nest.map_structure(lambda t: tf.TensorSpec(t.shape, t.dtype), args)
    # Traced here and once, so that TensorFlow does not take each new monitor for needless retracing.
    return tf.function(measure, autograph=False).get_concrete_function(*specs)


def on_each(model, batches, function, *args, **settings):
    """`graph` for each batch of a probe, as a list of functions of `args`; batches of one shape share theirs."""
    graphs = {}
    for batch in batches:
        if _shapes(batch) not in graphs:
            graphs[_shapes(batch)] = graph(model, function, batch, *args, **settings)
    return [functools.partial(graphs[_shapes(batch)], batch) for batch in batches]


def over_batches(model, batches, add_up, finish, *args, **settings):
    """A measurement on several batches, as a function of tensors like `args`.

    Args:
        model, batches: the model, and a probe's batches.
        add_up: `add_up(model, batch, *args, **settings)`, of a module: what is added up over the batches, a structure of tensors.
        finish: `finish(model, totals, *args, **settings)`, a function of a module: what comes of the sums.
        *args, **settings: see `graph`.
    """
    if len(batches) == 1:
        return on_each(model, batches, _at_once, *args, add_up=add_up, finish=finish, **settings)[0]
    parts = on_each(model, batches, add_up, *args, **settings)
    finishing = []  # its graph, once the shapes of the sums are known

    def measure(*args):
        totals = add_structures(part(*args) for part in parts)
        if not finishing:
            finishing.append(graph(model, finish, totals, *args, **settings))
        return finishing[0](totals, *args)

    return measure


def _at_once(model, batch, *args, add_up, finish, **settings):
    return finish(model, add_up(model, batch, *args, **settings), *args, **settings)


def add_structures(structures):
    """The sum of structures of tensors, one by one, so that no more than two are held."""
    return functools.reduce(functools.partial(tf.nest.map_structure, tf.add), structures)


def _shapes(batch):
    return tuple(tuple(tensor.shape) for tensor in tf.nest.flatten(batch))
