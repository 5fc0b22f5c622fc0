"""Probe: the fixed samples on which monitors measure."""

import keras
import numpy as np
import tensorflow as tf


class Probe:
    """The samples on which a monitor measures, kept in memory in one or several batches.

    Args:
        x: samples as given to `fit`: an array or tensor, a list or dict of them, or a `tf.data.Dataset` of batches, whose elements are `x`,
            `(x, y)` or `(x, y, sample_weight)`.
        y: targets as given to `fit`, if `x` is not a Dataset. Defaults to `None`.
        sample_weight: weights as given to `fit`, if `x` is not a Dataset. Defaults to `None`.

    Raises:
        ValueError: for no samples, parts of different lengths, an endless Dataset, or targets beside a Dataset.
        TypeError: if `x` is neither arrays nor a Dataset.

    Attributes:
        batches: list of dicts with the keys `x` and, if there are any, `y` and `sample_weight`; structures of tensors.
    """

    def __init__(self, x, y=None, sample_weight=None):
        if isinstance(x, tf.data.Dataset):
            if y is not None or sample_weight is not None:
                raise ValueError("a probe that is a Dataset has its targets and weights in its elements")
            if x.cardinality() == tf.data.INFINITE_CARDINALITY:
                raise ValueError("the probe is an endless Dataset: give take(batches) of it")
            self.batches = [_batch(*keras.utils.unpack_x_y_sample_weight(element)) for element in x]
        else:
            self.batches = [_batch(x, y, sample_weight)]
        if not self.batches:
            raise ValueError("the probe is an empty Dataset")

    def __len__(self):
        return sum(num_samples(batch) for batch in self.batches)

    def without_targets(self):
        """Drop targets and weights. Returns the probe."""
        self.batches = [{"x": batch["x"]} for batch in self.batches]
        return self

    def split(self, size):
        """The same samples as a list of batches of at most `size`."""
        parts = [(batch, slice(i, i + size)) for batch in self.batches for i in range(0, num_samples(batch), size)]
        return [tf.nest.map_structure(lambda tensor, rows=rows: tensor[rows], batch) for batch, rows in parts]


def num_samples(batch):
    """The number of samples in a batch."""
    return tf.nest.flatten(batch)[0].shape[0]


def _batch(x, y=None, sample_weight=None):
    parts = {"x": x, "y": y, "sample_weight": sample_weight}
    batch = {name: _tensors(part, name) for name, part in parts.items() if part is not None}
    lengths = {tensor.shape[0] if tensor.shape.rank else None for tensor in tf.nest.flatten(batch)}
    if len(lengths) != 1 or not lengths - {0, None}:
        raise ValueError(f"all parts of a probe need the same number of samples, at least one; got {sorted(map(str, lengths))}")
    return batch


def _tensors(part, name):
    """The arrays of a structure as tensors; float64 becomes Keras's float type, as in `fit`. Keras's own data adapters are private."""
    leaves = tf.nest.flatten(part)
    if leaves and all(isinstance(leaf, (int, float)) for leaf in leaves):
        part = np.asarray(part)  # A plain list of numbers is an array.

    def tensor(value):
        if not tf.is_tensor(value):
            value = np.asarray(value)
            if value.dtype == object:
                raise TypeError(f"{name} of a probe must be arrays, or structures of them, or a tf.data.Dataset; got {type(part).__name__}")
        value = tf.convert_to_tensor(value)
        return tf.cast(value, keras.config.floatx()) if value.dtype == tf.float64 else value

    return tf.nest.map_structure(tensor, part)
