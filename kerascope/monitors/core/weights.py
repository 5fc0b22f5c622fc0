"""The weights of a model, now and at an earlier time."""

import itertools

import numpy as np
import tensorflow as tf

from .graphs import template_of
from .layers import weights_by_layer

CHUNK = 2**18  # values of a weight that are computed with at a time: temporary arrays of 1 MiB, and float32 sums that lose little


def weight_names(by_layer):
    """The names of weights, `(path, name)`, each once: a second `kernel` of a layer is `kernel_1`.

    Args:
        by_layer: the result of `weights_by_layer`.
    """
    names, counts = [], {}
    for path, variables in by_layer.items():
        for variable in variables:
            number = counts[path, variable.name] = counts.get((path, variable.name), -1) + 1
            names.append((path, f"{variable.name}_{number}" if number else variable.name))
    return names


def sums_by_scope(sums, names):
    """Sums over the values of each weight, added up: `{scope: array (members, rows, ...)}` for the weights, their layers, and the model.

    Args:
        sums: array `(members, weights, ...)`.
        names: `(path, weight)` of each weight, those of a layer one after the other.
    """
    paths = [path for path, _ in names]
    starts = [i for i, path in enumerate(paths) if i == 0 or path != paths[i - 1]]
    return {"model": sums.sum(axis=1, keepdims=True), "layer": np.add.reduceat(sums, starts, axis=1), "weight": sums}


def divide(a, b):
    """`a / b`, and NaN where `b` is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(b == 0, np.nan, a / b)


def read_weights(model, variables):
    """The present values of weights for all members, one weight after the other: float32 `(members, values)`.

    Weights of more than `CHUNK` values are tensors, not copied, and others are arrays: on those, an operation of TensorFlow takes longer
    than all arithmetic.

    Args:
        model: the model.
        variables: variables of its template.
    """
    several = hasattr(model, "map_members")
    for variable in model.stacked(variables) if several else variables:
        values = tf.convert_to_tensor(variable.value)
        shape = [values.shape[0] if several else 1, -1]
        if values.shape.num_elements() > CHUNK:
            yield tf.reshape(tf.cast(values, tf.float32), shape)
        else:
            yield values.numpy().astype("float32", copy=False).reshape(shape)


def parts(tensor):
    """A result of `read_weights` as NumPy arrays of at most `CHUNK` values each, and the slices of their columns."""
    step = max(1, CHUNK // tensor.shape[0])
    for i in range(0, tensor.shape[1], step):
        yield slice(i, i + step), np.asarray(tensor[:, i : i + step])


def sums_of_products(*pairs):
    """The sums over the values of `a * b` for pairs of float32 arrays `(members, values)`: `(pairs, members)`."""
    return np.stack([np.matmul(a[:, np.newaxis], b[:, :, np.newaxis])[:, 0, 0] for a, b in pairs])


class WeightSnapshot:
    """A copy of the weights of all members, in the memory of the host, float32.

    Args:
        model: the model.
        layers: patterns of layers, or None for all.
        known: False if the wanted weights are not the present ones and are lost: the copy is then NaN. Defaults to `True`.
        previous: an earlier snapshot: weights that it has are taken from it, and others are not known. Defaults to `None`.

    Attributes:
        names: list of `(layer, weight)`.
        values: for each weight an array `(members, values)`.
    """

    def __init__(self, model, layers, known=True, previous=None):
        by_layer = weights_by_layer(template_of(model), layers)
        self._model, self._variables = model, list(itertools.chain.from_iterable(by_layer.values()))
        self.names = weight_names(by_layer)
        before = {} if previous is None else dict(zip(previous.names, previous.values, strict=True))
        known = known and previous is None
        self.values = []
        for name, now in zip(self.names, self.read(), strict=True):
            values = before.get(name)
            if values is None:
                values = np.full(tuple(now.shape), np.nan, "float32")
                for columns, present in parts(now) if known else ():
                    values[:, columns] = present
            self.values.append(values)

    def read(self):
        """The present weights, one after the other, see `read_weights`."""
        return read_weights(self._model, self._variables)

    def advance(self):
        """Take over the present weights.

        Returns:
            The sums of squares of the change since the snapshot, and of the weight in the snapshot, by member and weight: two float64
            arrays `(members, weights)`.
        """
        sums = []
        for before, now in zip(self.values, self.read(), strict=True):
            of_weight = np.zeros((2, len(before)))
            for columns, present in parts(now):
                last = before[:, columns]
                change = present - last
                of_weight += sums_of_products((change, change), (last, last))
                before[:, columns] = present
            sums.append(of_weight)
        return np.stack(sums, axis=-1)

    def arrays(self):
        """The values as `{"<number>": array}`."""
        return {str(i): values for i, values in enumerate(self.values)}

    def set_arrays(self, arrays):
        """Take over the result of another snapshot's `arrays`."""
        self.values = [np.array(arrays[str(i)]) for i in range(len(arrays))]


def flatten_members(tensors):
    """Tensors `(members, ...)` as one tensor `(members, values)`."""
    return tf.concat([tf.reshape(tensor, [tensor.shape[0], -1]) for tensor in tensors], axis=1)
