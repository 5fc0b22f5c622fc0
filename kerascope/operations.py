"""The operations of a TensorFlow graph."""


def operations_of(graph):
    """The operations of a concrete function and of the functions that it calls, as `NodeDef`s."""
    definition = graph.graph.as_graph_def()
    for body in [definition.node, *(function.node_def for function in definition.library.function)]:
        yield from body
