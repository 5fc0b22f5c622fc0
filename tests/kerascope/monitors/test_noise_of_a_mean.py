"""NoiseMonitor on losses that are means over the samples, of all kinds, and on such that are not; on matrices in batches of one."""

import os
import subprocess
import sys
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascope import SeedStack
from kerascope.monitors import MonitorWarning, NoiseMonitor

layers, ops = keras.layers, keras.ops
SAMPLES, STEPS = 11, 5
SEQUENCES = np.random.default_rng(0).normal(size=(SAMPLES, STEPS, 4)).astype("float32")
LABELS = np.arange(SAMPLES) % 3
TOKENS = np.where(np.arange(6) < 1 + np.arange(SAMPLES)[:, None] % 5, 1 + np.arange(SAMPLES)[:, None] % 4, 0)


def dense():
    inputs = keras.Input((STEPS, 4))
    x = layers.Dense(6, "tanh", kernel_regularizer="l2")(inputs)
    x = layers.Dropout(0.5)(layers.LayerNormalization()(x))
    return keras.Model(inputs, layers.Dense(3)(layers.Flatten()(x)))


def attention():
    inputs = keras.Input((STEPS, 4))
    x = layers.EinsumDense("abc,cd->abd", output_shape=(None, 6), activation="gelu")(inputs)
    x = layers.MultiHeadAttention(2, 3, dropout=0.1)(x, x)
    return keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling1D()(x)))


def recurrent():
    inputs = keras.Input((STEPS, 4))
    x = layers.ReLU()(layers.BatchNormalization()(layers.Conv1D(4, 2)(inputs)))
    return keras.Model(inputs, layers.Dense(3)(layers.GRU(3)(x)))


def compiled(model, loss=None):
    model.compile(keras.optimizers.SGD(0.01), loss=loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def noise_of(model, x, y, monitor, **fit):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(x, y, verbose=0, callbacks=[monitor], **fit)
    return [str(w.message) for w in caught if issubclass(w.category, MonitorWarning)]


def noise_by_definition(model, x, y, weight):
    """`norm_test` for batches of 32 from gradients of one sample after the other, float64."""
    values, gradients = [v.value for v in model.trainable_variables], []
    for i in range(len(x)):
        with tf.GradientTape() as tape:
            loss = model.compute_loss(x[i : i + 1], y[i : i + 1], model(x[i : i + 1], training=False), weight[i : i + 1])
        parts = tape.gradient(loss, values)
        gradients.append(np.concatenate([tf.convert_to_tensor(part).numpy().ravel() for part in parts]).astype("float64"))
    gradients = np.stack(gradients)
    mean = gradients.mean(0)
    return np.sqrt(gradients.var(0, ddof=1).sum() / 32) / np.linalg.norm(mean)


@pytest.mark.slow
@pytest.mark.parametrize("build", [dense, attention, recurrent])
@pytest.mark.parametrize("batched", [False, True], ids=["one batch", "uneven batches"])
def test_the_noise_of_a_mean_over_weighted_samples_is_that_of_gradients_one_after_the_other(build, batched):
    keras.utils.set_random_seed(0)
    model, weight = compiled(build()), np.linspace(0.5, 2, SAMPLES).astype("float32")
    probe = tf.data.Dataset.from_tensor_slices((SEQUENCES, LABELS, weight)).batch(4)
    monitor = NoiseMonitor(probe) if batched else NoiseMonitor(SEQUENCES, LABELS, sample_weight=weight)
    assert noise_of(model, SEQUENCES, LABELS, monitor, sample_weight=weight) == []
    expected = noise_by_definition(model, SEQUENCES, LABELS, weight)
    assert monitor.frame()["norm_test"].item() == pytest.approx(expected, rel=2e-3)


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_the_rounding_of_coarse_types_is_not_taken_for_a_loss_without_a_mean(policy):
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(policy)
    try:
        model = compiled(attention())
    finally:
        keras.config.set_dtype_policy("float32")
    assert noise_of(model, SEQUENCES, LABELS, monitor := NoiseMonitor(SEQUENCES, LABELS)) == [] and len(monitor.frame()) == 1


@pytest.mark.slow
def test_the_vanishing_gradient_of_a_solved_probe_is_still_that_of_its_samples():
    x, y = np.random.default_rng(1).normal(size=(2, 40, 3)).astype("float32")
    solution = np.linalg.lstsq(x.astype("float64"), y[:, :1].astype("float64"), rcond=None)[0]
    model = compiled(keras.Sequential([keras.Input((3,)), layers.Dense(1, use_bias=False)]), "mse")
    model.set_weights([solution.astype("float32")])
    monitor = NoiseMonitor(x, y[:, :1], every=[0])
    assert noise_of(model, x, y[:, :1], monitor) == [] and monitor.frame()["noise_scale"].item() == np.inf


def in_batch(y_true, vectors):
    """Each sample is to be found among all others of the batch."""
    vectors = ops.normalize(vectors, axis=1)
    return keras.losses.sparse_categorical_crossentropy(ops.arange(ops.shape(vectors)[0]), 5 * vectors @ ops.transpose(vectors), True)


def centred(y_true, y_pred):
    return ops.mean(ops.square(y_pred - ops.mean(y_pred, axis=0)))


def masked_tokens():
    inputs = keras.Input((6,), dtype="int32")
    return keras.Model(inputs, layers.Dense(3)(layers.Embedding(5, 4, mask_zero=True)(inputs)))


@pytest.mark.parametrize(
    ("build", "loss", "x", "y"),
    [
        (dense, in_batch, SEQUENCES, LABELS),
        pytest.param(dense, centred, SEQUENCES, LABELS, marks=pytest.mark.slow),
        pytest.param(masked_tokens, None, TOKENS, TOKENS % 3, marks=pytest.mark.slow),
    ],
    ids=["found in the batch", "from the batch's mean", "mean over unmasked steps"],
)
def test_a_loss_that_is_no_mean_over_samples_is_told_once_and_not_measured(build, loss, x, y):
    keras.utils.set_random_seed(0)
    told = noise_of(compiled(build(), loss), x, y, monitor := NoiseMonitor(x, y), epochs=2)
    assert len(told) == 1 and "no mean over the samples" in told[0] and "loss=" in told[0]
    with pytest.warns(MonitorWarning):
        assert monitor.frame().empty


@pytest.mark.slow
def test_so_are_both_in_a_stack_of_members():
    x, y = SEQUENCES, LABELS
    stack = SeedStack(dense, [0, 1])
    stack.compile(keras.optimizers.SGD(0.01), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    assert noise_of(stack, x, y, monitor := NoiseMonitor(x, y)) == [] and len(monitor.frame()) == 2
    told = noise_of(stack, x, y, NoiseMonitor(x, y, loss=lambda model, batch: centred(None, model(batch["x"]))))
    assert len(told) == 1 and "no mean over the samples" in told[0]


CRASHED = """
import keras, numpy as np
from kerascope.monitors import NoiseMonitor
inputs = keras.Input((4, 48))
x = keras.layers.Dense(12)(inputs)
model = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Flatten()(keras.layers.MultiHeadAttention(2, 12)(x, x))))
model.compile("sgd", "mse")
x, y = np.ones((64, 4, 48), "float32"), np.arange(64.0)[:, None]
monitor = NoiseMonitor(x, y)
model.fit(x, y, epochs=12, verbose=0, callbacks=[monitor])
assert len(monitor.frame()) == 12
"""


@pytest.mark.slow
def test_attention_does_not_bring_the_process_down():
    environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": "1"}
    ended = subprocess.run([sys.executable, "-c", CRASHED], capture_output=True, text=True, env=environment, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]


def test_a_loss_that_is_no_mean_is_told_though_another_member_diverged():
    def of_pairs(model, batch):
        outputs = model(batch["x"])
        return ops.mean((outputs - ops.flip(outputs, axis=0)) ** 2) + ops.mean(outputs)

    stack = SeedStack(lambda: keras.Sequential([keras.Input((4,)), layers.Dense(3)]), [0, 1])
    stack.compile("sgd", loss="mse")
    stack.set_weights([np.where(np.arange(2).reshape(2, *[1] * (w.ndim - 1)) == 1, np.nan, w) for w in stack.get_weights()])
    with pytest.raises(ValueError, match="no mean over the samples"):
        NoiseMonitor(SEQUENCES[:, 0], SEQUENCES[:, 0, :3], loss=of_pairs).measure(stack)
