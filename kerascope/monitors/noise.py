"""NoiseMonitor: the spread of the samples' gradients, and the batch size that it calls for."""

import tensorflow as tf

from ..compat import quiet_vectorized_map
from .core.base import QuantityMonitor
from .core.graphs import map_members, sum_over_batches
from .core.hessian import flatten, num_weights, selected_weights
from .core.loss import gradient_of_loss
from .core.probe import Probe, num_samples
from .core.quantity import Quantity
from .core.weights import flatten_members
from .gradients import sum_gradients

# The most values that the samples' gradients may hold in memory at a time, 64 MiB of float32.
MAX_GRADIENT_VALUES = 2**24


class NoiseMonitor(QuantityMonitor):
    """Measures the spread of the gradients of single samples on a fixed probe, in inference mode, at the end of epochs.

    Use it to see whether a batch's gradient is signal or noise, and when larger batches would pay.

    Example:

    ```python
    noise = NoiseMonitor(x_train[:256], y_train[:256], every=10, batch_size=64)
    model.fit(x_train, y_train, batch_size=64, epochs=20, callbacks=[noise])
    noise.frame()["noise_scale"]
    ```

    Quantities of the whole model, float32; ḡ is the mean of the N samples' gradients gᵢ by all weights, variances divide by N - 1:

    - `grad_snr`: gradient signal-to-noise ratio: the square of a weight's mean gradient divided by its variance over the samples, averaged
      over the weights (Liu et al. 2020, arXiv:2001.07384). Weights with the same gradient for every sample (dead units) are left out.
      Without any signal it is about 1/N.
    - `noise_scale`: the simple noise scale tr Σ / |G|² (samples): larger batches than about this pay little (McCandlish et al. 2018,
      arXiv:1812.06162). Σ is the samples' covariance; |ḡ|² - tr Σ / N is an unbiased estimate of |G|². Infinite if that is not above 0:
      the probe cannot tell the gradient from noise.
    - `norm_test`: the expected relative error of the gradient of `batch_size` samples, (tr Σ / batch_size)^½ / |ḡ|. The batch passes the
      norm test with every θ above it (Byrd et al. 2012, doi:10.1007/s10107-012-0572-5).
    - `inner_product_test`: the same for the gradient's component along ḡ, (Var(gᵢᵀḡ) / batch_size)^½ / |ḡ|². The batch passes the inner
      product test with every θ above it (Bollapragada et al. 2017, arXiv:1710.11258).

    The loss is that of `GradientMonitor`, and must be a mean over samples (the default in Keras). Each sample passes the network in a batch
    of its own.

    Args:
        x: samples of the probe, as for `GradientMonitor`; at least two.
        y: their targets. Defaults to `None`.
        every: measure after every `every` epochs, or a collection of the epochs after which to measure; 0 is before training. Defaults to
            `1`.
        batch_size: the batch size that the tests judge, that of the training. Defaults to `32`.
        sample_weight: weights of the probe's samples, as given to `fit`. Defaults to `None`.
        layers: names or patterns of the layers by whose weights gradients are taken. Defaults to `None`: all.
        logs: whether the values enter `logs`, or patterns of the keys that do. Defaults to `True`.
    """

    quantities = (
        Quantity("grad_snr", "signal-to-noise ratio of the gradient", "1", "log", "unknown"),
        Quantity("noise_scale", "simple noise scale", "samples", "log"),
        Quantity("norm_test", "norm test", "1", "log"),
        Quantity("inner_product_test", "inner product test", "1", "log"),
    )

    def __init__(self, x, y=None, every=1, batch_size=32, sample_weight=None, layers=None, logs=True):
        super().__init__(Probe(x, y, sample_weight), every, layers, logs)
        if len(self.probe) < 2:
            raise ValueError("NoiseMonitor needs a probe of at least two samples")
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}")
        self.batch_size = batch_size

    def build_measure(self):
        members, size = len(self.seeds or [0]), num_weights(self.model, self.layers)
        samples_per_batch = max(1, MAX_GRADIENT_VALUES // (members * size))
        mean = sum_over_batches(self.model, self.probe.batches, sum_gradients, _mean_gradient, layers=self.layers)
        small_batches, settings = self.probe.split(samples_per_batch), {"layers": self.layers, "batch_size": self.batch_size}
        spread = sum_over_batches(self.model, small_batches, _sum_spread, _finalize, tf.zeros((members, size)), **settings)
        return lambda epoch: spread(mean())


def _mean_gradient(model, totals, layers):
    gradient_sums, samples = totals
    return flatten_members(tf.nest.flatten(gradient_sums)) / samples


def _sum_spread(model, batch, mean, layers, batch_size):
    """For all members, sums over the samples of a batch.

    The squares of the differences between the samples' gradients and the mean, by weight; the squares of the differences' products with the
    mean; and the number of samples.
    """

    def sum_member(member, mean):
        weights = [variable.value for variable in selected_weights(model, layers)]

        def difference_from_mean(sample):
            batch_of_one = tf.nest.map_structure(lambda t: t[tf.newaxis], sample)
            difference = flatten(gradient_of_loss(model, member, weights, batch_of_one)) - mean
            return difference, tf.tensordot(difference, mean, 1)

        differences, products = _map_samples(difference_from_mean, batch)
        return tf.reduce_sum(tf.square(differences), axis=0), tf.reduce_sum(tf.square(products))

    return *map_members(model, sum_member, mean), tf.constant(float(num_samples(batch)))


def _map_samples(function, batch):
    """`tf.vectorized_map`, or `tf.map_fn` if an operation has no vectorised form that works (loops of recurrent layers)."""
    try:
        with quiet_vectorized_map():
            return tf.vectorized_map(function, batch, fallback_to_while_loop=True, warn=False)
    except Exception:  # The converter's errors are of all kinds; an error of the function itself is raised again below.
        return tf.map_fn(function, batch, fn_output_signature=(tf.float32, tf.float32))


def _finalize(model, totals, mean, layers, batch_size):
    squares, products, samples = totals
    variances, variance_along_mean = squares / (samples - 1), products / (samples - 1)
    total_variance, squared_norm = tf.reduce_sum(variances, axis=1), tf.reduce_sum(tf.square(mean), axis=1)
    noisy = tf.cast(variances > 0, tf.float32)
    snr = tf.reduce_sum(tf.math.divide_no_nan(tf.square(mean), variances), axis=1) / tf.reduce_sum(noisy, axis=1)
    signal = squared_norm - total_variance / samples
    noise_scale = tf.where(signal > 0, total_variance / signal, float("inf") + 0 * total_variance)
    norm_test = tf.sqrt(total_variance / batch_size / squared_norm)
    inner_product_test = tf.sqrt(variance_along_mean / batch_size) / squared_norm
    return tf.stack([snr, noise_scale, norm_test, inner_product_test], axis=1)
