"""NoiseMonitor: the spread of the samples' gradients, and the batch size that it calls for."""

import contextlib

import numpy as np
import tensorflow as tf

from ..compat import quiet_vectorized_map
from ..layers import layer_paths
from ..per_member import num_samples
from .core.base import QuantityMonitor
from .core.graphs import map_batch, operation_types, sum_over_batches, template_of
from .core.hessian import flatten, num_weights, selected_weights
from .core.loss import gradient_of_loss
from .core.loss_monitor import LossMonitor
from .core.quantity import Quantity
from .core.weights import flatten_members
from .gradients import sum_gradients

# The most values that the samples' gradients may hold in memory at a time, 64 MiB of float32.
MAX_GRADIENT_VALUES = 2**24

# The samples' gradients may miss the batch's by this share of it, and by rounding: so much of a single sample's gradient.
TOLERANCE, ROUNDING = 1e-3, 16


class NoiseMonitor(LossMonitor, QuantityMonitor):
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
    of its own. If the mean of their gradients is not the gradient of the whole batch (losses that compare the samples of a batch, means
    over all unmasked steps, random numbers in inference), one warning says so, and nothing is recorded.

    Args:
        x: samples of the probe, as for `GradientMonitor`; at least two.
        y: their targets. Defaults to `None`.
        every: measure after every `every` epochs; or a collection of the epochs after which to measure, 0 is before training; or
            `"100 steps"`: after every 100 steps of a training. Defaults to `1`.
        batch_size: the batch size that the tests judge, that of the training. Defaults to `32`.
        sample_weight: weights of the probe's samples, as given to `fit`. Defaults to `None`.
        layers: names or patterns of the layers by whose weights gradients are taken. Defaults to `None`: all.
        logs: whether the values enter `logs`, or patterns of the keys that do, such as `"noise_scale"`. Defaults to `None`: they do.
        class_weight: weights of the classes, as given to `fit`. Defaults to `None`.
        loss: as for `GradientMonitor`: a function `loss(model, batch)`, or `"compiled"`. Defaults to `None`: the compiled loss.
    """

    quantities = (
        Quantity("grad_snr", "signal-to-noise ratio of the gradient", "1", "log", "unknown"),
        Quantity("noise_scale", "simple noise scale", "samples", "log"),
        Quantity("norm_test", "norm test", "1", "log"),
        Quantity("inner_product_test", "inner product test", "1", "log"),
    )

    needs_mean = True

    def __init__(self, x, y=None, every=1, batch_size=32, sample_weight=None, layers=None, logs=None, class_weight=None, loss=None):
        super().__init__(x, y, sample_weight, class_weight, every, layers, loss, logs=logs)
        if len(self.probe) < 2:
            raise ValueError("NoiseMonitor needs a probe of at least two samples")
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}")
        self.batch_size = batch_size

    def build_measure(self):
        members, size = len(self.seeds or [0]), num_weights(self.model, self.layers)
        samples_per_batch = max(1, MAX_GRADIENT_VALUES // (members * size))
        mean = sum_over_batches(self.model, self.probe.batches, sum_gradients, _mean_gradient, **self.settings)
        small_batches, settings = self.probe.split(samples_per_batch), {**self.settings, "batch_size": self.batch_size}
        spread = sum_over_batches(self.model, small_batches, _sum_spread, _finalize, tf.zeros((members, size)), **settings)

        def measure(epoch):
            quantities, bias = spread(mean())
            if (share := float(np.fmax.reduce(bias.numpy()))) > 0:  # NaN for members that diverged
                raise ValueError(
                    f"the loss is no mean over the samples: their gradients, one by one, miss the batch's by {share:.1%}; give loss=, a "
                    "mean over the samples without random numbers"
                )
            return {"model": quantities[:, tf.newaxis]}

        return measure


def _mean_gradient(model, totals, **settings):
    gradient_sums, samples = totals
    return flatten_members(tf.nest.flatten(gradient_sums)) / samples


def _sum_spread(model, batch, mean, layers, loss, training, batch_size):
    """For all members, sums over the samples of a batch.

    The differences between the samples' gradients and the mean, and their squares, by weight; the squares of the differences' products with
    the mean; and the number of samples.
    """

    def sum_member(member, batch, mean):
        weights = [variable.value for variable in selected_weights(model, layers)]

        def difference_from_mean(sample, copies=1):
            small_batch = tf.nest.map_structure(lambda t: tf.repeat(t[tf.newaxis], copies, axis=0), sample)
            difference = flatten(gradient_of_loss(model, member, weights, small_batch, loss)) - mean
            return difference, tf.tensordot(difference, mean, 1)

        differences, products = _map_samples(difference_from_mean, batch)
        return tf.reduce_sum(differences, axis=0), tf.reduce_sum(tf.square(differences), axis=0), tf.reduce_sum(tf.square(products))

    return *map_batch(model, sum_member, batch, mean), tf.constant(float(num_samples(batch)))


def _map_samples(function, batch):
    """`tf.vectorized_map`, or `tf.map_fn` if an operation has no vectorised form that works.

    Loops, such as those of recurrent layers, have none, and `tf.vectorized_map` takes up to half a minute to find that out. Matrices in
    batches of one sample become a product of shapes (n, 1, ., .) and (., .), in which TensorFlow's CPU kernel (2.18 to 2.21 with oneDNN)
    writes beyond its memory: there each sample passes as a batch of two copies, whose mean loss is the same.
    """
    one = tf.function(function, autograph=False)
    specs = tf.nest.map_structure(lambda t: tf.TensorSpec(t.shape[1:], t.dtype), batch)
    operations = operation_types(one.get_concrete_function(specs))
    if operations.isdisjoint(("While", "StatelessWhile")):
        copies = 1 if operations.isdisjoint(("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3")) else 2
        with contextlib.suppress(Exception), quiet_vectorized_map():  # The converter's errors are of all kinds.
            return tf.vectorized_map(lambda sample: function(sample, copies), batch, fallback_to_while_loop=True, warn=False)
    return tf.map_fn(one, batch, fn_output_signature=(tf.float32, tf.float32))


def _finalize(model, totals, mean, batch_size, **settings):
    """The quantities `(members, 4)`; and how far the samples' mean gradient misses the batch's, as a share of it, or 0 if by rounding."""
    differences, squares, products, samples = totals
    variances, variance_along_mean = squares / (samples - 1), products / (samples - 1)
    total_variance, squared_norm = tf.reduce_sum(variances, axis=1), tf.reduce_sum(tf.square(mean), axis=1)
    noisy = tf.cast(variances > 0, tf.float32)
    snr = tf.reduce_sum(tf.math.divide_no_nan(tf.square(mean), variances), axis=1) / tf.reduce_sum(noisy, axis=1)
    signal = squared_norm - total_variance / samples
    noise_scale = tf.where(signal > 0, total_variance / signal, float("inf") + 0 * total_variance)
    norm_test = tf.sqrt(total_variance / batch_size / squared_norm)
    inner_product_test = tf.sqrt(variance_along_mean / batch_size) / squared_norm
    missed, of_sample = tf.norm(differences, axis=1) / samples, tf.sqrt(total_variance + squared_norm)
    is_rounding = missed <= TOLERANCE * tf.sqrt(squared_norm) + ROUNDING * _precision(model) * of_sample
    bias = tf.where(is_rounding, tf.zeros_like(missed), missed / tf.sqrt(squared_norm))
    return tf.stack([snr, noise_scale, norm_test, inner_product_test], axis=1), bias


def _precision(model):
    """The relative rounding of the model's products: that of its coarsest type. GPUs round float32 to TensorFloat-32."""
    types = [getattr(layer, "compute_dtype", None) for _, layer in layer_paths(template_of(model))]
    if tf.config.list_logical_devices("GPU") and tf.config.experimental.tensor_float_32_execution_enabled():
        types.append("float16")
    return max({"float16": 2**-10, "bfloat16": 2**-7}.get(of_layer, 2**-23) for of_layer in [*types, None])
