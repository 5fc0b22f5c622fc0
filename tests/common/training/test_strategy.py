"""Results do not depend on the number of replicas. Logical CPU devices stand in for GPUs, in processes of their own."""

import json
import os
import subprocess
import sys

import pandas as pd
import pytest

from tests.support.scripts import ROOT

pytestmark = pytest.mark.slow

COMPARE = """
import contextlib, json, sys
import tensorflow as tf
replicas = int(sys.argv[1])
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * replicas)
import keras, numpy as np
from common import devices
from common.deadline import Deadline
from common.training import checkpoint
from kerascope.monitors import ActivationMonitor, GradientMonitor, NoiseMonitor, SharpnessMonitor, UpdateMonitor
from kerascope.seed_stack import SeedStack

random = np.random.default_rng(0)
x, y = random.normal(size=(50, 6)).astype("float32"), random.integers(0, 3, 50).astype("int32")

def build():
    l2 = keras.regularizers.L2(0.01)
    return keras.Sequential([keras.Input((6,)), keras.layers.Dense(8, "relu", kernel_regularizer=l2), keras.layers.Dense(3)])

def train(scope, make):
    with scope():
        stack = SeedStack(build, [7, 3])
        stack.compile(make(), keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    monitors = [GradientMonitor(x, y), ActivationMonitor(x)]
    # 50 = 3 x 16 + 2: the last batch has fewer samples than three replicas
    stack.fit(x, y, batch_size=16, epochs=3, verbose=0, validation_data=(x, y), callbacks=monitors)
    return stack, [m.frame().drop(columns="layer").to_numpy() for m in monitors]

scope, description = devices.start(devices.DeviceOptions("mirrored")).choose(None)
optimizers = {
    "sgd": lambda: keras.optimizers.SGD(0.05),
    "momentum": lambda: keras.optimizers.SGD(0.05, momentum=0.9),
    "adam": lambda: keras.optimizers.Adam(0.01),
    "adamw": lambda: keras.optimizers.AdamW(0.01, weight_decay=0.01),
}
results = {"description": description, "auto": devices.start().choose(None)[1]}
compared = optimizers if replicas == 3 else ["adam"]  # one is enough where all batches can be halved
for name in compared:
    make = optimizers[name]
    one, of_one = train(contextlib.nullcontext, make)
    many, of_many = train(scope, make)
    if name == "adam":
        adam = many
    assert many.distribute_strategy.num_replicas_in_sync == replicas
    pairs = [(a.numpy(), b.numpy()) for a, b in zip(one.trainable_variables, many.trainable_variables)]
    results[name] = {
        "weights": float(max(np.linalg.norm(a - b) / np.linalg.norm(a) for a, b in pairs)),
        "history": float(np.abs(one.frame().to_numpy() - many.frame().to_numpy()).max()),
        "monitors": float(max(np.nanmax(np.abs(a - b)) for a, b in zip(of_one, of_many))),
    }

# Monitors on an ordinary model that trains on replicas measure what they measure on one.
def train_alone(strategy):
    keras.utils.set_random_seed(0)
    with strategy.scope() if strategy else contextlib.nullcontext():
        model = build()
        model.compile(keras.optimizers.SGD(0.05), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        monitors = [GradientMonitor(x, y), ActivationMonitor(x), SharpnessMonitor(x, y), NoiseMonitor(x, y), UpdateMonitor()]
        # Within the scope, where Keras divides losses by the number of replicas.
        model.fit(x[:48], y[:48], batch_size=24, epochs=2, shuffle=False, verbose=0, callbacks=monitors)
    return [m.frame()[[q.name for q in m.quantities]].to_numpy() for m in monitors]

pairs = list(zip(train_alone(None), train_alone(adam.distribute_strategy)))
results["plain Keras"] = float(max(np.nanmax(np.abs(a - b) / (1e-6 + np.abs(a))) for a, b in pairs)), [len(a) for a, _ in pairs]

# A training on replicas that is broken off after every epoch ends where it would have ended.
content = None
for _ in range(3):
    with scope():
        stack = SeedStack(build, [7, 3])
        stack.compile(optimizers["adam"](), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    last = checkpoint.Checkpoint(content, deadline=Deadline(0))
    monitor = GradientMonitor(x, y)
    last.monitors = {"gradients": monitor}
    stack.fit(x, y, batch_size=16, epochs=3, verbose=0, validation_data=(x, y), callbacks=[monitor, last])
    content = last.saved
pairs = [(a.numpy(), b.numpy()) for a, b in zip(stack.trainable_variables, adam.trainable_variables)]
results["broken off"] = float(max(np.abs(a - b).max() for a, b in pairs)), len(stack.frame()), len(monitor.frame())

# Devices that pass for GPUs: large steps are shared out to them, small ones are not.
names = tuple(device.name for device in tf.config.list_logical_devices("CPU"))
gpus = devices.Devices("GPU (made up)", names, "auto")
for arithmetic in (1e6, 1e12):
    chosen, description = gpus.choose(lambda: arithmetic)
    stack, _ = train(chosen, optimizers["sgd"])
    results[f"{arithmetic:g}"] = description, stack.distribute_strategy.num_replicas_in_sync
print(json.dumps(results))
"""


@pytest.mark.parametrize("replicas", [pytest.param(2, marks=pytest.mark.slow), 3])  # three cannot share 16 samples evenly
def test_replicas_train_the_weights_that_one_device_trains(replicas):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.run([sys.executable, "-c", COMPARE, str(replicas)], capture_output=True, text=True, env=environment)
    assert process.returncode == 0, process.stderr
    results = json.loads(process.stdout.splitlines()[-1])
    assert results.pop("description") == f"CPU x {replicas}, mirrored" and results.pop("auto") == "CPU"
    assert results.pop("broken off") == [0, 6, 12]
    difference, rows = results.pop("plain Keras")
    assert difference < 0.02 and rows == [4, 2, 2, 2, 4]
    description, used = results.pop("1e+06")
    assert description.startswith(f"one of {replicas} x GPU (made up)") and f"--jobs {replicas}" in description and used == 1
    assert results.pop("1e+12") == [f"GPU (made up) x {replicas}, mirrored", replicas]
    assert set(results) == ({"sgd", "momentum", "adam", "adamw"} if replicas == 3 else {"adam"})
    for name, differences in results.items():
        assert differences["weights"] <= 1e-4, name
        assert differences["history"] <= 1e-4, name
        assert differences["monitors"] <= 1e-3, name


@pytest.mark.slow
def test_the_script_trains_mirrored_and_records_it(tmp_path):
    words = ["--optimizers", "adam", "--schedules", "constant", "--lr", "0.001", "--epochs", "2", "--seeds", "2"]
    tables = {}
    for strategy in ("single", "mirrored"):
        out = tmp_path / strategy
        command = [sys.executable, str(ROOT / "exp_c_optimizer.py"), "--out", str(out), "--strategy", strategy, *words]
        environment = {**os.environ, "KERAS_HOME": str(tmp_path / "no-keras-home")}
        process = subprocess.run(command, capture_output=True, text=True, env=environment)
        assert process.returncode == 0, process.stderr
        (record,) = out.glob("exp_c_optimizer/cells/*/*/cell.json")
        tables[strategy] = pd.read_csv(out / "exp_c_optimizer" / "history.csv")
        device = json.loads(record.read_text())["device"]
        assert device == {"single": "CPU", "mirrored": "CPU x 1, mirrored"}[strategy] or device.startswith("GPU")
    pd.testing.assert_frame_equal(tables["single"], tables["mirrored"], rtol=1e-4)
