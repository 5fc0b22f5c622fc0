"""The map of a function over stacked values: vectorised, or, where an operation has no vectorised form, one by one."""

import tensorflow as tf

from ..compat import quiet_vectorized_map
from .member_scope import NotStackable


def map_slices(function, slices, vectorise=True):
    """A function of slices, for all slices.

    Args:
        function: function of a structure of tensors.
        slices: that structure, of tensors with a leading axis, of the same static length.
        vectorise: whether to try it; otherwise the graph holds the slices one by one. Defaults to `True`.

    Returns:
        The results with a leading axis; and whether they are vectorised.

    Raises:
        Exception: that of the function.
    """
    if vectorise:
        try:
            with quiet_vectorized_map():
                return tf.vectorized_map(function, slices, fallback_to_while_loop=False), True
        except NotStackable:
            raise
        except Exception:
            # The converter's errors are of all kinds: TypeError for loops with a list of tensors (tensorflow issue 43904), ValueError for
            # operations that it does not know. An error of the function itself is raised again here.
            pass
    length = tf.nest.flatten(slices)[0].shape[0]
    results = [function(tf.nest.map_structure(lambda t, i=i: t[i], slices)) for i in range(length)]
    return tf.nest.map_structure(lambda *outputs: tf.stack(outputs), *results), False
