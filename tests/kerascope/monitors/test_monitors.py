"""Each monitored quantity against NumPy float64 written from its definition, on an ordinary Keras model and on a SeedStack."""

import keras
import numpy as np
import pytest

from kerascope.monitors import ActivationMonitor, GradientMonitor, HistogramMonitor, LogitMonitor
from kerascope.seed_stack import SeedStack
from tests.support.frames import columns, of_seed
from tests.support.perceptron import (
    ACTIVATIONS,
    CLASSES,
    FEATURES,
    SAMPLES,
    Weights,
    backward,
    build,
    cross_entropy,
    expected_activation_row,
    expected_gradient_row,
    float64_weights,
    forward,
)


@pytest.mark.parametrize("activation", ["sigmoid", *(pytest.param(name, marks=pytest.mark.slow) for name in ("relu", "leaky_relu"))])
def test_gradient_quantities_are_those_of_their_definitions(train, probe, activation):
    monitor = GradientMonitor(*probe)
    model, seen = train(activation, [monitor])
    frame = monitor.frame()
    assert ("seed" in frame.columns) == isinstance(model, SeedStack)
    for member in range(len(seen[0])):
        rows = of_seed(frame, member)
        for epoch in (1, 2, 3):
            weights, before = seen[epoch][member], seen[epoch - 1][member]
            gradients = backward(weights, *probe, activation)
            for layer, name in enumerate(["hidden_1", "hidden_2", "logits"]):
                row = rows[(rows["epoch"] == epoch) & (rows["layer"] == name)]
                measured = row[columns(monitor)].to_numpy()[0]
                np.testing.assert_allclose(measured, expected_gradient_row(gradients, weights, before, layer), rtol=2e-4, atol=1e-7)


@pytest.mark.parametrize(
    "activation", [pytest.param(name, marks=() if name in ("relu", "tanh") else pytest.mark.slow) for name in ACTIVATIONS]
)
def test_activation_quantities_are_those_of_their_definitions(train, probe, activation):
    monitor = ActivationMonitor(probe[0], linear=True)
    _, seen = train(activation, [monitor])
    frame = monitor.frame()
    for member in range(len(seen[0])):
        rows = of_seed(frame, member)
        for epoch in (1, 2, 3):
            for layer, (z, a) in enumerate(forward(seen[epoch][member], probe[0], activation)):
                name = ["hidden_1", "hidden_2", "logits"][layer]
                row = rows[(rows["epoch"] == epoch) & (rows["layer"] == name)].iloc[0]
                expected = expected_activation_row(z, a, activation if layer < 2 else "linear")
                np.testing.assert_allclose(row[columns(monitor)].astype(float), expected, rtol=1e-4, atol=1e-6)


def test_a_sigmoid_unit_whose_derivative_is_zero_in_float32_is_dead(probe):
    model = build("sigmoid", shift=50)  # e^-50 beside 1 is nothing in float32, so unit 1 learns nothing; unit 0 still has e^-50
    model.compile(keras.optimizers.SGD(0.0), loss=cross_entropy())
    monitor = ActivationMonitor(probe[0], linear=True)
    model.fit(*probe, epochs=1, verbose=0, callbacks=[monitor])
    assert monitor.frame()["dead_fraction"].tolist() == [1 / 8, 0, 0]
    assert monitor.frame()["saturated_fraction"].tolist()[0] == 2 / 8


@pytest.mark.parametrize("form", ["argument", "Activation layer", "Softmax layer"])
def test_softmax_saturates_where_p_times_1_minus_p_is_small(probe, form):
    keras.utils.set_random_seed(0)
    activation = {"argument": [], "Activation layer": [keras.layers.Activation("softmax")], "Softmax layer": [keras.layers.Softmax()]}[form]
    dense = keras.layers.Dense(
        4, activation="softmax" if form == "argument" else None, kernel_initializer=keras.initializers.RandomNormal(stddev=3)
    )
    model = keras.Sequential([keras.Input((FEATURES,)), dense, *activation])
    model.compile("sgd", loss="sparse_categorical_crossentropy")
    monitor = ActivationMonitor(probe[0])
    model.fit(*probe, epochs=1, verbose=0, callbacks=[monitor])
    p = model.predict(probe[0], verbose=0).astype("float64")
    last = monitor.frame().iloc[-1]
    assert last["saturated_fraction"] == pytest.approx((p * (1 - p) < 0.01 * 0.25).mean(), abs=1e-6)
    assert 0 < last["saturated_fraction"] < 1


def test_the_units_of_a_convolution_are_its_channels():
    random = np.random.default_rng(0)
    images = random.normal(size=(10, 6, 6, 1)).astype("float32")
    model = keras.Sequential(
        [keras.Input((6, 6, 1)), keras.layers.Conv2D(4, 3), keras.layers.ReLU(name="relu"), keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    model.layers[0].bias.assign([-100.0, 0, 0, 100])
    model.compile(keras.optimizers.SGD(1e-6), loss=cross_entropy())
    monitor = ActivationMonitor(images)
    model.fit(images, np.zeros(10), epochs=1, verbose=0, callbacks=[monitor])
    frame = monitor.frame().set_index("layer")
    assert frame.loc["relu", "dead_fraction"] == 0.25
    outputs = keras.Sequential(model.layers[:2]).predict(images, verbose=0)
    assert frame.loc["relu", "inactive_fraction"] == pytest.approx((outputs <= 0).mean(), abs=1e-6)


def test_regularisation_is_part_of_the_loss_once(probe):
    def build():
        return keras.Sequential([keras.Input((FEATURES,)), keras.layers.Dense(CLASSES, kernel_regularizer=keras.regularizers.L2(0.5))])

    keras.utils.set_random_seed(4)
    alone, stack = build(), SeedStack(build, [4])
    for model in (alone, stack):
        model.compile(keras.optimizers.SGD(0.0), loss=cross_entropy())
        monitor = GradientMonitor(*probe)
        model.fit(*probe, batch_size=SAMPLES, shuffle=False, verbose=0, callbacks=[monitor])
        x, y = probe
        w, b = float64_weights(alone)
        z = x @ w + b
        p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
        d = (p - np.eye(CLASSES)[y]) / len(x)
        expected = np.sqrt(((x.T @ d + 2 * 0.5 * w) ** 2).sum() + (d.sum(0) ** 2).sum())
        assert monitor.frame()["grad_norm"].iloc[0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
def test_values_reach_the_logs_of_later_callbacks(train, probe):
    monitors = [GradientMonitor(*probe, logs=True), ActivationMonitor(probe[0], logs=True, linear=True)]
    model, _ = train("relu", monitors)
    for monitor in monitors:
        means = monitor.frame().groupby(["epoch", "layer"]).mean(numeric_only=True)
        for quantity in columns(monitor):
            for layer in ("hidden_1", "hidden_2", "logits"):
                logged = model.history.history[f"{quantity}/{layer}"]
                np.testing.assert_allclose(logged, means[quantity].xs(layer, level="layer"), rtol=1e-5)


@pytest.mark.slow
def test_the_update_ratio_is_that_since_the_last_measurement(probe):
    model = build()
    model.compile("sgd", loss=cross_entropy())
    monitor, weights = GradientMonitor(*probe, every=2), Weights()
    model.fit(*probe, epochs=5, verbose=0, callbacks=[monitor, weights])
    assert monitor.frame()["epoch"].unique().tolist() == [2, 4]
    after, before = (np.concatenate([w.ravel() for w in weights.seen[epoch][0][:2]]) for epoch in (4, 2))
    ratio = np.linalg.norm(after - before) / np.linalg.norm(before)
    assert monitor.frame().query("epoch == 4 and layer == 'hidden_1'")["update_ratio"].item() == pytest.approx(ratio, rel=1e-4)


@pytest.mark.slow
def test_a_stack_ends_bit_identical_with_and_without_monitors(probe):
    def weights(callbacks):
        stack = SeedStack(build, [0, 1])
        stack.compile(keras.optimizers.SGD(0.1), loss=cross_entropy())
        stack.fit(*probe, batch_size=16, epochs=3, verbose=0, callbacks=callbacks)
        return stack.get_weights()

    monitors = [GradientMonitor(*probe), ActivationMonitor(probe[0]), HistogramMonitor(*probe, every=[0, 2])]
    for a, b in zip(weights(monitors), weights([]), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_member_that_is_not_finite_is_measured_as_nan_and_the_others_as_ever(probe):
    stack = SeedStack(build, [0, 1])
    stack.compile(keras.optimizers.SGD(0.1), loss=cross_entropy())
    kernel = stack.stacked(stack.template.layers[0].trainable_variables)[0]
    kernel.assign(np.array(kernel) * np.array([1, np.nan])[:, None, None])
    monitors = [GradientMonitor(*probe), ActivationMonitor(probe[0]), LogitMonitor(*probe)]
    stack.fit(*probe, epochs=1, verbose=0, callbacks=monitors)
    for monitor in monitors:
        frame = monitor.frame().set_index("seed")
        for column in set(columns(monitor)) - {"weight_norm", "update_ratio", "saturated_fraction"}:
            assert np.isnan(frame.loc[1, column]).all() and np.isfinite(frame.loc[0, column]).all(), column


@pytest.mark.slow
def test_histograms_count_activations_and_gradients_before_and_after_training(train, probe):
    monitor = HistogramMonitor(*probe, every=[0, 3, 99], bins=7)
    _, seen = train("relu", [monitor])
    arrays = monitor.arrays()
    assert arrays["epochs"].tolist() == [0, 3]
    for stage, epoch in enumerate((0, 3)):
        members = range(len(seen[0]))
        outputs = [forward(seen[epoch][member], probe[0], "relu") for member in members]
        gradients = [backward(seen[epoch][member], *probe, "relu") for member in members]
        for layer, name in enumerate(["hidden_1", "hidden_2", "logits"]):
            values = {
                "activation": [outputs[member][layer][1].ravel() for member in members],
                "gradient": [np.concatenate([g.ravel() for g in gradients[member][2 * layer : 2 * layer + 2]]) for member in members],
            }
            for kind, of_members in values.items():
                edges, counts = arrays[f"{kind}/{name}/edges"][stage], arrays[f"{kind}/{name}/counts"][stage]
                everything = np.concatenate(of_members)
                assert edges[0] <= everything.min() + 1e-6 and everything.max() < edges[-1] + 1e-6
                for member in members:
                    # Float32 may put a value that lies on an edge into the next bin.
                    assert np.abs(counts[member] - np.histogram(of_members[member], edges)[0]).sum() <= 4
                    assert counts[member].sum() == of_members[member].size
