"""The scripts' networks are the report's, and each initialisation has the distribution that it names."""

import keras
import numpy as np
import pytest

import exp_a_loss
import exp_b_activation
import exp_c_optimizer
from common.models import INITS, LeakyReLU, NormalisedDense, initializers, with_dropout

SCRIPTS = (exp_a_loss, exp_b_activation, exp_c_optimizer)


def build(script, input_dim, num_classes, **settings):
    """The network of a script's cell."""
    keras.utils.set_random_seed(0)
    default = {"activation": "relu", "bias_drop": 0.0, "init": "pytorch", "batch_norm": False, "dropout": 0.0}
    return script.build_model({**default, **settings}, input_dim, num_classes)


def assert_a_copy_from_its_configuration_computes_the_same(model, x):
    twin = keras.Sequential.from_config(model.get_config())
    twin.set_weights(model.get_weights())
    np.testing.assert_array_equal(twin(x), model(x))


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_network_is_an_ordinary_sequential_with_named_layers_that_ends_in_logits(script):
    model = build(script, 784, 10)
    assert type(model) is keras.Sequential and model.built
    layers = [(layer.name, layer.units, layer.activation.__name__) for layer in model.layers]
    assert layers == [("hidden_1", 256, "relu"), ("hidden_2", 128, "relu"), ("logits", 10, "linear")]
    assert model.count_params() == 784 * 256 + 256 + 256 * 128 + 128 + 128 * 10 + 10


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("init", INITS)
def test_weights_and_biases_start_as_the_initialisation_says(init, script):
    for layer, fan_in, fan_out in zip(build(script, 784, 10, init=init).layers, (784, 256, 128), (256, 128, 10), strict=True):
        kernel, bias = layer.get_weights()
        bound = {"pytorch": fan_in**-0.5, "glorot": (6 / (fan_in + fan_out)) ** 0.5}.get(init)
        sd = bound / 3**0.5 if bound else {"he": (2 / fan_in) ** 0.5, "small": 0.01}[init]  # with a bound, of a uniform distribution
        assert kernel.std() == pytest.approx(sd, rel=0.05 if bound else 0.06) and abs(kernel.mean()) <= 4 * kernel.std() / kernel.size**0.5
        assert bound is None or 0.98 * bound < np.abs(kernel).max() <= bound * 1.0001
        assert (np.abs(bias).max() <= bound and bias.std() > 0.3 * bound) if init == "pytorch" else (bias == 0).all()


@pytest.mark.parametrize(("activation", "at_minus_two"), [("relu", 0.0), ("leaky_relu", -0.02), ("sigmoid", 1 / (1 + np.exp(2)))])
def test_hidden_layers_apply_the_activation_of_the_report(activation, at_minus_two):
    model, x = build(exp_b_activation, 1, 2, activation=activation), np.array([[-2.0]])
    hidden = model.get_layer("hidden_1")
    hidden.set_weights([np.ones((1, 256)), np.zeros(256)])
    np.testing.assert_allclose(hidden(x), np.full((1, 256), at_minus_two), rtol=1e-5)
    assert_a_copy_from_its_configuration_computes_the_same(model, x)


def test_the_bias_drop_lowers_the_hidden_biases_alone():
    lowered, before = (build(exp_b_activation, 2, 2, bias_drop=drop).layers for drop in (0.25, 0.0))
    for after, layer, drop in zip(lowered, before, (0.25, 0.25, 0), strict=True):
        np.testing.assert_allclose(after.bias, layer.bias - drop, rtol=1e-6)


def test_an_unknown_initialisation_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"zeros.*pytorch, glorot, he, small"):
        initializers("zeros", 2)


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("switches", [{"dropout": 0.5}, {"batch_norm": True}, {"batch_norm": True, "dropout": 0.5}])
def test_the_switches_change_the_hidden_layers_whose_dense_weights_start_alike(script, switches):
    model, plain = build(script, 5, 2, **switches), build(script, 5, 2)
    dropouts = [layer for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert [layer.rate for layer in dropouts] == [0.5, 0.5] * ("dropout" in switches)
    for layer in plain.layers:
        switched = model.get_layer(layer.name)
        assert isinstance(switched, NormalisedDense) == ("batch_norm" in switches and layer.name != "logits")
        np.testing.assert_array_equal(switched.kernel, layer.kernel)
    assert [layer for layer in model.layers if layer not in dropouts] == [model.get_layer(layer.name) for layer in plain.layers]


def test_dropout_follows_all_layers_but_the_last():
    layers = [keras.layers.Dense(2), keras.layers.Dense(1)]
    assert with_dropout(layers, 0.0) == layers
    assert [type(layer).__name__ for layer in with_dropout(layers, 0.5)] == ["Dense", "Dropout", "Dense"]


def test_batch_normalisation_stands_between_product_and_activation():
    """Against the formula, in training: (z - mean) / sqrt(variance + 0.00001), then ReLU; and the layer can be saved."""
    layer, x = NormalisedDense(4, "relu", name="hidden_1"), np.random.default_rng(0).normal(size=(7, 5)).astype("float32")
    model = keras.Sequential([keras.Input((5,)), layer])
    z = x @ layer.kernel.numpy().astype("float64") + layer.bias.numpy()
    expected = np.maximum((z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + 1e-5), 0)
    np.testing.assert_allclose(layer(x, training=True), expected, atol=1e-5)
    assert_a_copy_from_its_configuration_computes_the_same(model, x)


def test_a_slope_of_any_size_is_leaky_relu_and_is_saved_with_its_layer():
    x = np.array([[-2.0, -0.5, 0.0, 3.0]], "float32")
    layer = keras.layers.Dense(4, LeakyReLU(0.3), kernel_initializer="identity")
    model = keras.Sequential([keras.Input((4,)), layer])
    np.testing.assert_allclose(model(x), np.where(x > 0, x, 0.3 * x), rtol=1e-6)
    assert_a_copy_from_its_configuration_computes_the_same(model, x)
