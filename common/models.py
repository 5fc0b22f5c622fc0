"""What the scripts build their networks from, besides Keras's own layers: initialisations, batch normalisation, dropout."""

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


def initializers(init, fan_in):
    """How a dense layer's weights and biases start, as keyword arguments for it.

    Args:
        init: `"report"`: both uniform in ±1/√fan_in, PyTorch's default for linear layers.
            `"glorot"`: weights Glorot-uniform, zero biases, Keras's default (Glorot & Bengio 2010).
            `"he"`: weights He-normal, zero biases (He et al. 2015).
            `"small"`: weights from N(0, 0.01²), zero biases: experiment B's way to induce dead ReLUs.
        fan_in: number of the layer's inputs.

    Returns:
        A dict with `kernel_initializer` and `bias_initializer`.

    Raises:
        ValueError: for an unknown `init`.

    Example:

    ```python
    keras.layers.Dense(256, "relu", **initializers("he", fan_in=784))
    ```
    """
    if init == "report":
        bound = fan_in**-0.5
        kernel, bias = keras.initializers.RandomUniform(-bound, bound), keras.initializers.RandomUniform(-bound, bound)
    elif init == "glorot":
        kernel, bias = keras.initializers.GlorotUniform(), "zeros"
    elif init == "he":
        kernel, bias = keras.initializers.HeNormal(), "zeros"
    elif init == "small":
        kernel, bias = keras.initializers.RandomNormal(stddev=0.01), "zeros"
    else:
        raise ValueError(f"unknown init {init!r}: choose one of {', '.join(INITS)}")
    return {"kernel_initializer": kernel, "bias_initializer": bias}


def with_dropout(layers, rate):
    """The layers of a Sequential, each but the last followed by a `Dropout` (Srivastava et al. 2014) called `<its name>_dropout`.

    Args:
        layers: list of layers, made before: what a Dropout draws for itself would change the weights of a layer made after it.
        rate: share of the outputs that training leaves out; 0 for no dropout.
    """
    if not rate:
        return layers
    *hidden, last = layers
    return [*(part for layer in hidden for part in (layer, keras.layers.Dropout(rate, name=f"{layer.name}_dropout"))), last]
