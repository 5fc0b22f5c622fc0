"""CompiledGraph: a function as a TensorFlow graph that is traced once, and may be compiled by XLA."""

import tensorflow as tf

from ..operations import operations_of

# Operations that are not compiled with "auto": XLA draws other random numbers from the same seed, and is slow at convolutions on a CPU.
NOT_AUTO_COMPILED = ("Random", "Conv")


class CompiledGraph:
    """A function of tensors as a TensorFlow graph.

    `tf.function(jit_compile=...)` has no "auto": it fails on operations that XLA cannot compile.

    Args:
        function: function of TensorFlow operations.
        args: tensors, or structures of them, with the shapes and types of all later arguments.
        jit_compile: whether XLA compiles it: True, False, or `"auto"`: if it can, and if that changes only rounding.

    Attributes:
        compiled: the graph as XLA compiled it; None if XLA does not run it.
    """

    def __init__(self, function, args, jit_compile):
        specs = tf.nest.map_structure(lambda t: tf.TensorSpec(t.shape, t.dtype), args)
        # Traced once, here: TensorFlow would take each new training for needless retracing.
        self._graph = tf.function(function, autograph=False).get_concrete_function(*specs)
        self.compiled = None
        if jit_compile is True or (jit_compile == "auto" and not self._has_operations(NOT_AUTO_COMPILED)):
            self.compiled = tf.function(self._graph, jit_compile=True, autograph=False).get_concrete_function(*specs)
        self._required = jit_compile is True
        self.is_checked = False  # by `require_own_state`

    @property
    def variables(self):
        """All `tf.Variable`s that the graph reads or assigns."""
        return self._graph.variables

    def operations(self):
        """All operations of the graph, see `operations_of`."""
        return operations_of(self._graph)

    def __call__(self, *args):
        if self.compiled is not None:
            try:
                return self.compiled(*args)
            except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
                if self._required:
                    raise
                self.compiled = None
        return self._graph(*args)

    def _has_operations(self, words):
        return any(word in operation.op for operation in self.operations() for word in words)
