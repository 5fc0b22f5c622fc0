"""Rows about replicas: what sharing a step out costs. Run in a process of its own, for logical devices are made before any other use.

Logical CPU devices share the same cores, so there is no gain to see; what a step takes beyond one on a single device is the cost that a
gain on GPUs has to exceed (`devices.REPLICAS_COST`).
"""

import contextlib
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

from benchmarks.table import Row

REPLICAS = 2
SEEDS = 5


def rows(size):
    """A row per case."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        yield from process.submit(_measure, size).result()


def _measure(size):
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * REPLICAS)

    from benchmarks import cases
    from benchmarks.timing import alternate, median_ratio

    strategy = tf.distribute.MirroredStrategy([device.name for device in tf.config.list_logical_devices("CPU")])
    rows = []
    for case in size.cases([cases.MOONS, cases.DIGITS[0], cases.DIGITS[2], *cases.fashion_mnist(size)[:1]]):
        trainings = {}
        for name, scope in (("one", contextlib.nullcontext), ("shared", strategy.scope)):
            with scope():
                # XLA compiles for one device only: left out on both sides, so that the difference is the replicas'.
                trainings[name] = cases.Stacked(case, SEEDS, jit_compile=False)
        seconds = alternate({name: training.train_block for name, training in trainings.items()}, size.rounds)
        (x, _), _ = case.load()
        steps = -(-len(x) // case.batch_size) * case.block
        extra = 1e3 * sorted((seconds["shared"] - seconds["one"]) / steps)[size.rounds // 2]
        ratio = median_ratio(seconds["shared"], seconds["one"])
        name = f"{case.name}: an epoch on {REPLICAS} logical devices ÷ one"
        rows.append(Row(name, SEEDS, ratio, "x", details=f"a step takes {extra:.1f} ms more"))
    return rows
