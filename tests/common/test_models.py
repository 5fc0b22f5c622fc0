"""The scripts' networks are the report's, and each initialisation has the distribution that it names."""

import keras
import numpy as np
import pytest

import exp_a_loss
import exp_b_activation
import exp_c_optimizer
from common.experiment import Cell
from common.models import INITS, NormalisedDense, initializers, with_dropout

SCRIPTS = (exp_a_loss, exp_b_activation, exp_c_optimizer)


def build(script, input_dim, num_classes, activation="relu", **settings):
    """The network of a script's cell."""
    arm = {"activation": activation, "bias_drop": 0.0}
    cell = Cell(
        **{"experiment": "", "dataset": "", "arm": arm, "seeds": (), "epochs": 1, "batch_size": 1, "init": "report", "data": "", **settings}
    )
    return script.build_model(cell, input_dim, num_classes)


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_network_is_an_ordinary_sequential_with_named_layers_that_ends_in_logits(script):
    model = build(script, 784, 10)
    assert type(model) is keras.Sequential and model.built
    assert [layer.name for layer in model.layers] == ["hidden_1", "hidden_2", "logits"]
    assert [layer.units for layer in model.layers] == [256, 128, 10]
    assert [layer.activation.__name__ for layer in model.layers] == ["relu", "relu", "linear"]
    assert model.count_params() == 784 * 256 + 256 + 256 * 128 + 128 + 128 * 10 + 10


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("init", INITS)
def test_weights_and_biases_start_as_the_initialisation_says(init, script):
    keras.utils.set_random_seed(0)
    for layer, fan_in, fan_out in zip(build(script, 784, 10, init=init).layers, (784, 256, 128), (256, 128, 10), strict=True):
        kernel, bias = layer.get_weights()
        bound = {"report": fan_in**-0.5, "glorot": (6 / (fan_in + fan_out)) ** 0.5}.get(init)
        if bound:
            assert np.abs(kernel).max() <= bound * 1.0001 and np.abs(kernel).max() > 0.98 * bound
            assert kernel.std() == pytest.approx(bound / 3**0.5, rel=0.05)  # of a uniform distribution
        else:
            assert kernel.std() == pytest.approx({"he": (2 / fan_in) ** 0.5, "small": 0.01}[init], rel=0.06)
        assert abs(kernel.mean()) <= 4 * kernel.std() / kernel.size**0.5
        if init == "report":
            assert np.abs(bias).max() <= bound and bias.std() > 0.3 * bound
        else:
            assert (bias == 0).all()


@pytest.mark.parametrize(("activation", "at_minus_two"), [("relu", 0.0), ("leaky_relu", -0.02), ("sigmoid", 1 / (1 + np.exp(2)))])
def test_hidden_layers_apply_the_activation_of_the_report(activation, at_minus_two):
    model = build(exp_b_activation, 1, 2, activation)
    hidden = model.get_layer("hidden_1")
    hidden.set_weights([np.ones((1, 256)), np.zeros(256)])
    np.testing.assert_allclose(hidden(np.array([[-2.0]])), np.full((1, 256), at_minus_two), rtol=1e-5)
    twin = keras.Sequential.from_config(model.get_config())
    twin.set_weights(model.get_weights())
    np.testing.assert_array_equal(twin(np.array([[-2.0]])), model(np.array([[-2.0]])))


def test_the_bias_drop_lowers_the_hidden_biases_alone():
    def biases(drop):
        keras.utils.set_random_seed(0)
        model = build(exp_b_activation, 2, 2, arm={"activation": "relu", "bias_drop": drop})
        return [layer.bias.numpy() for layer in model.layers]

    for number, (lowered, before) in enumerate(zip(biases(0.25), biases(0.0), strict=True)):
        np.testing.assert_allclose(lowered, before - (0.25 if number < 2 else 0), rtol=1e-6)


def test_an_unknown_initialisation_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="unknown init 'zeros': choose one of report, glorot, he, small"):
        initializers("zeros", 2)


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_dense_layers_start_alike_with_dropout_and_batch_normalisation_and_without(script):
    def weights(**switches):
        keras.utils.set_random_seed(3)
        model = build(script, 5, 2, **switches)
        return [model.get_layer(name).kernel.numpy() for name in ("hidden_1", "hidden_2", "logits")]

    for switches in ({"dropout": 0.5}, {"batch_norm": True}, {"batch_norm": True, "dropout": 0.5}):
        for with_switch, plain in zip(weights(**switches), weights(), strict=True):
            np.testing.assert_array_equal(with_switch, plain)


def test_batch_normalisation_stands_between_product_and_activation():
    """Against the formula, in training: (z - mean) / sqrt(variance + 0.00001), then ReLU; and the layer can be saved."""
    keras.utils.set_random_seed(0)
    layer, x = NormalisedDense(4, "relu", name="hidden_1"), np.random.default_rng(0).normal(size=(7, 5))
    model = keras.Sequential([keras.Input((5,)), layer])
    z = x @ layer.kernel.numpy().astype("float64") + layer.bias.numpy()
    expected = np.maximum((z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + 1e-5), 0)
    np.testing.assert_allclose(layer(x.astype("float32"), training=True), expected, atol=1e-5)
    twin = keras.Sequential.from_config(model.get_config())
    twin.set_weights(model.get_weights())
    np.testing.assert_array_equal(twin(x.astype("float32")), model(x.astype("float32")))


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_switches_change_the_hidden_layers(script):
    model = build(script, 5, 2, batch_norm=True, dropout=0.5)
    assert [layer.name for layer in model.layers] == ["hidden_1", "hidden_1_dropout", "hidden_2", "hidden_2_dropout", "logits"]
    assert [type(layer) is NormalisedDense for layer in model.layers] == [True, False, True, False, False]
    assert {layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)} == {0.5}


def test_without_a_rate_no_dropout_is_added():
    layers = [keras.layers.Dense(2), keras.layers.Dense(1)]
    assert with_dropout(layers, 0.0) == layers
