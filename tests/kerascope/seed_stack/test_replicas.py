"""Two replicas train what one device does: outputs, weights, clipping, own samples; masks are refused. Logical CPUs, in a process."""

import json
import os
import subprocess
import sys

import pytest

from tests.support.scripts import ROOT

COMPARE = """
import contextlib, json
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras, numpy as np
from kerascope import PerMember, SeedStack
L = keras.layers
random = np.random.default_rng(0)
tokens, kinds, tags = random.integers(0, 9, (50, 7)), random.integers(0, 3, 50), random.integers(0, 3, (50, 7))
weights = [np.linspace(0, 2, 50), np.linspace(2, 0, 50)]

def build(mask_zero=False):
    inputs = keras.Input((7,))
    hidden = L.Embedding(9, 4, mask_zero=mask_zero)(inputs)
    kind = L.Dense(3, kernel_regularizer="l2", name="kind")(L.GlobalAveragePooling1D()(hidden))
    return keras.Model(inputs, [L.Dense(3, name="tags")(hidden), kind])

def activity_loss(samples):
    model = keras.Sequential([keras.Input((1,)), L.Dense(1, kernel_initializer="ones", activity_regularizer="l2")])
    model(np.ones((samples, 1)))
    return float(model.losses[0])

# A sum over the batch in older versions of Keras, which is refused; a mean in newer ones.
activity = "l2" if activity_loss(1) == activity_loss(2) else None

def points():
    return keras.Sequential([keras.Input((7,)), L.Dense(4, activity_regularizer=activity, kernel_constraint="max_norm"), L.Dense(3)])

def cross_entropy():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)

both = PerMember(np.stack([kinds, kinds[::-1]]))

def train(scope, build, y, sample_weight, optimizer):
    with scope():
        stack = SeedStack(build, [7, 3])
        several = isinstance(y, list)
        metrics = {"weighted_metrics": [["accuracy"], ["accuracy"]] if several else ["accuracy"]}
        stack.compile(optimizer(), loss=[cross_entropy(), cross_entropy()] if several else cross_entropy(), **metrics)
    x = PerMember(np.stack([tokens, tokens[::-1]])) if isinstance(y, PerMember) else tokens
    stack.fit(x, y, sample_weight=sample_weight, batch_size=16, epochs=2, verbose=0, validation_data=(tokens[:20], jump(y)))
    return stack

def jump(y):
    if isinstance(y, PerMember):
        return PerMember(y.values[:, :20])
    return [part[:20] for part in y] if isinstance(y, list) else y[:20]

two = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
results = {}
for name, arguments in {
    "outputs": (build, [tags, kinds], None, lambda: keras.optimizers.SGD(0.1, momentum=0.9)),
    "outputs, clipped": (build, [tags, kinds], None, lambda: keras.optimizers.SGD(0.1, global_clipnorm=0.05)),
    "own samples, weights, clipnorm": (points, both, weights[0], lambda: keras.optimizers.Adam(0.01, clipnorm=0.01)),
    "weights, clipvalue": (points, kinds, weights[1], lambda: keras.optimizers.SGD(0.1, clipvalue=0.02)),
}.items():
    one, many = train(contextlib.nullcontext, *arguments), train(two.scope, *arguments)
    assert many.distribute_strategy.num_replicas_in_sync == 2
    ends = [(a.numpy(), b.numpy()) for a, b in zip(one.trainable_variables, many.trainable_variables)]
    logs = [(record[k], other[k]) for record, other in zip(one.records, many.records) for k in record]
    results[name] = [float(max(np.abs(a - b).max() for a, b in pairs)) for pairs in (ends, logs)]
try:
    train(two.scope, lambda: build(mask_zero=True), [tags, kinds], None, keras.optimizers.SGD)
except ValueError as error:
    results["refused"] = str(error)
print(json.dumps(results))
"""


@pytest.mark.slow
def test_two_replicas_train_as_one_device():
    process = subprocess.run(
        [sys.executable, "-c", COMPARE], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False
    )
    assert process.returncode == 0, process.stderr
    results = json.loads(process.stdout.splitlines()[-1])
    assert "replicas" in results.pop("refused")
    for name, (weights, logs) in results.items():
        assert weights < 1e-5 and logs < 1e-5, name
