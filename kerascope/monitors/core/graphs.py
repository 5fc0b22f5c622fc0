"""Measurements as TensorFlow graphs, of an ordinary model or of one that trains many members, on a probe of one or several batches."""

import functools
import re

import keras
import numpy as np
import tensorflow as tf

from ...compat import kept_random_state
from ...layers import layer_paths
from ...operations import operations_of
from ...per_member import mapped

# Operations that change a `tf.Variable`, a generator of `tf.random` or a table: a measurement would do it to the model.
ASSIGNMENTS = re.compile(
    r"Assign(Add|Sub)?VariableOp|Resource(Scatter\w*|StridedSliceAssign)|Rng(ReadAnd)?Skip"
    r"|Stateful(Uniform|Standard|Truncated|Random)\w*|LookupTable(Insert|Import|Remove)\w*"
)


def template_of(model):
    """The ordinary model whose layers are measured: the model itself, or the `template` of all its members."""
    return getattr(model, "template", model)


class Structure:
    """The parts of a model that graphs of measurements hold: layers, trainable weights, activation functions, loss and optimizer.

    Two structures of a model are equal as long as its graphs are valid. Freezing a layer makes another one, and so does `compile`.
    """

    def __init__(self, model):
        template = template_of(model)
        layers = [layer for _, layer in layer_paths(template)]
        activations = [vars(layer).get("activation") for layer in layers]
        compiled = [getattr(model, name, None) for name in ("optimizer", "loss")]
        # The objects themselves, since the identity of an object that is gone may be that of a new one.
        self._parts = [*layers, None, *template.trainable_variables, None, *activations, *compiled]

    def __eq__(self, other):
        return len(self._parts) == len(other._parts) and all(a is b for a, b in zip(self._parts, other._parts, strict=True))

    __hash__ = None


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


def map_batch(model, fn, batch, *args):
    """`fn(member, batch, *args_i)` for all members, as `map_members`; of the batch's `Own` parts each member gets its own."""
    of_member, own = mapped(fn, batch)
    return map_members(model, of_member, own, *args)


def measurement_graph(model, function, *args, jit_compile=True, **settings):
    """`function(model, *args, **settings)` as a graph: a function of tensors like `args`.

    Args:
        model: the model. A SeedStack keeps its graphs, and returns one that it has already.
        function: a function of a module, so that it has an identity.
        *args: structures of tensors, for their shapes and types.
        jit_compile: for a SeedStack, False for a measurement so rare that compilation does not pay. Defaults to `True`: as its training,
            see `SeedStack.compiles_measurements`. The graph of an ordinary model is never compiled.
        **settings: hashable, constants of the graph.

    Raises:
        ValueError: for sparse or ragged tensors and a SeedStack, and for a model that assigns variables which Keras does not manage.
    """
    if hasattr(model, "graph"):
        if not all(isinstance(tensor, tf.Tensor) for tensor in tf.nest.flatten(args)):
            raise ValueError(f"{type(model).__name__} takes no sparse or ragged tensors: give a dense probe")
        return model.graph(function, *args, jit_compile=jit_compile and model.compiles_measurements, **settings)

    def measure(*args):
        return function(model, *args, **settings)

    specs = tf.nest.map_structure(tf.type_spec_from_value, args)
    try:
        # Traced once, here: TensorFlow would take each new monitor for needless retracing.
        graph = tf.function(measure, autograph=False).get_concrete_function(*specs)
    except Exception:
        if not getattr(model, "run_eagerly", False):
            raise
    else:
        if any(map(ASSIGNMENTS.match, operation_types(graph))):
            raise _assigns(model, graph.variables)
        return graph

    def measure_eagerly(*args):
        before = [(variable, variable.numpy()) for _, variable in _own_state(model)]
        with kept_random_state():  # A graph has random states of its own, which eager operations share with the training.
            results = measure(*args)
        changed = [(variable, value) for variable, value in before if not np.array_equal(variable, value)]
        for variable, value in changed:
            variable.assign(value)
        if changed:
            raise _assigns(model, [variable for variable, _ in changed])
        return results

    return measure_eagerly


def operation_types(graph):
    """The types of all operations of a concrete function."""
    return {operation.op for operation in operations_of(graph)}


def _own_state(model):
    """The `tf.Variable`s and the states of `tf.random.Generator`s that are attributes of layers, with the layers' paths."""
    for path, layer in layer_paths(template_of(model)):
        for value in vars(layer).values():
            for part in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else [value]:
                state = part.state if isinstance(part, tf.random.Generator) else part
                if isinstance(state, tf.Variable):
                    yield path, state


def _assigns(model, variables):
    owners = [path for path, state in _own_state(model) if any(state is variable for variable in variables)]
    return ValueError(
        f"{(owners or ['the model or its loss'])[0]} assigns a tf.Variable in inference: measuring would change it; keep such state in "
        "add_weight(), and draw with keras.random"
    )


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
