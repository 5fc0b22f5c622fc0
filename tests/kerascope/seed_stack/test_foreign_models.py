"""Layers and optimizers as people write them: a member of a SeedStack ends with the weights, state and history of plain Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascope import SeedStack
from kerascope.seed_stack import NotStackable
from tests.support.against_keras import (
    BATCH,
    assert_same_weights,
    assert_trains_as_alone,
    cases,
    classification,
    fit_alone,
    network,
    stack_of,
)

L, optimizers, ops = keras.layers, keras.optimizers, keras.ops
RANDOM = np.random.default_rng(0)
POINTS, LABELS = RANDOM.normal(size=(50, 6)).astype("float32"), RANDOM.integers(0, 3, 50)
TOKENS, SERIES = RANDOM.integers(0, 12, (50, 7)), RANDOM.normal(size=(50, 7, 4)).astype("float32")
IMAGES = RANDOM.normal(size=(50, 6, 6, 2)).astype("float32")


class Sampling(L.Layer):
    """Draws in training and evaluation alike, as that of a variational autoencoder."""

    def __init__(self):
        super().__init__()
        self.generator = keras.random.SeedGenerator()

    def call(self, inputs):
        return inputs + 0.3 * keras.random.normal(ops.shape(inputs), seed=self.generator)


class FixedNoise(L.Layer):
    def call(self, inputs):
        return inputs + keras.random.normal((6,), seed=3)


class Steps(L.Layer):
    """Reads the state that it has assigned in the same call."""

    def build(self, shape):
        self.steps = self.add_weight(shape=(), dtype="int32", initializer="zeros", trainable=False)

    def call(self, inputs, training=False):
        if training:
            self.steps.assign_add(1)
        return inputs * (1 + ops.cast(self.steps, inputs.dtype))


class Averaged(L.Layer):
    """Assigns a trainable weight, and an average of it."""

    def build(self, shape):
        self.scale = self.add_weight(shape=shape[-1:], initializer="ones")
        self.average = self.add_weight(shape=shape[-1:], initializer="zeros", trainable=False)

    def call(self, inputs, training=False):
        if training:
            self.average.assign(0.9 * self.average + 0.1 * self.scale)
            self.scale.assign(0.99 * self.scale + 0.01 * ops.mean(inputs, axis=0))
        return inputs * self.scale + self.average


class Normed(L.Layer):
    """Assigns its trainable weight in evaluation as well."""

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 4))

    def call(self, inputs):
        self.kernel.assign(self.kernel / ops.norm(self.kernel))
        return ops.matmul(inputs, self.kernel)


def forced_statistics():
    inputs = keras.Input((6,))
    return keras.Model(inputs, L.Dense(3)(L.BatchNormalization()(inputs, training=True)))


def twice_the_same_layer():
    inputs, dense = keras.Input((6,)), L.Dense(6, "tanh")
    return keras.Model(inputs, L.Dense(3)(dense(dense(inputs)) - ops.relu(inputs) * 0.5))


def transfer():
    base = keras.Sequential([keras.Input((6,)), L.Dense(5, "relu"), L.BatchNormalization()])
    base.trainable = False
    return keras.Sequential([base, L.Dense(3)])


def low_rank():
    model = keras.Sequential([keras.Input((6,)), L.Dense(5), L.Dense(3)])
    model.layers[0].enable_lora(2)
    return model


def compiled_before():
    model = keras.Sequential([keras.Input((6,)), L.Dense(3)])
    model.compile("adam", loss="mse")
    return model


STATE = {
    "noise by a generator": (network(POINTS, Sampling), POINTS),
    "noise by a fixed seed": (network(POINTS, FixedNoise), POINTS),
    "augmentation": (network(IMAGES, L.RandomFlip, lambda: L.RandomTranslation(0.2, 0.2), L.Flatten), IMAGES),
    "steps counted": (network(POINTS, Steps), POINTS),
    "average of a weight": (network(POINTS, Averaged), POINTS),
    "weight normed in evaluation": (network(POINTS, Normed), POINTS),
    "spectral normalisation of a convolution": (
        network(IMAGES, lambda: L.SpectralNormalization(L.Conv2D(3, 3), power_iterations=2), L.ReLU, L.Flatten),
        IMAGES,
    ),
    "statistics of the batch in evaluation": (forced_statistics, POINTS),
    "a layer used twice": (twice_the_same_layer, POINTS),
    "frozen base": (transfer, POINTS),
    "low rank": (low_rank, POINTS),
    "compiled before": (compiled_before, POINTS),
}


@pytest.mark.parametrize(("build", "x"), cases(["steps counted"], STATE))
def test_layers_with_state_train_as_alone(build, x):
    assert_trains_as_alone(build, x, LABELS, validation_data=(x[:21], LABELS[:21]), validation_batch_size=8)


class Cell(L.Layer):
    """A recurrent cell of one's own."""

    def __init__(self):
        super().__init__()
        self.state_size, self.dense = 4, L.Dense(4, "tanh")

    def build(self, shape):
        self.dense.build((shape[0], shape[-1] + 4))

    def call(self, inputs, states):
        output = self.dense(ops.concatenate([inputs, states[0]], axis=-1))
        return output, [output]


def attention():
    inputs = keras.Input((7, 4))
    hidden = L.LayerNormalization()(L.MultiHeadAttention(2, 3, use_bias=False)(inputs, inputs) + inputs)
    return keras.Model(inputs, L.Dense(3)(L.Flatten()(hidden)))


MOVIES = RANDOM.normal(size=(50, 3, 6, 2)).astype("float32")
LOOPS = {
    "own cell": (network(SERIES, lambda: L.RNN(Cell())), SERIES),
    "convolutional LSTM": (network(MOVIES, lambda: L.ConvLSTM1D(2, 3), L.Flatten), MOVIES),
    "LSTM with dropout": (network(SERIES, lambda: L.LSTM(3, dropout=0.2)), SERIES),
    "both ways after padding": (
        network(TOKENS, lambda: L.Embedding(12, 3, mask_zero=True), lambda: L.Bidirectional(L.GRU(2), merge_mode="sum")),
        TOKENS,
    ),
    "distributed over time": (network(MOVIES, lambda: L.TimeDistributed(L.Conv1D(2, 2)), L.Flatten), MOVIES),
    "scan": (network(POINTS, lambda: L.Lambda(lambda t: tf.transpose(tf.scan(lambda a, b: 0.5 * a + b, tf.transpose(t))))), POINTS),
    "map_fn": (network(POINTS, lambda: L.Lambda(lambda t: tf.map_fn(tf.cumsum, t))), POINTS),
    "while": (network(POINTS, lambda: L.Lambda(lambda t: ops.while_loop(lambda a: ops.max(a) > 1, lambda a: (0.7 * a,), (t,))[0])), POINTS),
    "attention": (attention, SERIES),
}


@pytest.mark.slow
@pytest.mark.parametrize(("build", "x"), cases([], LOOPS))
def test_recurrent_layers_and_loops_train_as_alone(build, x):
    assert_trains_as_alone(build, x, LABELS, epochs=1, batch_size=25, tolerance=3e-5)


def without_decay_of(*names):
    def optimizer():
        made = optimizers.AdamW(0.01, weight_decay=0.5)
        made.exclude_from_weight_decay(var_names=list(names))
        return made

    return optimizer


@pytest.mark.slow
def test_weights_are_excluded_from_decay_by_those_of_the_template():
    def build():
        return keras.Sequential([keras.Input((6,)), L.Dense(5, "tanh"), L.Dense(3)])

    def excluding(model):
        made = optimizers.AdamW(0.01, weight_decay=0.5)
        made.exclude_from_weight_decay(var_list=[model.layers[0].kernel])
        return made

    x, y = np.random.default_rng(1).normal(size=(50, 6)).astype("float32"), np.random.default_rng(1).integers(0, 3, 50)
    stack = SeedStack(build, [5, 2])
    stack.compile(excluding(stack.template), **classification())
    stack.fit(x, y, batch_size=BATCH, epochs=2, verbose=0)
    keras.utils.set_random_seed(2)
    model = build()
    model.compile(excluding(model), **classification())
    before = [np.array(variable) for variable in model.variables]
    fit_alone(model, 2, x, y)
    assert_same_weights(stack.member(1), model, before)


class Scaling(optimizers.SGD):
    """An optimizer of one's own with a setting of its own."""

    def __init__(self, *args, scale=1.0, **kwargs):
        super().__init__(*args, **kwargs)
        self.scale = scale

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(ops.tanh(self.scale * gradient), variable, learning_rate)


OPTIMIZERS = {
    "scaled loss": (lambda: optimizers.RMSprop(0.01, loss_scale_factor=512.0, clipnorm=0.1),),
    "without decay by names": (without_decay_of("bias", "norm/gamma"),),
    "clipnorm": (lambda: optimizers.SGD(0.1, clipnorm=0.05),),
    "global_clipnorm": (lambda: optimizers.Adam(0.01, global_clipnorm=0.01),),
    "clipvalue": (lambda: optimizers.SGD(0.1, clipvalue=0.01),),
    "accumulated and clipped": (lambda: optimizers.Adam(0.01, gradient_accumulation_steps=3, global_clipnorm=0.1),),
    "averaged weights": (lambda: optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=3),),
    "warmup": (lambda: optimizers.Adam(optimizers.schedules.CosineDecay(0.05, 6, warmup_target=0.1, warmup_steps=2)),),
    "own": (lambda: Scaling(0.1, scale=3.0, clipnorm=0.1),),
}


@pytest.mark.parametrize("optimizer", cases([], OPTIMIZERS))
def test_optimizers_with_settings_train_as_alone(optimizer):
    build = network(POINTS, lambda: L.Dense(4, name="hidden"), lambda: L.LayerNormalization(name="norm"))
    assert_trains_as_alone(build, POINTS, LABELS, optimizer=optimizer, shuffle=False, epochs=3, tolerance=3e-5)


CONSTRAINED = {
    "convolutions": (
        network(
            IMAGES, lambda: L.Conv2D(3, 3, kernel_constraint=keras.constraints.MinMaxNorm(0.2, 0.5, rate=0.7, axis=[0, 1, 2])), L.Flatten
        ),
        IMAGES,
    ),
    "transposed convolutions": (
        network(SERIES, lambda: L.Conv1DTranspose(3, 3, kernel_constraint=keras.constraints.UnitNorm(axis=[0, 1])), L.Flatten),
        SERIES,
    ),
    "depthwise": (network(SERIES, lambda: L.SeparableConv1D(3, 2, depthwise_constraint="max_norm"), L.Flatten), SERIES),
    "unit norm": (network(POINTS, lambda: L.Dense(4, kernel_constraint="unit_norm", bias_constraint="non_neg")), POINTS),
}


@pytest.mark.slow
@pytest.mark.parametrize(("build", "x"), cases(["unit norm"], CONSTRAINED))
def test_constraints_hold_for_each_members_weight(build, x):
    assert_trains_as_alone(build, x, LABELS)


@pytest.mark.slow
def test_mixed_float16_is_refused_by_default_and_exact_without_a_shared_scale():
    def half():
        return keras.Sequential([keras.Input((6,), dtype="float32"), L.Dense(8, "relu", dtype=POLICY), L.Dense(3, dtype=POLICY)])

    def whole_policy():
        keras.config.set_dtype_policy(POLICY)
        try:
            return half()
        finally:
            keras.config.set_dtype_policy("float32")

    with pytest.raises(NotStackable, match="auto_scale_loss=False"):
        stack_of(whole_policy)
    compiled = lambda: {**classification(), "auto_scale_loss": False}  # noqa: E731
    assert_trains_as_alone(
        whole_policy, POINTS, LABELS, compiled=compiled, optimizer=lambda: optimizers.SGD(0.1, loss_scale_factor=64.0), tolerance=2e-3
    )


POLICY = "mixed_float16"


@pytest.mark.slow
def test_float64_trains_to_the_accuracy_of_float64():
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    try:
        build = network(POINTS, lambda: L.Dense(5, "tanh"), L.BatchNormalization)
        assert_trains_as_alone(
            build, POINTS.astype("float64"), LABELS, optimizer=lambda: optimizers.Adam(0.01, clipnorm=0.1), tolerance=1e-12
        )
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")


@pytest.mark.slow
def test_a_member_is_saved_as_an_ordinary_model(tmp_path):
    stack, model = assert_trains_as_alone(network(POINTS, L.BatchNormalization), POINTS, LABELS)
    stack.member(1).save(tmp_path / "one.keras")
    loaded = keras.models.load_model(tmp_path / "one.keras")
    np.testing.assert_allclose(loaded.predict(POINTS, verbose=0), model.predict(POINTS, verbose=0), atol=1e-5)
