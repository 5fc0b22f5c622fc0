"""The building blocks of the scripts' networks, besides Keras's own layers: initialisations, batch normalisation, dropout."""

import keras

LEAKY_SLOPE = 0.01


@keras.saving.register_keras_serializable(package="small_networks")
def leaky_relu(x):
    """LeakyReLU with the report's slope, 0.01; Keras's own default is 0.2."""
    return keras.activations.leaky_relu(x, negative_slope=LEAKY_SLOPE)


@keras.saving.register_keras_serializable(package="small_networks")
class LeakyReLU:
    """LeakyReLU with any slope, as the activation of a layer: max(x, slope · x). A slope of 0 is ReLU.

    Args:
        slope: of what is below 0, less than 1.

    Example:

    ```python
    keras.layers.Dense(256, LeakyReLU(0.1))
    ```
    """

    def __init__(self, slope):
        self.slope = slope

    def __call__(self, x):
        return keras.activations.leaky_relu(x, negative_slope=self.slope)

    def get_config(self):
        """The arguments, by which Keras makes another one."""
        return {"slope": self.slope}

    @classmethod
    def from_config(cls, config):
        """Another one, of the arguments from `get_config`."""
        return cls(**config)


@keras.saving.register_keras_serializable(package="small_networks")
class NormalisedDense(keras.layers.Dense):
    """A dense layer with batch normalisation between its product and its activation (Ioffe & Szegedy 2015). It is one layer, so that its
    units go by the same name with and without."""

    def build(self, input_shape):
        """Make the weights, with those of the normalisation."""
        super().build(input_shape)
        # As PyTorch has it, which the report used. Keras's averages, 0.99, lag behind a training of 300 steps: moons ended at 69 %.
        self.norm = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name="norm")
        self.norm.build((None, self.units))

    def call(self, inputs, training=None):
        """The normalised product's activation; `training` defaults to None, inference, as in Keras."""
        outputs = keras.ops.add(keras.ops.matmul(inputs, self.kernel), self.bias)
        return self.activation(self.norm(outputs, training=training))


def _pytorch(fan_in):
    bound = fan_in**-0.5
    return keras.initializers.RandomUniform(-bound, bound), keras.initializers.RandomUniform(-bound, bound)


INITS = {  # {name: function of fan_in -> (initial weights, initial biases)}
    "pytorch": _pytorch,
    "glorot": lambda fan_in: (keras.initializers.GlorotUniform(), "zeros"),
    "he": lambda fan_in: (keras.initializers.HeNormal(), "zeros"),
    "small": lambda fan_in: (keras.initializers.RandomNormal(stddev=0.01), "zeros"),
}


def initializers(init, fan_in):
    """The initial weights and biases of a dense layer, as keyword arguments for it.

    Args:
        init: `"pytorch"`: both uniform in ±1/√fan_in, PyTorch's default for linear layers, and so the report's.
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
    if init not in INITS:
        raise ValueError(f"unknown init {init!r}: choose one of {', '.join(INITS)}")
    kernel, bias = INITS[init](fan_in)
    return {"kernel_initializer": kernel, "bias_initializer": bias}


def with_dropout(layers, rate):
    """The layers of a Sequential, each but the last followed by a `Dropout` (Srivastava et al. 2014) called `<its name>_dropout`.

    Args:
        layers: list of layers, made before: the seed that a Dropout draws would change the weights of a layer made after it.
        rate: share of the outputs that training leaves out; 0 for no dropout.

    Example:

    ```python
    keras.Sequential(with_dropout([keras.layers.Dense(256, "relu", name="hidden"), keras.layers.Dense(10)], rate=0.2))
    ```
    """
    if not rate:
        return layers
    *hidden, last = layers
    return [*(part for layer in hidden for part in (layer, keras.layers.Dropout(rate, name=f"{layer.name}_dropout"))), last]


def centred(layers, gain):
    """Scale the initial weights of layers that take a Sigmoid's outputs, and centre these: z = gain · W (φ - ½).

    A layer of Sigmoids passes the gradient on through its derivative, ¼ at most; weights 4 times as large make up for that. Without the
    bias, whose -½ · gain · W is what the outputs' mean adds, the larger weights would saturate the units instead.

    Args:
        layers: built dense layers, whose biases are 0 as yet.
        gain: factor of the weights.
    """
    for layer in layers:
        layer.kernel.assign(gain * layer.kernel)
        layer.bias.assign(layer.bias - 0.5 * keras.ops.sum(layer.kernel, axis=0))
