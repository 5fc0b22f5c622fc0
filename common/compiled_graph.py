"""A graph that is traced once, and compiled by XLA where that is wanted."""

import tensorflow as tf


class CompiledGraph:
    """A function of tensors, as a TensorFlow graph.

    Args:
        function: function of TensorFlow operations.
        args: tensors, or structures of them, that stand for all later arguments by their shapes and types.
        jit_compile: function without arguments, asked once the graph is traced: whether XLA compiles it.
        required: whether it is an error if XLA cannot compile it; else the graph then runs as it is.
    """

    def __init__(self, function, args, jit_compile, required):
        specs = tf.nest.map_structure(lambda t: tf.TensorSpec(t.shape, t.dtype), args)
        # Traced here and once: a tf.function made anew for every training would have TensorFlow warn of retracing.
        self._graph = tf.function(function, autograph=False).get_concrete_function(*specs)
        self._compiled = None
        if jit_compile():
            self._compiled = tf.function(self._graph, jit_compile=True, autograph=False).get_concrete_function(*specs)
        self._required = required

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
