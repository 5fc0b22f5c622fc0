"""Sharpness and trace of the Hessian against a dense Hessian in float64, and the limits of stability against descent itself."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascope.monitors import HessianTraceMonitor, SharpnessMonitor
from kerascope.monitors.sharpness import largest_eigenvalues, stability_limit
from kerascope.seed_stack import SeedStack
from tests.support.frames import of_seed
from tests.support.mlp import build_mlp
from tests.support.perceptron import CLASSES, FEATURES, Weights, backward, cross_entropy

ACTIVATION = "tanh"  # smooth, so that finite differences are exact enough


def build():
    return build_mlp(FEATURES, CLASSES, hidden=(4, 3), activation=ACTIVATION)


def dense_hessian(weights, x, y, step=1e-5):
    """The Hessian of the mean cross-entropy in float64, column by column, by central differences of the closed-form gradient."""
    flat = np.concatenate([w.ravel() for w in weights])
    ends = np.cumsum([w.size for w in weights])[:-1]

    def gradient(at):
        parts = [part.reshape(w.shape) for part, w in zip(np.split(at, ends), weights, strict=True)]
        return np.concatenate([g.ravel() for g in backward(parts, x, y, ACTIVATION)])

    return np.stack([(gradient(flat + step * e) - gradient(flat - step * e)) / (2 * step) for e in np.eye(flat.size)])


@pytest.fixture(scope="module", params=[pytest.param("ordinary model", marks=pytest.mark.slow), "SeedStack"])
def measured(request, probe):
    """The frames of both monitors after three epochs, on three batches or one, and the Hessian of each member at each epoch."""
    stacked = request.param == "SeedStack"
    keras.utils.set_random_seed(0)
    model = SeedStack(build, [0, 1]) if stacked else build()
    model.compile(keras.optimizers.SGD(0.5), loss=cross_entropy())
    data = probe if stacked else (tf.data.Dataset.from_tensor_slices(probe).batch(17),)
    sharpness = SharpnessMonitor(*data, every=[0, 1, 3], iterations=60, tolerance=1e-4)
    hessian_trace, weights = HessianTraceMonitor(*data, every=3, samples=100), Weights()
    model.fit(*probe, batch_size=10, epochs=3, verbose=0, callbacks=[sharpness, hessian_trace, weights])
    hessians = [{epoch: dense_hessian(weights.seen[epoch][member], *probe) for epoch in (0, 1, 3)} for member in range(2 if stacked else 1)]
    return sharpness.frame(), hessian_trace.frame(), hessians


def test_sharpness_is_the_largest_eigenvalue_of_the_dense_hessian(measured):
    frame, _, hessians = measured
    for member, by_epoch in enumerate(hessians):
        rows = of_seed(frame, member).set_index("epoch")
        assert rows.index.tolist() == [0, 1, 3]
        for epoch, hessian in by_epoch.items():
            assert rows.loc[epoch, "sharpness"] == pytest.approx(np.linalg.eigvalsh(hessian)[-1], rel=1e-3)
            assert rows.loc[epoch, "sharpness_error"] <= 2e-4 * rows.loc[epoch, "sharpness"]
            assert rows.loc[epoch, "stability_limit"] == 4


def test_the_traces_of_the_layers_are_those_of_their_blocks_within_their_errors(measured):
    _, frame, hessians = measured
    sizes = [FEATURES * 4 + 4, 4 * 3 + 3, 3 * CLASSES + CLASSES]
    for member, by_epoch in enumerate(hessians):
        parts = np.split(np.diag(by_epoch[3]), np.cumsum(sizes)[:-1])
        for part, row in zip(parts, of_seed(frame, member).itertuples(), strict=True):
            assert abs(row.hessian_trace - part.sum()) <= 4 * row.hessian_trace_error
            assert 0 < row.hessian_trace_error < 0.5 * abs(part.sum()) + 0.5


def test_trace_and_sharpness_of_a_diagonal_hessian_are_exact():
    curvatures = np.array([0.5, 2, 7, 1], "float32")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, use_bias=False, name="w")])
    model.compile(keras.optimizers.SGD(0.1), loss="mse")
    x, y = np.diag(np.sqrt(2 * curvatures)), np.ones((4, 1), "float32")  # mean of 4 squares: Hessian 2 x'x / 4 = diag(curvatures)
    monitors = [SharpnessMonitor(x, y), HessianTraceMonitor(x, y, samples=2), HessianTraceMonitor(x, y, samples=1)]
    model.fit(x.astype("float32"), y, verbose=0, callbacks=monitors)
    assert monitors[0].frame()["sharpness"].item() == pytest.approx(7, rel=1e-5)
    assert monitors[1].frame()["hessian_trace"].item() == pytest.approx(10.5, rel=1e-5)
    assert monitors[1].frame()["hessian_trace_error"].item() == pytest.approx(0, abs=1e-5)
    assert np.isnan(monitors[2].frame()["hessian_trace_error"].item())


def test_lanczos_finds_the_largest_eigenvalue_of_each_matrix():
    random = np.random.default_rng(1)
    size = 30
    symmetric = random.normal(size=(size, size))
    matrices = np.stack(
        [symmetric + symmetric.T, -np.diag(np.arange(1.0, size + 1)), np.zeros((size, size)), np.eye(size), symmetric * np.nan]
    )
    matrices = matrices.astype("float32")
    start = np.tile(random.normal(size=size).astype("float32"), (5, 1))
    start /= np.linalg.norm(start, axis=1, keepdims=True)
    calls = []

    def step(vector, previous, beta):
        calls.append(1)
        product = tf.einsum("mij,mj->mi", matrices, vector) - beta[:, None] * previous
        alpha = tf.reduce_sum(product * vector, axis=1)
        rest = product - alpha[:, None] * vector
        length = tf.norm(rest, axis=1)
        return tf.math.divide_no_nan(rest, length[:, None]), length, alpha

    values, errors = largest_eigenvalues(step, tf.constant(start), 40, 1e-4)
    expected = [np.linalg.eigvalsh(symmetric + symmetric.T)[-1], -1, 0, 1]
    np.testing.assert_allclose(values[:4], expected, rtol=1e-3, atol=1e-5)
    assert (errors[:4] <= 1e-3 * np.abs(values[:4]) + 1e-6).all() and np.isnan(values[4])
    calls.clear()
    largest_eigenvalues(step, tf.constant(start), 3, 0)
    assert len(calls) == 3


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}], ids=["SGD", "momentum", "Nesterov"])
def test_beyond_the_limit_of_stability_descent_on_a_quadratic_diverges_and_below_it_does_not(settings):
    ends = []
    for share in (0.97, 1.03):
        optimizer, weight = keras.optimizers.SGD(0.1, **settings), keras.Variable(1.0)
        optimizer.build([weight])
        curvature = share * stability_limit(optimizer)
        for _ in range(400):
            optimizer.apply([curvature * weight.value], [weight])
        ends.append(abs(float(weight)))
    assert ends[0] < 0.1 and not ends[1] < 10  # or not a number any more


def test_the_limit_follows_the_schedule_and_is_nan_for_adaptive_optimizers():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 4, 0.5, staircase=True)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    x, y = np.ones((8, 3), "float32"), np.ones((8, 1), "float32")
    limits = {}
    for name, optimizer in {"sgd": keras.optimizers.SGD(schedule), "adam": keras.optimizers.Adam(schedule)}.items():
        model.compile(optimizer, loss="mse")
        monitor = SharpnessMonitor(x, y, every=[0, 1, 2], iterations=2)
        model.fit(x, y, batch_size=2, epochs=2, verbose=0, callbacks=[monitor])
        limits[name] = monitor.frame()["stability_limit"].tolist()
    assert limits["sgd"] == pytest.approx([20, 40, 80])
    assert np.isnan(limits["adam"]).all()


def test_the_limit_is_infinite_at_a_rate_of_zero_and_each_members_own_in_a_stack():
    assert stability_limit(keras.optimizers.SGD(0.0)) == np.inf
    stack = SeedStack(build, [0, 1, 2])
    stack.compile(keras.optimizers.SGD(0.5, momentum=0.5), loss=cross_entropy())
    stack.member_learning_rates = [0.1, 0.2, 0.0]
    x = np.random.default_rng(0).normal(size=(8, FEATURES)).astype("float32")
    rows = SharpnessMonitor(x, np.arange(8) % CLASSES, iterations=1).measure(stack)
    assert rows["stability_limit"].tolist() == pytest.approx([30, 15, np.inf])
