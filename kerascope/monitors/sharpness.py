"""SharpnessMonitor: the largest curvature of the loss, and the largest that the learning rate allows."""

import keras
import numpy as np
import tensorflow as tf

from .core.base import QuantityMonitor
from .core.graphs import sum_over_batches
from .core.hessian import num_weights, sum_hessian_products
from .core.loss_monitor import LossMonitor
from .core.quantity import Quantity


class SharpnessMonitor(LossMonitor, QuantityMonitor):
    """Measures the largest eigenvalue of the Hessian of the loss on a fixed probe, in inference mode, at the end of epochs.

    Use it to see why training overshoots: gradient descent at learning rate η diverges along a direction of curvature above 2/η. With the
    full batch, the sharpness rises to about that limit and stays there (Cohen et al. 2021, arXiv:2103.00065); the noise of minibatches
    keeps it below.

    Example:

    ```python
    sharpness = SharpnessMonitor(x_train[:256], y_train[:256], every=10)
    model.fit(x_train, y_train, epochs=20, callbacks=[sharpness])
    sharpness.frame()[["epoch", "sharpness", "stability_limit"]]
    ```

    Quantities of the whole model, float32:

    - `sharpness`: the largest eigenvalue of the Hessian (loss per weight unit²), by Lanczos's method.
    - `sharpness_error`: the residual of that eigenvalue: an eigenvalue lies within this distance of it (loss per weight unit²).
    - `stability_limit`: the largest curvature (loss per weight unit²) along which the compiled optimizer does not diverge at its present
      learning rate η, with the full batch of a quadratic loss: 2/η for SGD, (2 + 2β)/η with momentum β, (2 + 2β)/((1 + 2β) η) with
      Nesterov's (Cohen et al. 2021). NaN for optimizers that scale the step of each weight by its gradients: the Hessian alone does not
      decide there.

    The loss is that of `GradientMonitor`; without `loss=`, a model with a `train_step` of its own is not measured. Layers need second
    derivatives. A measurement costs at most `iterations` times about two gradients of the probe, and memory for a few copies of the
    weights.

    Args:
        x: samples of the probe, as for `GradientMonitor`.
        y: their targets. Defaults to `None`.
        every: measure after every `every` epochs; or a collection of the epochs after which to measure, 0 is before training; or
            `"100 steps"`: after every 100 steps of a training. Defaults to `1`.
        iterations: the largest number of products of the Hessian with a vector. Defaults to `30`.
        tolerance: the error, relative to the eigenvalue, at which the iteration ends earlier. Defaults to `0.01`.
        sample_weight: weights of the probe's samples, as given to `fit`. Defaults to `None`.
        layers: names or patterns of the layers by whose weights the Hessian is taken. Defaults to `None`: all.
        logs: whether the values enter `logs`, or patterns of the keys that do, such as `"sharp*"`. Defaults to `None`: they do.
        class_weight: weights of the classes, as given to `fit`. Defaults to `None`.
        loss: as for `GradientMonitor`: a function `loss(model, batch)`, or `"compiled"`. Defaults to `None`: the compiled loss.
        training: whether to measure in training mode, as for `GradientMonitor`; dropout draws the same units for each product. Defaults to
            `False`.
    """

    quantities = (
        Quantity("sharpness", "largest Hessian eigenvalue", "loss per weight unit²", "log"),
        Quantity("sharpness_error", "error of the largest eigenvalue", "loss per weight unit²", "log"),
        Quantity("stability_limit", "limit of stability", "loss per weight unit²", "log", "not measured"),
    )

    def __init__(
        self,
        x,
        y=None,
        every=1,
        iterations=30,
        tolerance=0.01,
        sample_weight=None,
        layers=None,
        logs=None,
        class_weight=None,
        loss=None,
        training=False,
    ):
        super().__init__(x, y, sample_weight, class_weight, every, layers, loss, training, logs=logs)
        if iterations < 1 or not tolerance >= 0:
            raise ValueError(f"iterations must be at least 1 and tolerance at least 0, got {iterations} and {tolerance}")
        self.iterations, self.tolerance = iterations, tolerance

    def build_measure(self):
        members, size = len(self.seeds or [0]), num_weights(self.model, self.layers)
        vector, scalar = tf.zeros((members, size)), tf.zeros(members)
        arguments = sum_hessian_products, _lanczos_step, vector, vector, scalar
        step = sum_over_batches(self.model, self.probe.batches, *arguments, **self.settings)
        # The same start for all members and measurements, by NumPy: Keras's generators belong to the training.
        start = np.random.default_rng(0).normal(size=size).astype("float32")
        start = tf.tile(tf.constant(start / np.linalg.norm(start))[tf.newaxis], [members, 1])

        def measure(epoch):
            values, errors = largest_eigenvalues(step, start, min(self.iterations, size), self.tolerance)
            rates = self.model.member_learning_rates if self.seeds is not None else None
            limits = np.broadcast_to(stability_limit(self.model.optimizer, rates), members)
            return {"model": np.stack([values, errors, limits], axis=1)[:, np.newaxis]}

        return measure


def stability_limit(optimizer, learning_rates=None):
    """The largest curvature at which an optimizer is stable; NaN if there is no such number, infinite at a learning rate of 0.

    Args:
        optimizer: the optimizer, or None.
        learning_rates: number, or array of those of the members. Defaults to `None`: the optimizer's present one.
    """
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    if type(optimizer) is not keras.optimizers.SGD:  # or None, of a model that was not compiled
        return float("nan")
    if learning_rates is None:
        learning_rates = tf.convert_to_tensor(optimizer.learning_rate)  # Replicas have a variable each.
    momentum = optimizer.momentum
    limit = (2 + 2 * momentum) / (1 + 2 * momentum) if optimizer.nesterov else 2 + 2 * momentum
    with np.errstate(divide="ignore"):
        return limit / np.asarray(learning_rates, "float64")


def _lanczos_step(model, totals, vector, previous, beta, **settings):
    """One step of Lanczos's method for all members: the next vector and beta, and alpha (notation of Golub & Van Loan, ch. 10)."""
    products, samples = totals
    residual = products / samples - beta[:, tf.newaxis] * previous
    alpha = tf.reduce_sum(residual * vector, axis=1)
    residual -= alpha[:, tf.newaxis] * vector
    next_beta = tf.norm(residual, axis=1)
    return tf.math.divide_no_nan(residual, next_beta[:, tf.newaxis]), next_beta, alpha


def largest_eigenvalues(step, start, iterations, tolerance):
    """The largest eigenvalue of each of several symmetric matrices, by Lanczos's method.

    Vectors that lose their orthogonality in float32 only repeat eigenvalues that were found already (Paige 1980), so earlier vectors are
    not kept. `scipy.sparse.linalg.eigsh` takes one matrix at a time; here a step is one graph for all members.

    Args:
        step: `step(vector, previous, beta)` -> `next vector, next beta, alpha`; tensors `(matrices, size)` and `(matrices,)`.
        start: unit vectors, `(matrices, size)`.
        iterations: the largest number of calls of `step`.
        tolerance: see `SharpnessMonitor`.

    Returns:
        The eigenvalues and their residuals, float64 `(matrices,)`; NaN for matrices that are not finite.
    """
    members = start.shape[0]
    vector, previous, beta = start, tf.zeros_like(start), tf.zeros(members)
    values, errors = np.full(members, np.nan), np.full(members, np.nan)
    alphas, betas, active = [], [], np.ones(members, bool)
    for _ in range(iterations):
        next_vector, beta, alpha = step(vector, previous, beta)
        vector, previous = next_vector, vector
        alphas.append(alpha.numpy().astype("float64"))
        betas.append(beta.numpy().astype("float64"))
        finite = np.isfinite(alphas[-1]) & np.isfinite(betas[-1])
        values[~finite], errors[~finite] = np.nan, np.nan
        active &= finite
        if not active.any():
            break
        values[active], errors[active] = _ritz(np.stack(alphas)[:, active], np.stack(betas)[:, active])
        active &= errors > tolerance * np.abs(values)
        if not active.any():
            break
    return values, errors


def _ritz(alphas, betas):
    """The largest eigenvalue of the tridiagonal matrices of `(steps, matrices)` coefficients, and its residual."""
    diagonal, off_diagonal = (np.stack([np.diag(column, k) for column in part.T]) for part, k in ((alphas, 0), (betas[:-1], 1)))
    eigenvalues, vectors = np.linalg.eigh(diagonal + off_diagonal + np.swapaxes(off_diagonal, 1, 2))
    return eigenvalues[:, -1], betas[-1] * np.abs(vectors[:, -1, -1])
