"""The knobs that controls turn in Experiment B: the networks, optimizers, monitors and interventions that they make."""

import keras
import numpy as np
import pytest

import exp_b_activation
from common.course_report import activation_arms
from common.course_report.controls import arms_of
from common.data import CellSamples
from common.data.datasets import find
from common.experiment.cell import Cell

BASE = {setting.name: setting.default[0] for setting in exp_b_activation.EXPERIMENT.settings if setting.default}
CONTROLS = exp_b_activation.EXPERIMENT.report.controls


def cell(epochs=9, **settings):
    """A cell of Experiment B on moons."""
    return Cell("exp_b_activation", "moons", {**BASE, "batch_size": 700, **settings}, (0,), epochs, "0")


def build(**settings):
    keras.utils.set_random_seed(0)
    return exp_b_activation.build_model(cell(**settings), 2, 2)


def dense(x, layer):
    kernel, bias = (weight.astype("float64") for weight in layer.get_weights())
    return x @ kernel + bias


@pytest.mark.parametrize("slope", [0, 0.001, 0.3])
def test_the_slope_is_that_of_all_hidden_layers(slope):
    model, x = build(activation="leaky_relu", slope=slope, init="he"), np.random.default_rng(0).normal(size=(20, 2))
    outputs = x
    for name in exp_b_activation.HIDDEN:
        z = dense(outputs, model.get_layer(name))
        outputs = np.where(z > 0, z, slope * z)
    np.testing.assert_allclose(model(x), dense(outputs, model.get_layer("logits")), rtol=1e-4, atol=1e-5)
    relu = build(activation="relu", init="he")
    assert slope or np.array_equal(model(x), relu(x))


@pytest.mark.parametrize("depth", [1, 2, 6])
def test_a_network_has_as_many_hidden_layers_as_the_knob_says_and_begins_as_the_usual_one(depth):
    model, usual = build(hidden_layers=depth, init="glorot", bias_drop=0.5), build(init="glorot", bias_drop=0.5)
    units = [(layer.name, layer.units) for layer in model.layers]
    assert units == [*((f"hidden_{i}", 256 if i == 1 else 128) for i in range(1, depth + 1)), ("logits", 2)]
    for mine, other in zip(model.layers[: min(depth, 2)], usual.layers, strict=False):
        np.testing.assert_array_equal(mine.kernel, other.kernel)
    assert all((layer.bias.numpy() == (0 if layer.name == "logits" else -0.5)).all() for layer in model.layers)


def test_weights_with_a_gain_of_4_compute_what_centred_sigmoids_of_slope_1_would_with_those_without():
    """4 (φ(z) - ½) has the slope 1 at 0; its network is that of Sigmoids with 4 times the weights and biases that centre them."""
    plain = build(activation="sigmoid", hidden_layers=4, init="glorot")
    x = outputs = np.random.default_rng(0).normal(size=(20, 2))
    for layer in plain.layers[:-1]:
        outputs = 4 * (1 / (1 + np.exp(-dense(outputs, layer))) - 0.5)
    scaled = build(activation="sigmoid", hidden_layers=4, init="glorot", gain=4)
    np.testing.assert_allclose(scaled(x), dense(outputs, plain.layers[-1]), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("frozen", activation_arms.LAYERS)
def test_a_frozen_layer_keeps_its_weights_and_the_others_learn(frozen):
    model, x = build(init="glorot", frozen=frozen), np.random.default_rng(0).normal(size=(30, 2))
    model.compile(exp_b_activation.build_optimizer(cell(), 1), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    before = {layer.name: layer.get_weights() for layer in model.layers}
    model.fit(x, np.arange(30) % 2, verbose=0)
    moved = {layer.name for layer in model.layers if not np.array_equal(layer.get_weights()[0], before[layer.name][0])}
    assert moved == set(activation_arms.LAYERS) - {frozen}


def test_weight_decay_is_the_experiments_own_unless_a_control_takes_it_away():
    decays = [exp_b_activation.build_optimizer(cell(**knob), 1).weight_decay for knob in ({}, {"weight_decay": 0.0})]
    assert decays == [exp_b_activation.WEIGHT_DECAY, 0.0]


def test_monitors_and_interventions_of_controls_are_theirs_alone():
    samples = CellSamples(find("moons").samples, cell())
    assert set(exp_b_activation.build_monitors(cell(), samples)) == {"boundary"}
    assert not exp_b_activation.build_interventions(cell(), samples)
    assert "rewinds" in exp_b_activation.build_monitors(cell(rewound=True), samples)
    assert "watched" in exp_b_activation.build_monitors(cell(watched=True), samples)
    (swap,) = exp_b_activation.build_interventions(cell(swapped="leaky_relu"), samples).values()
    assert (float(swap.activation(np.float32([-1]))[0]), swap.after_epoch) == (pytest.approx(-0.01), 3)


@pytest.mark.slow
def test_every_arm_of_a_control_is_a_network_that_can_be_saved():
    for arm in arms_of(CONTROLS):
        model = build(**arm)
        twin = keras.Sequential.from_config(model.get_config())
        assert [layer.name for layer in twin.layers] == [layer.name for layer in model.layers]
