"""A graph that is traced once, and compiled by XLA where that is wanted."""

import contextlib
import logging

import tensorflow as tf

# XLA draws other random numbers from the same seed; and on a CPU it is slow at convolutions.
ONLY_IF_ASKED = ("Random", "Conv")


class CompiledGraph:
    """A function of tensors, as a TensorFlow graph.

    Args:
        function: function of TensorFlow operations.
        args: tensors, or structures of them, that stand for all later arguments by their shapes and types.
        jit_compile: whether XLA compiles it: True, False, or "auto": if it can, and if that changes nothing but rounding.
    """

    def __init__(self, function, args, jit_compile):
        specs = tf.nest.map_structure(lambda t: tf.TensorSpec(t.shape, t.dtype), args)
        # Traced here and once: a tf.function made anew for every training would have TensorFlow warn of retracing.
        self._graph = tf.function(function, autograph=False).get_concrete_function(*specs)
        self._compiled = None
        if jit_compile is True or (jit_compile == "auto" and not _has_operations(self._graph, ONLY_IF_ASKED)):
            self._compiled = tf.function(self._graph, jit_compile=True, autograph=False).get_concrete_function(*specs)
        self._required = jit_compile is True

    @property
    def is_compiled(self):
        """Whether XLA runs it."""
        return self._compiled is not None

    def __call__(self, *args):
        if self._compiled is not None:
            try:
                return self._compiled(*args)
            except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
                if self._required:
                    raise
                self._compiled = None
        return self._graph(*args)


@contextlib.contextmanager
def without_conversion_chatter():
    """Within the block TensorFlow keeps to itself which operations it cannot vectorise, at a screenful each."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _has_operations(graph, words):
    """Whether the graph, or a function that it calls, has an operation with one of the words in its name."""
    definition = graph.graph.as_graph_def()
    bodies = [definition.node, *(function.node_def for function in definition.library.function)]
    return any(word in node.op for body in bodies for node in body for word in words)
