"""The check that a graph keeps all its state in variables that are stacked."""

from ..layers import layer_paths
from .member_scope import NotStackable


def require_own_state(graph, stack):
    """Refuse a graph of a training that depends on state that members would share.

    Args:
        graph: the result of `SeedStack.graph`.
        stack: the SeedStack.

    Raises:
        NotStackable: for a `tf.Variable` of a layer, or random numbers of `tf.random`.
    """
    if graph.is_checked:
        return
    variables = [*stack.variables, *stack.optimizer.variables, *(v for metric in stack.metrics for v in metric.variables)]
    own = {part.ref() for variable in variables for part in getattr(variable.value, "values", [variable.value])}
    layers = layer_paths(stack.template)
    for variable in graph.variables:
        if variable.ref() not in own:
            owners = [f"layer {path}" for path, layer in layers if any(part is variable for part in vars(layer).values())]
            raise NotStackable(
                f"{(owners or ['the model, its loss or a metric'])[0]} uses a tf.Variable, {variable.name}, which a SeedStack would share "
                "between members: make it with add_weight(), or, where it never changes, a constant"
            )
    for operation in graph.operations():
        kind, name = operation.op, operation.name
        if "seed2" in operation.attr:  # Those of keras.random have a seed among their inputs instead.
            names = {layer.name for _, layer in layers}
            scopes = [scope if scope in names else scope.rpartition("_")[0] for scope in name.split("/")]  # TensorFlow numbers them
            inside = [f"layer {scope}" for scope in scopes if scope in names]
            raise NotStackable(
                f"{(inside or ['the model'])[-1]} draws from tf.random ({kind}), whose numbers depend on the graph, not on the seed alone: "
                "draw with keras.random and a keras.random.SeedGenerator of the layer's own"
            )
    graph.is_checked = True
