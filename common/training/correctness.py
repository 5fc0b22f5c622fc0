"""The test samples that each final network classifies rightly, kept where all runs are tested on the same ones."""

import numpy as np
import tensorflow as tf


def correctness(stack, x, y):
    """The samples that each member of a stack classifies rightly, as the arrays of `correct.npz`.

    Args:
        stack: a trained `SeedStack` whose outputs are one number per class.
        x, y: samples `(samples, features)` and their classes `(samples,)`.

    Returns:
        `{"correct": uint8 (members, ceil(samples / 8)), "samples": int64}`: a bit for each sample, in their order, the first in the highest
        bit, see `numpy.packbits`; and their number.
    """
    x, y = tf.convert_to_tensor(x), tf.convert_to_tensor(y)
    right = stack.graph(_is_right, x, y)(x, y)
    return {"correct": np.packbits(right.numpy(), axis=1), "samples": np.int64(len(y))}


def _is_right(stack, x, y):
    return stack.map_members(lambda member: tf.equal(tf.argmax(member(x, training=False), axis=-1, output_type=y.dtype), y))
