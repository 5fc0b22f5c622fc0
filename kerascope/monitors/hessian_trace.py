"""HessianTraceMonitor: the curvature of the loss over all directions of a layer's weights."""

import math

import numpy as np
import tensorflow as tf

from .core.base import QuantityMonitor
from .core.graphs import sum_over_batches, template_of
from .core.hessian import num_weights, sum_hessian_products
from .core.layers import weights_by_layer
from .core.loss_monitor import LossMonitor
from .core.quantity import Quantity


class HessianTraceMonitor(LossMonitor, QuantityMonitor):
    """Estimates the trace of the Hessian of the loss on a fixed probe, layer by layer, in inference mode, at the end of epochs.

    The trace is the sum of the eigenvalues: the curvature in all directions together. Hutchinson's estimate (1990,
    doi:10.1080/03610919008812866) is the mean of zᵀHz over random vectors z of ±1; its expectation is the trace. The expectation of a
    layer's part of that product is the trace of the layer's own block, so the layers' traces add up to that of the whole Hessian.

    Example:

    ```python
    hessian_trace = HessianTraceMonitor(x_train[:256], y_train[:256], every=10)
    model.fit(x_train, y_train, epochs=20, callbacks=[hessian_trace])
    hessian_trace.frame()
    ```

    Quantities, float32, by the trainable weights of a layer, or of the whole model:

    - `hessian_trace`: the estimate (loss per weight unit²).
    - `hessian_trace_error`: its standard error over the random vectors (loss per weight unit²); NaN with `samples=1`.

    The loss is that of `GradientMonitor`; without `loss=`, a model with a `train_step` of its own is not measured. Layers need second
    derivatives; a measurement costs `samples` times about two gradients of the
    probe.

    Args:
        x: samples of the probe, as for `GradientMonitor`.
        y: their targets. Defaults to `None`.
        every: measure after every `every` epochs; or a collection of the epochs after which to measure, 0 is before training; or
            `"100 steps"`: after every 100 steps of a training. Defaults to `1`.
        samples: number of random vectors, the same ones at each measurement and for each member. Defaults to `10`.
        sample_weight: weights of the probe's samples, as given to `fit`. Defaults to `None`.
        layers: names or patterns of the layers to measure. Defaults to `None`: all.
        logs: the values that enter `logs`: True for those of the model and of each layer, False for none, or patterns of keys such as
            `"hessian_trace/*"`. Defaults to `None`: those of the whole model.
        class_weight: weights of the classes, as given to `fit`. Defaults to `None`.
        loss: as for `GradientMonitor`: a function `loss(model, batch)`, or `"compiled"`. Defaults to `None`: the compiled loss.
        training: whether to measure in training mode, as for `GradientMonitor`; dropout draws the same units for each product. Defaults to
            `False`.
    """

    quantities = (
        Quantity("hessian_trace", "trace of the Hessian", "loss per weight unit²"),
        Quantity("hessian_trace_error", "standard error of the trace", "loss per weight unit²", missing="unknown"),
    )

    scopes = ("model", "layer")

    def __init__(
        self,
        x,
        y=None,
        every=1,
        samples=10,
        sample_weight=None,
        layers=None,
        logs=None,
        class_weight=None,
        loss=None,
        training=False,
    ):
        super().__init__(x, y, sample_weight, class_weight, every, layers, loss, training, logs=logs)
        if samples < 1:
            raise ValueError(f"samples must be at least 1, got {samples}")
        self.samples = samples

    def build_measure(self):
        members, size = len(self.seeds or [0]), num_weights(self.model, self.layers)
        vectors = tf.zeros((members, size))
        estimate = sum_over_batches(self.model, self.probe.batches, sum_hessian_products, _traces, vectors, **self.settings)

        def measure(epoch):
            random = np.random.default_rng(0)
            signs = (random.integers(0, 2, size, dtype=np.int8) * 2 - 1 for _ in range(self.samples))
            estimates = np.stack([estimate(tf.tile(tf.constant(z, tf.float32)[tf.newaxis], [members, 1])).numpy() for z in signs])
            return {"model": self._summary(estimates.sum(axis=-1, keepdims=True)), "layer": self._summary(estimates)}

        return measure

    def _summary(self, estimates):
        """The quantities `(members, rows, 2)` from estimates `(samples, members, rows)`."""
        spread = estimates.std(axis=0, ddof=1) if self.samples > 1 else np.full(estimates.shape[1:], np.nan)
        return np.stack([estimates.mean(axis=0), spread / self.samples**0.5], axis=-1)


def _traces(model, totals, vectors, layers, **settings):
    """The part of each layer in zᵀHz: `(members, layers)`."""
    products, samples = totals
    sizes = [sum(math.prod(v.shape) for v in variables) for variables in weights_by_layer(template_of(model), layers).values()]
    parts = tf.split(products * vectors / samples, sizes, axis=1)
    return tf.stack([tf.reduce_sum(part, axis=1) for part in parts], axis=1)
