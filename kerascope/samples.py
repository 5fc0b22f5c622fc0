"""Samples as they are given to `fit`, as batches: dicts of structures of tensors, in memory. Keras's own data adapters are private."""

import itertools

import keras
import numpy as np
import tensorflow as tf

from .per_member import Own, PerMember, num_members

KINDS = tf.data.Dataset | keras.utils.PyDataset
# The most batches that are read from a Dataset that does not know its length.
MAX_BATCHES = 100_000


def batches_of(x, y=None, sample_weight=None, class_weight=None, most=MAX_BATCHES):
    """The samples as a list of batches, one of them for arrays.

    Args:
        x: array, tensor (sparse and ragged ones too), DataFrame or list of numbers or strings; a list or dict of them; or a
            `tf.data.Dataset` or `keras.utils.PyDataset` of batches, whose elements are `x`, `(x, y)` or `(x, y, sample_weight)`. Arrays
            and structures may stand within `PerMember`; those parts of the batch are `Own`.
        y: targets, if `x` is not a Dataset. Defaults to `None`.
        sample_weight: weights, if `x` is not a Dataset. Defaults to `None`.
        class_weight: dict of class to weight: sample weights by the class of `y`. Defaults to `None`.
        most: the number of batches after which a Dataset of unknown length counts as endless. Defaults to `MAX_BATCHES`.

    Returns:
        A list of dicts with the keys `x` and, if there are any, `y` and `sample_weight`. float64 has become Keras's float type, as in
        `fit`.

    Raises:
        ValueError: for no samples, parts of different lengths, an endless Dataset, targets beside a Dataset, both kinds of weights, or
            `PerMember` of a Dataset or within a structure.
        TypeError: if `x` is neither arrays nor a Dataset.
    """
    if not isinstance(x, KINDS):
        return [_batch(x, y, sample_weight, class_weight)]
    if y is not None or sample_weight is not None:
        raise ValueError("a Dataset has its targets and weights in its elements: leave out y and sample_weight")
    batches = [_batch(*keras.utils.unpack_x_y_sample_weight(element), class_weight) for element in _elements(x, most)]
    if not batches:
        raise ValueError("the Dataset is empty")
    if any(num_members(batch) for batch in batches):
        raise ValueError("all members see the batches of a Dataset: give arrays within PerMember, not a Dataset of it")
    return batches


def is_dense(batch):
    """Whether all parts of a batch are ordinary tensors, neither sparse nor ragged."""
    return all(isinstance(tensor, tf.Tensor) for tensor in tf.nest.flatten(batch))


def _elements(dataset, most):
    """The elements of a Dataset or PyDataset, all of them; ValueError if there is no end."""
    if isinstance(dataset, keras.utils.PyDataset):
        number = dataset.num_batches
        elements = (dataset[i] for i in range(number or 0))
    else:
        cardinality = dataset.cardinality().numpy()
        number = None if cardinality == tf.data.INFINITE_CARDINALITY else cardinality
        elements = iter(dataset)
        if cardinality == tf.data.UNKNOWN_CARDINALITY:
            elements = list(itertools.islice(elements, most + 1))
            number = len(elements) if len(elements) <= most else None
    if number is None and isinstance(dataset, keras.utils.PyDataset):
        raise ValueError("the PyDataset is endless: give it a __len__, or give its first batches as a tf.data.Dataset")
    if number is None:
        raise ValueError(f"the Dataset is endless, or has more than {most} batches: give take(batches) of it")
    return elements


def _batch(x, y, sample_weight, class_weight):
    parts = {"x": x, "y": y, "sample_weight": sample_weight}
    batch = {name: _tensors(part, name) for name, part in parts.items() if part is not None}
    lengths = {length for part in batch.values() for length in _lengths(part)}
    if len(lengths) != 1 or not lengths - {0, None}:
        found = ", ".join(sorted(map(str, lengths)))
        raise ValueError(
            f"x, y and sample_weight need the same number of samples, at least one, and a Dataset has to be batched; got {found}"
        )
    num_members(batch)  # ValueError if parts differ in it
    if class_weight is not None:
        batch["sample_weight"] = _weights_by_class(batch, class_weight)
    return batch


def _lengths(part):
    axis = int(isinstance(part, Own))
    return [tensor.shape[axis] if (tensor.shape.rank or 0) > axis else None for tensor in tf.nest.flatten(part)]


def _tensors(part, name):
    if isinstance(part, PerMember):
        if isinstance(part.values, KINDS):
            raise ValueError(f"{name} is a Dataset within PerMember, which takes arrays (members, samples, ...)")
        return Own(_tensors(part.values, name))
    leaves = tf.nest.flatten(part)
    try:
        if isinstance(part, list | tuple) and leaves and all(isinstance(leaf, int | float | str | bytes | np.generic) for leaf in leaves):
            part = np.asarray(part)  # A plain list of numbers or strings is an array.
        return tf.nest.map_structure(_tensor, part)
    except (TypeError, ValueError) as error:
        kinds = "arrays, structures of arrays, a tf.data.Dataset or a keras.utils.PyDataset"
        raise TypeError(f"{name} must be {kinds}; got {type(part).__name__} ({' '.join(str(error).split())[:100]})") from error


def _tensor(value):
    if isinstance(value, PerMember):
        raise ValueError("PerMember stands around a whole structure of arrays, not within one")
    if hasattr(value, "tocoo"):  # a sparse matrix of SciPy
        value = value.tocoo()
        indices = np.stack([value.row, value.col], axis=1).astype("int64")
        value = tf.sparse.reorder(tf.SparseTensor(indices, value.data, value.shape))
    elif not tf.is_tensor(value):
        value = tf.convert_to_tensor(np.asarray(value))
    return tf.cast(value, keras.config.floatx()) if value.dtype == tf.float64 else value


def _weights_by_class(batch, class_weight):
    """The weight of each sample by its class, `(samples,)`, as `fit` makes them: 1 for classes that are not named."""
    if "sample_weight" in batch:
        raise ValueError("give sample_weight or class_weight, not both, as for fit")
    y = batch.get("y")
    if isinstance(y, Own) and isinstance(y.tensors, tf.Tensor):
        return Own(tf.stack([_weights_by_class({"y": of_member}, class_weight) for of_member in y.tensors]))
    if not isinstance(y, tf.Tensor):
        raise ValueError("class_weight needs one array of classes y, as for fit")
    classes = y.numpy()
    if classes.ndim > 1:
        classes = classes.argmax(axis=-1) if classes.shape[-1] != 1 else classes[..., 0]
    if classes.ndim > 1:
        raise ValueError(f"class_weight needs one class a sample, and y has shape {tuple(y.shape)}: give sample_weight")
    weights = [class_weight.get(int(of_sample), 1.0) for of_sample in np.round(classes)]
    return tf.constant(weights, keras.config.floatx())
