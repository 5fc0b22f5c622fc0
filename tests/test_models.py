"""build_mlp gives the report's network, and each initialisation the distribution that it names."""

import keras
import numpy as np
import pytest

from common.models import INITS, build_mlp


def test_the_network_is_an_ordinary_sequential_with_named_layers_that_ends_in_logits():
    model = build_mlp(784, 10)
    assert type(model) is keras.Sequential and model.built
    assert [layer.name for layer in model.layers] == ["hidden_1", "hidden_2", "logits"]
    assert [layer.units for layer in model.layers] == [256, 128, 10]
    assert model.layers[-1].activation is keras.activations.linear
    assert model.count_params() == 784 * 256 + 256 + 256 * 128 + 128 + 128 * 10 + 10
    assert [layer.name for layer in build_mlp(2, 2, hidden=(4,)).layers] == ["hidden_1", "logits"]


@pytest.mark.parametrize("init", INITS)
def test_weights_and_biases_start_as_the_initialisation_says(init):
    keras.utils.set_random_seed(0)
    for layer, fan_in, fan_out in zip(build_mlp(784, 10, init=init).layers, (784, 256, 128), (256, 128, 10), strict=True):
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
    model = build_mlp(1, 2, hidden=(1,), activation=activation)
    hidden = model.get_layer("hidden_1")
    hidden.set_weights([np.ones((1, 1)), np.zeros(1)])
    assert float(hidden(np.array([[-2.0]]))[0, 0]) == pytest.approx(at_minus_two, rel=1e-5)
    twin = keras.Sequential.from_config(model.get_config())
    twin.set_weights(model.get_weights())
    np.testing.assert_array_equal(twin(np.array([[-2.0]])), model(np.array([[-2.0]])))


def test_an_unknown_initialisation_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="unknown init 'zeros': choose one of report, glorot, he, small"):
        build_mlp(2, 2, init="zeros")


def test_the_dense_layers_start_alike_with_dropout_and_batch_normalisation_and_without():
    def weights(**switches):
        keras.utils.set_random_seed(3)
        model = build_mlp(5, 2, hidden=(4, 3), **switches)
        return [model.get_layer(name).kernel.numpy() for name in ("hidden_1", "hidden_2", "logits")]

    for switches in ({"dropout": 0.5}, {"batch_norm": True}, {"batch_norm": True, "dropout": 0.5}):
        for with_switch, plain in zip(weights(**switches), weights(), strict=True):
            np.testing.assert_array_equal(with_switch, plain)


def test_batch_normalisation_stands_between_product_and_activation():
    """Against the formula, in training: (z - mean) / sqrt(variance + 0.00001), then ReLU; and the layer can be saved."""
    keras.utils.set_random_seed(0)
    model = build_mlp(5, 2, hidden=(4,), batch_norm=True)
    layer, x = model.get_layer("hidden_1"), np.random.default_rng(0).normal(size=(7, 5))
    z = x @ layer.kernel.numpy().astype("float64") + layer.bias.numpy()
    expected = np.maximum((z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + 1e-5), 0)
    np.testing.assert_allclose(layer(x.astype("float32"), training=True), expected, atol=1e-5)
    twin = keras.Sequential.from_config(model.get_config())
    twin.set_weights(model.get_weights())
    np.testing.assert_array_equal(twin(x.astype("float32")), model(x.astype("float32")))


def test_dropout_follows_every_hidden_layer():
    names = [layer.name for layer in build_mlp(5, 2, hidden=(4, 3), dropout=0.5).layers]
    assert names == ["hidden_1", "hidden_1_dropout", "hidden_2", "hidden_2_dropout", "logits"]
