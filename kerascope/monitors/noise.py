"""NoiseMonitor: how much the samples disagree about the gradient, and how large a batch that calls for."""

import logging

import tensorflow as tf

from .core.base import QuantityMonitor
from .core.graphs import map_members, over_batches
from .core.hessian import chosen_weights, flat, num_weights
from .core.loss import gradient_of_loss
from .core.probe import Probe, num_samples
from .core.weights import by_member
from .gradients import add_up_gradients

# Numbers that the samples' gradients may hold at once, 64 MiB of float32.
AT_ONCE = 2**24


class NoiseMonitor(QuantityMonitor):
    """Measures the spread of the single samples' gradients on a fixed probe, in inference mode, at the end of epochs.

    Use it to see whether a batch's gradient is signal or noise, and when larger batches would pay.

    Quantities, of the whole model, float32; ḡ is the mean of the N samples' gradients gᵢ by all weights, variances divide by N - 1:

    - `grad_snr`: gradient signal-to-noise ratio: the square of a weight's mean gradient divided by its variance over the samples, averaged
      over the weights (Liu et al. 2020, arXiv:2001.07384). Weights with the same gradient for every sample (dead units) are left out.
      Without any signal it is about 1/N.
    - `noise_scale`: the simple noise scale tr Σ / |G|² (samples): the batch size around which larger batches stop to pay (McCandlish et
      al. 2018, arXiv:1812.06162). Σ is the samples' covariance; |G|² is estimated without bias by |ḡ|² - tr Σ / N. Infinite where that is
      not above 0: the probe cannot tell the gradient from noise.
    - `norm_test`: the relative error to be expected of the gradient of `batch_size` samples, (tr Σ / batch_size)^½ / |ḡ|: the batch passes
      the norm test with every θ above it (Byrd et al. 2012, doi:10.1007/s10107-012-0572-5).
    - `inner_product_test`: the same for the gradient's component along ḡ, (Var(gᵢᵀḡ) / batch_size)^½ / |ḡ|²: the batch passes the inner
      product test with every θ above it (Bollapragada et al. 2017, arXiv:1710.11258).

    The loss is that of `GradientMonitor`, and a mean over samples, as Keras's losses are by default. Each sample passes the network in a
    batch of its own.

    Args:
        x, y, sample_weight: the probe, as for `GradientMonitor`; two samples at least.
        every: measure after every so many epochs; or the epochs after which to measure, a collection of ints, 0 for before training.
        batch_size: the size of the batches that the tests judge, that of the training.
        layers: names or patterns of the layers by whose weights gradients are taken; all by default.
        logs: whether the values enter `logs`, or patterns of the keys that do.
    """

    quantities = ("grad_snr", "noise_scale", "norm_test", "inner_product_test")

    def __init__(self, x, y=None, every=1, batch_size=32, sample_weight=None, layers=None, logs=True):
        super().__init__(Probe(x, y, sample_weight), every, layers, logs)
        if len(self.probe) < 2:
            raise ValueError("NoiseMonitor needs a probe of two samples at least")
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}")
        self.batch_size = batch_size

    def build_measure(self):
        members, size = len(self.seeds or [0]), num_weights(self.model, self.layers)
        at_once = max(1, AT_ONCE // (members * size))
        mean = over_batches(self.model, self.probe.batches, add_up_gradients, _mean_gradient, layers=self.layers)
        spread = over_batches(
            self.model,
            self.probe.rebatched(at_once).batches,
            _add_up_spread,
            _finish,
            tf.zeros((members, size)),
            layers=self.layers,
            batch_size=self.batch_size,
        )
        return lambda epoch: spread(mean())


def _mean_gradient(model, totals, layers):
    summed, samples = totals
    return by_member(tf.nest.flatten(summed)) / samples


def _add_up_spread(model, batch, mean, layers, batch_size):
    """Of all members, sums over the samples: of the squares of their gradients' differences from the mean, by weight, and of those of the
    differences' products with the mean; and the number of samples."""

    def of_member(member, mean):
        weights = [variable.value for variable in chosen_weights(model, layers)]

        def of_sample(sample):
            alone = tf.nest.map_structure(lambda t: t[tf.newaxis], sample)
            difference = flat(gradient_of_loss(model, member, weights, alone)) - mean
            return difference, tf.tensordot(difference, mean, 1)

        differences, products = _map_samples(of_sample, batch)
        return tf.reduce_sum(tf.square(differences), axis=0), tf.reduce_sum(tf.square(products))

    return *map_members(model, of_member, mean), tf.constant(float(num_samples(batch)))


def _map_samples(function, batch):
    """`tf.vectorized_map`, or `tf.map_fn` where an operation has no vectorised form that works (loops of recurrent layers)."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel(logging.CRITICAL)  # it says much about what it cannot convert
    try:
        return tf.vectorized_map(function, batch, fallback_to_while_loop=True, warn=False)
    except Exception:  # those of the converter are of all kinds; one of the function's own comes again
        return tf.map_fn(function, batch, fn_output_signature=(tf.float32, tf.float32))
    finally:
        logger.setLevel(level)


def _finish(model, totals, mean, layers, batch_size):
    squares, products, samples = totals
    variances, along = squares / (samples - 1), products / (samples - 1)
    trace, square = tf.reduce_sum(variances, axis=1), tf.reduce_sum(tf.square(mean), axis=1)
    noisy = tf.cast(variances > 0, tf.float32)
    snr = tf.reduce_sum(tf.math.divide_no_nan(tf.square(mean), variances), axis=1) / tf.reduce_sum(noisy, axis=1)
    signal = square - trace / samples
    scale = tf.where(signal > 0, trace / signal, float("inf") + 0 * trace)
    return tf.stack([snr, scale, tf.sqrt(trace / batch_size / square), tf.sqrt(along / batch_size) / square], axis=1)
