"""Schedules of learning rates, step by step against their definition."""

import keras
import numpy as np
import pytest

from common.schedules import late_decay


@pytest.mark.parametrize(("epochs", "late"), [(10, 2), (7, 2), (5, 5), (1, 1), (3, 1)])
def test_a_late_decay_is_constant_at_first_and_falls_by_one_factor_after_each_late_epoch(epochs, late):
    optimizer = keras.optimizers.SGD(late_decay(0.1, 4, epochs, late, 0.001))
    weight, rates = keras.Variable([0.0]), []
    for _ in range(4 * epochs):
        rates.append(float(optimizer.learning_rate))
        optimizer.apply([keras.ops.ones(1)], [weight])
    wanted = [0.1] * (epochs - late) + [0.1 * 0.01 ** (k / late) for k in range(1, late + 1)]
    np.testing.assert_allclose(np.reshape(rates, (epochs, 4)), np.repeat(np.reshape(wanted, (-1, 1)), 4, axis=1), rtol=1e-5)
