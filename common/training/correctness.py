"""The test samples that each final network classifies rightly, kept where all runs are tested on the same ones."""

import numpy as np
import tensorflow as tf

SAMPLES = 2048  # at a time, so that the activations of many seeds fit into memory


def correctness(stack, x, y):
    """The samples that each member of a stack classifies rightly, as the arrays of `correct.npz`.

    Args:
        stack: a trained `SeedStack` whose outputs are one number per class.
        x, y: samples `(samples, features)` and their classes `(samples,)`.

    Returns:
        `{"correct": uint8 (members, ceil(samples / 8)), "samples": int64}`: a bit for each sample, in their order, the first in the highest
        bit, see `numpy.packbits`; and their number.
    """
    right = []
    for first in range(0, len(x), SAMPLES):
        some = tf.convert_to_tensor(x[first : first + SAMPLES]), tf.convert_to_tensor(y[first : first + SAMPLES])
        right.append(stack.graph(_is_right, *some, jit_compile=False)(*some).numpy())
    return {"correct": np.packbits(np.concatenate(right, axis=1), axis=1), "samples": np.int64(len(y))}


def _is_right(stack, x, y):
    return stack.map_members(lambda member: tf.equal(tf.argmax(member(x, training=False), axis=-1, output_type=y.dtype), y))
