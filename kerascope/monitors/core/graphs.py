"""Measurements as TensorFlow graphs, of an ordinary model or of one that trains many members, on a probe of one or several batches."""

import functools

import keras
import tensorflow as tf


def template_of(model):
    """The ordinary model whose layers are measured: the model itself, or the `template` of all its members."""
    return getattr(model, "template", model)


def map_members(model, fn, *args):
    """`fn(member, *args_i)` for all members of the model; results get a leading member axis, of length 1 for an ordinary model.

    While `fn` runs, `member` holds its weights as tensors. State that `fn` changes is dropped.
    """
    if hasattr(model, "map_members"):
        return model.map_members(fn, *args)
    state = [(variable, tf.convert_to_tensor(variable.value)) for variable in model.variables]
    with keras.StatelessScope(state_mapping=state, collect_losses=True):
        results = fn(model, *tf.nest.map_structure(lambda t: t[0], args))
    return tf.nest.map_structure(lambda t: t[tf.newaxis], results)


def measurement_graph(model, function, *args, jit_compile=True, **settings):
    """`function(model, *args, **settings)` as a graph: a function of tensors like `args`.

    Args:
        model: the model. A SeedStack keeps its graphs, and returns one that it has already.
        function: a function of a module, so that it has an identity.
        *args: structures of tensors, for their shapes and types.
        jit_compile: False for a measurement so rare that compilation does not pay. Defaults to `True`: as the model's training.
        **settings: hashable, constants of the graph.
    """
    if hasattr(model, "graph"):
        return model.graph(function, *args, jit_compile=jit_compile, **settings)

    def measure(*args):
        return function(model, *args, **settings)

    if getattr(model, "run_eagerly", False):
        return measure
    specs = tf.nest.map_structure(lambda t: tf.TensorSpec(t.shape, t.dtype), args)
    # Traced once, here: TensorFlow would take each new monitor for needless retracing.
    return tf.function(measure, autograph=False).get_concrete_function(*specs)


def graph_per_batch(model, batches, function, *args, **settings):
    """A `measurement_graph` for each batch of a probe: a list of functions of `args`. Batches of the same shape share a graph."""
    graphs = {}
    for batch in batches:
        if _shapes(batch) not in graphs:
            graphs[_shapes(batch)] = measurement_graph(model, function, batch, *args, **settings)
    return [functools.partial(graphs[_shapes(batch)], batch) for batch in batches]


def sum_over_batches(model, batches, sum_batch, finalize, *args, **settings):
    """A measurement that adds up over the batches of a probe: a function of tensors like `args`.

    Args:
        model: the model.
        batches: the batches of a probe.
        sum_batch: function of a module, `sum_batch(model, batch, *args, **settings)`: a structure of tensors to add up over the batches.
        finalize: function of a module, `finalize(model, totals, *args, **settings)`: the result.
        *args, **settings: see `measurement_graph`.
    """
    if len(batches) == 1:
        return graph_per_batch(model, batches, _sum_and_finalize, *args, sum_batch=sum_batch, finalize=finalize, **settings)[0]
    parts = graph_per_batch(model, batches, sum_batch, *args, **settings)
    final_graph = []  # made at the first measurement, when the shapes of the sums are known

    def measure(*args):
        totals = add_structures(part(*args) for part in parts)
        if not final_graph:
            final_graph.append(measurement_graph(model, finalize, totals, *args, **settings))
        return final_graph[0](totals, *args)

    return measure


def _sum_and_finalize(model, batch, *args, sum_batch, finalize, **settings):
    return finalize(model, sum_batch(model, batch, *args, **settings), *args, **settings)


def add_structures(structures):
    """The sum of structures of tensors, added one by one, so that no more than two are in memory."""
    return functools.reduce(functools.partial(tf.nest.map_structure, tf.add), structures)


def _shapes(batch):
    return tuple(tuple(tensor.shape) for tensor in tf.nest.flatten(batch))
