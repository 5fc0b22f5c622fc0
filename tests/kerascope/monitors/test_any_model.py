"""Monitors on Keras models of many kinds: what they measure against plain operations, and that they leave everything as it is."""

import random
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascope.monitors import (
    ActivationMonitor,
    GradientMonitor,
    HessianTraceMonitor,
    HistogramMonitor,
    MonitorWarning,
    NoiseMonitor,
    SharpnessMonitor,
    UpdateMonitor,
)
from tests.support.networks import NETWORKS, SAMPLES, autoencoder, convolutional, from_logits, random_array, random_labels, subclassed


class Ends(keras.callbacks.Callback):
    """The training's own metrics, and the state of everything, when training ends."""

    def on_epoch_end(self, epoch, logs=None):
        self.metrics = {name: value for name, value in logs.items() if "/" not in name}

    def on_train_end(self, logs=None):
        variables = [*self.model.variables, *self.model.metrics_variables]
        self.state = [np.array(v) for v in [*variables, *self.model.optimizer.variables]]
        self.random = random.getstate(), np.random.get_state()[1].tolist(), tf.random.uniform(()).numpy()


def build(network):
    keras.utils.clear_session()  # names by Keras's count begin anew
    keras.utils.set_random_seed(3)
    return network()


def train(network, callbacks):
    ends = Ends()
    fit = {} if network.sample_weight is None else {"sample_weight": network.sample_weight}
    network.model.fit(network.x, network.y, batch_size=16, epochs=2, verbose=0, callbacks=[ends, *callbacks], **fit)
    return ends


def as_dataset(network):
    """The network's data in two batches."""
    parts = [part for part in (network.x, network.y, network.sample_weight) if part is not None]
    return tf.data.Dataset.from_tensor_slices(tuple(parts) if len(parts) > 1 else parts[0]).batch(SAMPLES // 2)


@pytest.fixture(
    scope="module",
    params=[pytest.param(build, marks=() if build is autoencoder else pytest.mark.slow) for build in NETWORKS],
    ids=lambda build: build.__name__,
)
def trained(request):
    """A network trained with all monitors, on a probe of arrays and on one of batches; with its monitors, warnings, and ends with and
    without them."""
    bare = train(build(request.param), [])
    network = build(request.param)
    probe = (network.x, network.y)
    weight = {"sample_weight": network.sample_weight}
    monitors = {
        "gradients": GradientMonitor(*probe, **weight),
        "gradients, batches": GradientMonitor(as_dataset(network)),
        "activations": ActivationMonitor(network.x, units=True, linear=True),
        "activations, batches": ActivationMonitor(as_dataset(network), linear=True),
        "updates": UpdateMonitor(),
        "histograms": HistogramMonitor(as_dataset(network)),
        "sharpness": SharpnessMonitor(*probe, every=2, iterations=3, **weight),
        "Hessian trace": HessianTraceMonitor(as_dataset(network), every=2, samples=2),
        "noise": NoiseMonitor(*probe, every=2, **weight),
    }
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ends = train(network, list(monitors.values()))
    return network, monitors, [str(w.message) for w in caught if issubclass(w.category, MonitorWarning)], ends, bare


def test_the_training_ends_bit_identical_with_and_without_monitors(trained):
    *_, ends, bare = trained
    assert len(ends.state) == len(bare.state) > 0
    for with_monitors, without in zip(ends.state, bare.state, strict=True):
        np.testing.assert_array_equal(with_monitors, without)
    assert ends.metrics == bare.metrics and ends.random == bare.random


def test_every_monitor_measures(trained):
    for name, monitor in trained[1].items():
        if name == "histograms":
            assert monitor.arrays()["epochs"].tolist() == [0, 1, 2]
        else:
            assert monitor.frame()["epoch"].unique().tolist() == ([1, 2] if monitor.every == 1 else [2]), name


def test_what_cannot_be_measured_is_named_in_one_warning(trained):
    network, _, messages, *_ = trained
    if not network.unseen:
        assert messages == []
        return
    assert sorted(message.split()[0] for message in messages) == ["ActivationMonitor", "ActivationMonitor", "HistogramMonitor"]
    for message in messages:
        assert sorted(message.split(": ")[1].split(", ")) == sorted(network.unseen)


@pytest.mark.parametrize("name", ["gradients", "gradients, batches"])
def test_gradients_are_those_of_the_loss_written_out(trained, name):
    network, monitors, *_ = trained
    with tf.GradientTape() as tape:
        loss = network.loss()
    variables = {layer: [v.value for v in of_layer] for layer, of_layer in network.weights.items()}
    gradients = tape.gradient(loss, variables)
    last = monitors[name].frame().query("epoch == 2").set_index("layer")
    assert sorted(last.index) == sorted(network.weights)
    for layer, of_layer in gradients.items():
        pairs = zip(of_layer, variables[layer], strict=True)
        flat = np.concatenate([np.zeros(v.shape).ravel() if g is None else tf.convert_to_tensor(g).numpy().ravel() for g, v in pairs])
        assert last.loc[layer, "grad_norm"] == pytest.approx(np.linalg.norm(flat.astype("float64")), rel=1e-3, abs=1e-7), layer
        assert last.loc[layer, "grad_mean_abs"] == pytest.approx(np.abs(flat.astype("float64")).mean(), rel=1e-3, abs=1e-8), layer


@pytest.mark.parametrize("name", ["activations", "activations, batches"])
def test_activations_are_those_of_the_layers_written_out(trained, name):
    network, monitors, *_ = trained
    last = monitors[name].frame().query("epoch == 2").set_index("layer")
    expected = network.activations()
    assert sorted(last.index) == sorted(expected)
    for layer, outputs in expected.items():
        outputs = np.asarray(outputs, "float64").reshape(-1, outputs.shape[-1])
        row = last.loc[layer]
        # Float32 may put an output near 0 on the other side of it.
        assert row["inactive_fraction"] == pytest.approx((outputs <= 0).mean(), abs=2.1 / outputs.size), layer
        assert row["always_off_fraction"] == pytest.approx((outputs <= 0).all(0).mean(), abs=1e-6), layer
        np.testing.assert_allclose(row[["activation_mean", "activation_std"]], [outputs.mean(), outputs.std()], rtol=1e-3, atol=1e-5)


def test_histograms_count_all_activations_and_gradients(trained):
    network, monitors, *_ = trained
    arrays = monitors["histograms"].arrays()
    for layer, outputs in network.activations().items():
        assert arrays[f"activation/{layer}/counts"][-1].sum() == np.size(outputs)
    for layer, variables in network.weights.items():
        assert arrays[f"gradient/{layer}/counts"][-1].sum() == sum(np.size(v) for v in variables)


def test_curvature_is_that_along_the_vectors_of_the_loss_written_out(trained):
    """Hutchinson's vectors are ±1 from NumPy's generator 0."""
    network, monitors, *_ = trained
    frame = monitors["Hessian trace"].frame()
    weights = [[v.value for v in network.weights[layer]] for layer in frame["layer"]]
    generator, estimates = np.random.default_rng(0), []
    for _ in range(2):
        sizes = [sum(int(tf.size(w)) for w in of_layer) for of_layer in weights]
        signs = np.split(generator.integers(0, 2, sum(sizes), dtype=np.int8) * 2.0 - 1, np.cumsum(sizes)[:-1])
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                loss = network.loss()
            gradients = inner.gradient(loss, weights, unconnected_gradients="zero")
            product = sum(tf.tensordot(flat(g), tf.constant(z, tf.float32), 1) for g, z in zip(gradients, signs, strict=True))
        rows = outer.gradient(product, weights, unconnected_gradients="zero")
        estimates.append([np.dot(flat(row), z) for row, z in zip(rows, signs, strict=True)])
    np.testing.assert_allclose(frame["hessian_trace"], np.mean(estimates, axis=0), rtol=1e-2, atol=1e-4)


def flat(tensors):
    return tf.concat([tf.reshape(tf.convert_to_tensor(tensor), [-1]) for tensor in tensors], 0)


@pytest.mark.slow
def test_the_gradient_in_mixed_precision_is_unscaled_and_does_not_underflow():
    def build_in(policy):
        keras.utils.set_random_seed(0)
        return keras.Sequential(
            [keras.Input((5,)), keras.layers.Dense(8, activation="relu", dtype=policy), keras.layers.Dense(3, dtype=policy)]
        )

    # A loss so small that its gradients by the activations are nothing in float16 (below 6e-8) unless they are scaled.
    small = {"loss": from_logits(), "loss_weights": 1e-6}
    probe = random_array(SAMPLES, 5), random_labels(3)
    norms = {}
    for policy in ("float32", "mixed_float16"):
        keras.config.set_dtype_policy(policy)
        try:
            model = build_in(policy)
            model.compile(keras.optimizers.SGD(0.0), **small)
        finally:
            keras.config.set_dtype_policy("float32")
        assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer) == (policy == "mixed_float16")
        monitors = GradientMonitor(*probe), ActivationMonitor(probe[0])
        model.fit(*probe, verbose=0, callbacks=list(monitors))
        norms[policy] = monitors[0].frame()["grad_norm"].to_numpy(), monitors[1].frame()["activation_std"].to_numpy()
    for exact, mixed in zip(norms["float32"], norms["mixed_float16"], strict=True):
        assert mixed.dtype == np.float32 and (exact > 0).all()
        np.testing.assert_allclose(mixed, exact, rtol=1e-2)


@pytest.mark.slow
def test_a_model_that_its_first_batch_builds_is_measured_from_the_first_epoch_on():
    probe = random_array(SAMPLES, 5), random_labels(3)
    model = keras.Sequential([keras.layers.Dense(4, activation="relu", name="a"), keras.layers.Dense(3, name="b")])
    model.compile(keras.optimizers.SGD(0.1), loss=from_logits())
    monitors = [GradientMonitor(*probe), ActivationMonitor(probe[0], units=True), UpdateMonitor(), HistogramMonitor(*probe)]
    with warnings.catch_warnings():
        warnings.simplefilter("error", MonitorWarning)
        model.fit(*probe, epochs=2, verbose=0, callbacks=monitors)
    assert monitors[3].arrays()["epochs"].tolist() == [1, 2]
    for monitor in (monitors[0], monitors[2]):
        ratio = monitor.frame().pivot(index="epoch", columns="layer", values="update_ratio")
        assert ratio.loc[1].isna().all() and (ratio.loc[2] > 0).all()


@pytest.mark.slow
def test_layers_are_chosen_by_name_or_pattern():
    network = build(subclassed)
    gradients = GradientMonitor(network.x, network.y, layers=["block*/dense", "out"])
    activations = ActivationMonitor(network.x, layers="dense")
    nothing = GradientMonitor(network.x, network.y, layers="conv*")
    with pytest.warns(MonitorWarning, match=r"GradientMonitor.*conv\*.*subclassed, block/dense"):
        network.model.fit(network.x, network.y, verbose=0, callbacks=[gradients, activations, nothing])
    assert gradients.frame()["layer"].tolist() == ["block/dense", "block_1/dense", "out"]
    assert activations.frame()["layer"].tolist() == ["block/dense", "block_1/dense"]
    assert nothing.frame().empty


@pytest.mark.slow
def test_sharpness_of_a_layer_is_that_of_its_block():
    network = build(convolutional)
    monitors = [SharpnessMonitor(network.x, network.y, layers=names, tolerance=0) for names in (None, "out", "inner/conv")]
    network.model.fit(network.x, network.y, verbose=0, callbacks=monitors)
    whole, *blocks = [monitor.frame()["sharpness"].item() for monitor in monitors]
    assert all(0 < block < whole for block in blocks)  # Cauchy's interlacing theorem


def test_a_model_without_weights_or_activations_to_measure_trains_on_with_one_warning():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((5,)), keras.layers.BatchNormalization(trainable=False), keras.layers.Flatten()])
    model.compile("sgd", loss="mse")
    x = random_array(SAMPLES, 5)
    callbacks = [GradientMonitor(x, x), ActivationMonitor(x), HistogramMonitor(x, x), NoiseMonitor(x, x), UpdateMonitor()]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(x, x, epochs=3, verbose=0, callbacks=callbacks)
    warned = sorted(str(w.message).split()[0] for w in caught if issubclass(w.category, MonitorWarning))
    assert warned == sorted(type(callback).__name__ for callback in callbacks)
    assert len(model.history.history["loss"]) == 3
