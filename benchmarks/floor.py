"""The floor: the floating-point operations that an epoch's arithmetic needs, at the rate that matrix products of its shapes reach."""

import time
from functools import cache

import numpy as np
import tensorflow as tf

from benchmarks.cases import Case

PRODUCTS = 20  # in one call, so that the call itself does not count


def epoch_seconds(case: Case, num_seeds):
    """Seconds that the matrix products of an epoch take, and how many floating-point operations they are.

    Each layer `(m, n)` multiplies twice a step, forward and for its weights' gradient, and once more for the gradient by its inputs but in
    the first layer; the evaluation multiplies once. All else (biases, activations, losses, the update) counts as nothing.
    """
    (x, _), (x_test, _) = case.load()
    batch = min(case.batch_size, len(x))
    weights = [v.shape for v in case.build().trainable_variables if len(v.shape) == 2]
    seconds = operations = 0.0
    for number, (m, n) in enumerate(weights):
        products = [((batch, m, n), len(x) / batch), ((m, batch, n), len(x) / batch), ((len(x_test), m, n), 1)]
        if number:
            products.append(((batch, n, m), len(x) / batch))
        for shape, times in products:
            flops = 2.0 * num_seeds * np.prod(shape) * times
            operations += flops
            seconds += flops / rate(num_seeds, *shape)
    return seconds, operations


@cache
def rate(members, rows, inner, columns):
    """Floating-point operations per second of `members` products `(rows, inner) x (inner, columns)` in TensorFlow: the better of its own
    kernels and XLA's."""
    left, right = tf.random.normal((members, rows, inner)), tf.random.normal((members, inner, columns))

    def products(left, right):
        def body(i, carried):
            # Each product hangs on the one before, or XLA would do it once for all.
            return i + 1, tf.matmul(left, right + carried)[0, 0, 0] * 0.0

        return tf.while_loop(lambda i, _: i < PRODUCTS, body, (0, 0.0))[1]

    best = np.inf
    for jit_compile in (False, True):
        graph = tf.function(products, jit_compile=jit_compile, autograph=False)
        graph(left, right).numpy()
        for _ in range(3):
            began = time.perf_counter()
            graph(left, right).numpy()
            best = min(best, time.perf_counter() - began)
    return 2.0 * members * rows * inner * columns * PRODUCTS / best
