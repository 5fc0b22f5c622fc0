"""Small perceptrons in plain Keras."""

import itertools

import keras


@keras.saving.register_keras_serializable(package="tests")
def leaky_relu(x):
    return keras.activations.leaky_relu(x, negative_slope=0.01)


def build_mlp(input_dim, num_classes, hidden, activation="relu", init="uniform"):
    """Dense layers `hidden_1`, `hidden_2`, ..., and `logits`; `leaky_relu` with slope 0.01.

    With `init="uniform"` weights and biases are uniform in ±1/√fan_in, so that no bias is zero; else `init()` makes
    each layer's initialiser of weights.
    """
    if activation == "leaky_relu":
        activation = leaky_relu
    widths, layers = [input_dim, *hidden, num_classes], [keras.Input((input_dim,))]
    for number, (fan_in, width) in enumerate(itertools.pairwise(widths), start=1):
        bound = fan_in**-0.5
        kernel, bias = (keras.initializers.RandomUniform(-bound, bound) for _ in range(2)) if init == "uniform" else (init(), "zeros")
        last = number == len(widths) - 1
        name = "logits" if last else f"hidden_{number}"
        layers.append(keras.layers.Dense(width, None if last else activation, name=name, kernel_initializer=kernel, bias_initializer=bias))
    return keras.Sequential(layers)
