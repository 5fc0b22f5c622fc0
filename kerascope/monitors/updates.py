"""UpdateMonitor: the distances that the weights move, since the last measurement and since training began."""

import numpy as np

from .core.base import QuantityMonitor
from .core.quantity import Quantity
from .core.weights import divide, parts, sums_by_scope, sums_of_products


class UpdateMonitor(QuantityMonitor):
    """Measures the distance that the weights move, at the end of epochs. It needs no probe.

    Use it to see layers that do not learn, or a learning rate that is too high; and whether training stays near its start, as it does in
    wide networks (Nagarajan & Kolter 2019, arXiv:1901.01672).

    Example:

    ```python
    updates = UpdateMonitor()
    model.fit(x_train, y_train, epochs=20, callbacks=[updates])
    updates.frame()  # a row per epoch and layer
    updates.frame(per="weight")  # kernels and biases apart
    updates.plot()
    ```

    Quantities, float32, each over all trainable weights of a layer, of the model, or over a single weight (see `frame`):

    - `update_ratio`: L2 norm of the weights' change since the last measurement, or since training began, divided by their norm then.
    - `distance`: L2 norm of the weights' change since training began (weight units).
    - `relative_distance`: `distance` divided by the norm of the weights when training began.
    - `update_alignment`: cosine of the angle between the change since the last measurement and the change from the measurement before to
      the last, -1 to 1: near 1 the weights drift, near -1 they oscillate. NaN at the first measurement.

    NaN if the divisor is 0. Training begins with the first epoch of a `fit`, after every callback's `on_train_begin`: beside
    `keras.callbacks.BackupAndRestore`, with the weights that it restored. For a model that its first batch builds, and for weights that
    become trainable during a training, all are NaN at the first measurement, which then counts as the beginning, and `update_alignment` is
    at the second, too.

    It keeps three copies of the weights in the memory of the host, float32.

    Args:
        every: measure after every `every` epochs; or a collection of the epochs after which to measure, 0 is before training; or
            `"100 steps"`: after every 100 steps of a training. Defaults to `1`.
        layers: names or patterns of the layers to measure. Defaults to `None`: all.
        logs: the values that enter `logs`: True for those of the model and of each layer, False for none, or patterns of keys such as
            `"distance/*"`. Defaults to `None`: those of the whole model.
    """

    scopes = ("model", "layer", "weight")
    quantities = (
        Quantity("update_ratio", "update ratio", "1", "log"),
        Quantity("distance", "distance from the initial weights", "weight units"),
        Quantity("relative_distance", "distance ÷ norm of the initial weights"),
        Quantity("update_alignment", "alignment of successive updates", "1", "linear", "not measured"),
    )

    def __init__(self, every=1, layers=None, logs=None):
        super().__init__(None, every, layers, logs)

    def build_measure(self):
        start, before = self.snapshot("start", self.built_at_start), self.snapshot("before", self.built_at_start)
        last_change = self.snapshot("last_change", known=False)

        def measure(epoch):
            weights = zip(start.values, before.values, last_change.values, before.read(), strict=True)
            sums = np.stack([_move(*of_weight) for of_weight in weights], axis=1)
            return {scope: _quantities(of_scope) for scope, of_scope in sums_by_scope(sums, before.names).items()}

        return measure


def _move(start, before, last_change, now):
    """Take over the present values of a weight; returns sums over its values, `(members, 6)`, from which `_quantities` are computed."""
    sums = np.zeros((6, len(start)))
    unknown = np.isnan(start[:, 0]).all() and np.isnan(start).all()
    for columns, present in parts(now):
        first, last, before_change = start[:, columns], before[:, columns], last_change[:, columns]
        change, way = present - last, present - first
        products = (change, change), (last, last), (way, way), (first, first), (change, before_change), (before_change, before_change)
        sums += sums_of_products(*products)
        last_change[:, columns], before[:, columns] = change, present
        if unknown:
            start[:, columns] = present
    return sums.T


def _quantities(sums):
    """The quantities `(members, rows, 4)` from the sums `(members, rows, 6)` of `_move`."""
    change, before, distance, start, _, last_change = np.moveaxis(np.sqrt(np.maximum(sums, 0)), -1, 0)
    alignment = divide(sums[..., 4], change * last_change)
    return np.stack([divide(change, before), distance, divide(distance, start), alignment], axis=-1)
