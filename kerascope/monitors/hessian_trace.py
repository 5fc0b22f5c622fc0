"""HessianTraceMonitor: how strongly the loss curves over all directions of a layer's weights together."""

import math

import numpy as np
import tensorflow as tf

from .core.base import QuantityMonitor
from .core.graphs import over_batches, template_of
from .core.hessian import add_up_products, num_weights
from .core.layers import weights_by_layer
from .core.probe import Probe


class HessianTraceMonitor(QuantityMonitor):
    """Estimates the trace of the Hessian of the loss on a fixed probe, layer by layer, in inference mode, at the end of epochs.

    The trace is the sum of the eigenvalues: how strongly the loss curves in all directions together. Hutchinson's estimate (1990,
    doi:10.1080/03610919008812866) is the mean of zᵀHz over random vectors z of ±1, whose expectation is the trace; a layer's part of that
    product has the trace of the layer's own block for its expectation, so the layers' traces add up to that of the whole.

    Quantities, by a layer's trainable weights, float32:

    - `hessian_trace`: the estimate (loss per weight unit²).
    - `hessian_trace_error`: its standard error over the random vectors (same unit); NaN for a single one.

    The loss is that of `GradientMonitor`. Layers need second derivatives; a measurement costs `samples` times about two gradients of the
    probe.

    Args:
        x, y, sample_weight: the probe, as for `GradientMonitor`.
        every: measure after every so many epochs; or the epochs after which to measure, a collection of ints, 0 for before training.
        samples: how many random vectors; the same ones at each measurement and for each member.
        layers: names or patterns of the layers to measure; all by default.
        logs: whether the values enter `logs`, or patterns of the keys that do.
    """

    quantities = ("hessian_trace", "hessian_trace_error")

    def __init__(self, x, y=None, every=1, samples=10, sample_weight=None, layers=None, logs=True):
        super().__init__(Probe(x, y, sample_weight), every, layers, logs)
        if samples < 1:
            raise ValueError(f"samples must be at least 1, got {samples}")
        self.samples = samples

    def layer_names(self):
        return list(weights_by_layer(self.template, self.layers))

    def build_measure(self):
        members, size = len(self.seeds or [0]), num_weights(self.model, self.layers)
        estimate = over_batches(self.model, self.probe.batches, add_up_products, _by_layer, tf.zeros((members, size)), layers=self.layers)

        def measure(epoch):
            random = np.random.default_rng(0)
            signs = (random.integers(0, 2, size, dtype=np.int8) * 2 - 1 for _ in range(self.samples))
            estimates = np.stack([estimate(tf.tile(tf.constant(z, tf.float32)[tf.newaxis], [members, 1])).numpy() for z in signs])
            spread = estimates.std(axis=0, ddof=1) if self.samples > 1 else np.full(estimates.shape[1:], np.nan)
            return np.stack([estimates.mean(axis=0), spread / self.samples**0.5], axis=-1).astype("float32")

        return measure


def _by_layer(model, totals, vectors, layers):
    """Each layer's part of zᵀHz: `(members, layers)`."""
    products, samples = totals
    sizes = [sum(math.prod(v.shape) for v in of_layer) for of_layer in weights_by_layer(template_of(model), layers).values()]
    parts = tf.split(products * vectors / samples, sizes, axis=1)
    return tf.stack([tf.reduce_sum(part, axis=1) for part in parts], axis=1)
