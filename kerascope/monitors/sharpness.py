"""SharpnessMonitor: how strongly the loss curves, against what the learning rate allows."""

import keras
import numpy as np
import tensorflow as tf

from .core.base import QuantityMonitor
from .core.graphs import over_batches
from .core.hessian import add_up_products, num_weights
from .core.probe import Probe


class SharpnessMonitor(QuantityMonitor):
    """Measures the largest eigenvalue of the Hessian of the loss on a fixed probe, in inference mode, at the end of epochs.

    Use it to see why training overshoots: gradient descent at learning rate η swings ever wider along a direction of curvature above 2/η.
    On the full batch the sharpness rises to about that limit and stays (Cohen et al. 2021, arXiv:2103.00065); the noise of minibatches
    keeps it below.

    Quantities, of the whole model, float32:

    - `sharpness`: the Hessian's largest eigenvalue (loss per weight unit²), by Lanczos's method.
    - `sharpness_error`: the residual of that eigenvalue: an eigenvalue lies within this distance of it (loss per weight unit²).
    - `stability_limit`: the largest curvature along which the compiled optimizer's next step, on the full batch of a quadratic loss, does
      not diverge: 2/η for SGD, (2 + 2β)/η with momentum β, (2 + 2β)/((1 + 2β) η) with Nesterov's (Cohen et al. 2021). NaN for optimizers
      that scale each weight's step by its gradients, for which the Hessian alone does not decide.

    The loss is that of `GradientMonitor`. Layers need second derivatives; a measurement costs `iterations` times about two gradients of the
    probe, or fewer, and needs memory for a few copies of the weights.

    Args:
        x, y, sample_weight: the probe, as for `GradientMonitor`.
        every: measure after every so many epochs; or the epochs after which to measure, a collection of ints, 0 for before training.
        iterations: how many products of the Hessian with a vector are taken at most.
        tolerance: the error, relative to the eigenvalue, at which it stops earlier.
        layers: names or patterns of the layers by whose weights the Hessian is taken; all by default.
        logs: whether the values enter `logs`, or patterns of the keys that do.
    """

    quantities = ("sharpness", "sharpness_error", "stability_limit")

    def __init__(self, x, y=None, every=1, iterations=30, tolerance=0.01, sample_weight=None, layers=None, logs=True):
        super().__init__(Probe(x, y, sample_weight), every, layers, logs)
        if iterations < 1 or not tolerance >= 0:
            raise ValueError(f"iterations must be at least 1 and tolerance at least 0, got {iterations} and {tolerance}")
        self.iterations, self.tolerance = iterations, tolerance

    def build_measure(self):
        members, size = len(self.seeds or [0]), num_weights(self.model, self.layers)
        vector, scalar = tf.zeros((members, size)), tf.zeros(members)
        step = over_batches(self.model, self.probe.batches, add_up_products, _lanczos_step, vector, vector, scalar, layers=self.layers)
        # The same start for all members and measurements; of NumPy, for it shall not move the training's random numbers.
        start = np.random.default_rng(0).normal(size=size).astype("float32")
        start = tf.tile(tf.constant(start / np.linalg.norm(start))[tf.newaxis], [members, 1])

        def measure(epoch):
            values, errors = largest_eigenvalues(step, start, min(self.iterations, size), self.tolerance)
            limits = np.full(members, stability_limit(self.model.optimizer))
            return np.stack([values, errors, limits], axis=1).astype("float32")

        return measure


def stability_limit(optimizer):
    """The largest curvature at which an optimizer is stable, at its present learning rate; NaN where there is no such number."""
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    if type(optimizer) is not keras.optimizers.SGD:
        return float("nan")
    rate, momentum = float(tf.convert_to_tensor(optimizer.learning_rate)), optimizer.momentum  # replicas have a variable each
    limit = (2 + 2 * momentum) / rate
    return limit / (1 + 2 * momentum) if optimizer.nesterov else limit


def _lanczos_step(model, totals, vector, previous, beta, layers):
    """A step of Lanczos's method for all members: the next vector and beta, and alpha (in the notation of Golub & Van Loan, ch. 10)."""
    products, samples = totals
    rest = products / samples - beta[:, tf.newaxis] * previous
    alpha = tf.reduce_sum(rest * vector, axis=1)
    rest -= alpha[:, tf.newaxis] * vector
    length = tf.norm(rest, axis=1)
    return tf.math.divide_no_nan(rest, length[:, tf.newaxis]), length, alpha


def largest_eigenvalues(step, start, iterations, tolerance):
    """The largest eigenvalue of each of several symmetric matrices, by Lanczos's method.

    Vectors that lose their orthogonality in float32 bring copies of eigenvalues that were found already, and none that are not there (Paige
    1980), so none are kept.

    Args:
        step: `step(vector, previous, beta)` -> `next vector, next beta, alpha`; tensors `(matrices, size)` and `(matrices,)`.
        start: unit vectors, `(matrices, size)`.
        iterations: how often it is called at most.
        tolerance: see `SharpnessMonitor`.

    Returns:
        The eigenvalues and their residuals, float64 `(matrices,)`; NaN for matrices that are not finite.
    """
    members = start.shape[0]
    vector, previous, beta = start, tf.zeros_like(start), tf.zeros(members)
    values, errors = np.full(members, np.nan), np.full(members, np.nan)
    alphas, betas, going = [], [], np.ones(members, bool)
    for _ in range(iterations):
        following, beta, alpha = step(vector, previous, beta)
        vector, previous = following, vector
        alphas.append(alpha.numpy().astype("float64"))
        betas.append(beta.numpy().astype("float64"))
        finite = np.isfinite(alphas[-1]) & np.isfinite(betas[-1])
        values[~finite], errors[~finite] = np.nan, np.nan
        going &= finite
        if not going.any():
            break
        values[going], errors[going] = _ritz(np.stack(alphas)[:, going], np.stack(betas)[:, going])
        going &= errors > tolerance * np.abs(values)
        if not going.any():
            break
    return values, errors


def _ritz(alphas, betas):
    """The largest eigenvalue of the tridiagonal matrices of `(steps, matrices)` coefficients, and its residual."""
    diagonal, beside = (np.stack([np.diag(column, k) for column in part.T]) for part, k in ((alphas, 0), (betas[:-1], 1)))
    eigenvalues, vectors = np.linalg.eigh(diagonal + beside + np.swapaxes(beside, 1, 2))
    return eigenvalues[:, -1], betas[-1] * np.abs(vectors[:, -1, -1])
