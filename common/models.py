"""The networks that are compared: ordinary Keras models with named layers and stated initialisations."""

import keras

INITS = ("report", "glorot", "he", "small")
LEAKY_SLOPE = 0.01


@keras.saving.register_keras_serializable(package="small_networks")
def leaky_relu(x):
    """LeakyReLU with the report's slope, 0.01; Keras's own default is 0.2."""
    return keras.activations.leaky_relu(x, negative_slope=LEAKY_SLOPE)


@keras.saving.register_keras_serializable(package="small_networks")
class NormalisedDense(keras.layers.Dense):
    """A dense layer with batch normalisation between its product and its activation (Ioffe & Szegedy 2015). It is one layer, so that its
    units go by the same name with and without."""

    def build(self, input_shape):
        super().build(input_shape)
        # As PyTorch has it, which the report used. Keras's averages, 0.99, lag behind a training of 300 steps: moons ended at 69 %.
        self.norm = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name="norm")
        self.norm.build((None, self.units))

    def call(self, inputs, training=None):
        outputs = keras.ops.add(keras.ops.matmul(inputs, self.kernel), self.bias)
        return self.activation(self.norm(outputs, training=training))


def build_mlp(input_dim, num_classes, hidden=(256, 128), activation="relu", init="report", batch_norm=False, dropout=0.0, name="mlp"):
    """A multilayer perceptron that ends in logits.

    Args:
        input_dim: number of features; inputs are `(samples, input_dim)`.
        num_classes: number of logits; outputs are `(samples, num_classes)`.
        hidden: widths of the hidden layers, named `hidden_1`, `hidden_2`, ...; the last layer is named `logits`.
        activation: `"relu"`, `"leaky_relu"` (slope 0.01) or anything that `keras.layers.Dense` takes.
        init: how weights and biases start.
            `"report"`: both uniform in ±1/√fan_in, PyTorch's default for linear layers.
            `"glorot"`: weights Glorot-uniform, zero biases, Keras's default (Glorot & Bengio 2010).
            `"he"`: weights He-normal, zero biases (He et al. 2015).
            `"small"`: weights from N(0, 0.01²), zero biases: experiment B's way to induce dead ReLUs.
        batch_norm: whether the hidden layers are `NormalisedDense`.
        dropout: share of each hidden layer's outputs that training leaves out (Srivastava et al. 2014), by layers `hidden_1_dropout`, ...
        name: the model's name.

    Returns:
        A built, uncompiled `keras.Sequential`. Under one seed, the dense layers start with the same weights whatever else there is.

    Raises:
        ValueError: for an unknown `init`.
    """
    activation = leaky_relu if activation == "leaky_relu" else activation
    dense = NormalisedDense if batch_norm else keras.layers.Dense
    layers, fan_in = [], input_dim
    for number, width in enumerate(hidden, start=1):
        layers.append(dense(width, activation, name=f"hidden_{number}", **_initializers(init, fan_in)))
        fan_in = width
    layers.append(keras.layers.Dense(num_classes, name="logits", **_initializers(init, fan_in)))
    if dropout:
        # Only now: what these layers draw for themselves would change the weights of those made after them.
        layers = [part for layer in layers[:-1] for part in (layer, keras.layers.Dropout(dropout, name=f"{layer.name}_dropout"))] + layers[
            -1:
        ]
    return keras.Sequential([keras.Input((input_dim,)), *layers], name=name)


def _initializers(init, fan_in):
    initializers = keras.initializers
    if init == "report":
        bound = fan_in**-0.5
        kernel, bias = initializers.RandomUniform(-bound, bound), initializers.RandomUniform(-bound, bound)
    elif init == "glorot":
        kernel, bias = initializers.GlorotUniform(), "zeros"
    elif init == "he":
        kernel, bias = initializers.HeNormal(), "zeros"
    elif init == "small":
        kernel, bias = initializers.RandomNormal(stddev=0.01), "zeros"
    else:
        raise ValueError(f"unknown init {init!r}: choose one of {', '.join(INITS)}")
    return {"kernel_initializer": kernel, "bias_initializer": bias}
