"""Rows about replicas: what sharing a step out costs. Run in a process of its own, for logical devices are made before any other use.

Logical CPU devices share the same cores, so there is no gain to see; what a step takes beyond one on a single device is the cost that a
gain on GPUs has to exceed (`devices.REPLICAS_COST`).
"""

import contextlib
import json
import subprocess
import sys
from pathlib import Path

from benchmarks.table import Row

ROOT = Path(__file__).parents[1]
REPLICAS = 2
SEEDS = 5


def rows(rounds):
    """A row per case."""
    process = subprocess.run([sys.executable, "-m", "benchmarks.replicas", str(rounds)], cwd=ROOT, capture_output=True, text=True)
    if process.returncode:
        raise RuntimeError(f"python -m benchmarks.replicas failed:\n{process.stderr}")
    for line in process.stdout.splitlines():
        yield Row(**json.loads(line))


def _measure(rounds):
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * REPLICAS)

    from benchmarks import cases
    from benchmarks.timing import alternate, median_ratio
    from common.data.fashion_mnist import find_fashion_mnist

    strategy = tf.distribute.MirroredStrategy([device.name for device in tf.config.list_logical_devices("CPU")])
    for case in (cases.MOONS, cases.DIGITS[0], cases.DIGITS[2], *(cases.FASHION[:1] if find_fashion_mnist() else [])):
        trainings = {}
        for name, scope in (("one", contextlib.nullcontext), ("shared", strategy.scope)):
            with scope():
                # XLA compiles for one device only: left out on both sides, so that the difference is the replicas'.
                trainings[name] = cases.Stacked(case, SEEDS, jit_compile=False)
        seconds = alternate({name: training.train_block for name, training in trainings.items()}, rounds)
        (x, _), _ = case.load()
        steps = -(-len(x) // case.batch_size) * case.block
        extra = 1e3 * sorted((seconds["shared"] - seconds["one"]) / steps)[rounds // 2]
        ratio = median_ratio(seconds["shared"], seconds["one"])
        row = {"case": f"{case.name}: an epoch on {REPLICAS} logical devices ÷ one", "seeds": SEEDS, "value": ratio, "unit": "x"}
        print(json.dumps({**row, "details": f"a step takes {extra:.1f} ms more"}), flush=True)


if __name__ == "__main__":
    _measure(int(sys.argv[1]))
