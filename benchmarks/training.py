"""Rows about training: many seeds against one plain run, and the curve over seeds."""

import gc

import numpy as np

from benchmarks import floor
from benchmarks.cases import DIGITS, MOONS, PlainKeras, Stacked
from benchmarks.table import Row
from benchmarks.timing import alternate, median_ratio

MANY_SEEDS_GOALS = {"moons": (10, 0.4), "digits": (10, 0.8), "fashion_mnist": (5, 1.3)}


def many_seeds(cases, rounds):
    """All seeds against one plain Keras run: the whole training, tracing and compilation included, and an epoch alone."""
    for case in cases:
        num_seeds, goal = MANY_SEEDS_GOALS[case.dataset]
        plain, stacked = PlainKeras(case), Stacked(case, num_seeds)
        seconds = alternate({"plain": plain.train_block, "stacked": stacked.train_block}, rounds)
        epoch = {name: float(np.median(values)) / case.block for name, values in seconds.items()}
        ratio = median_ratio(seconds["stacked"], seconds["plain"])
        # The epochs' ratio is that of neighbours in time; what comes once is added to both sides.
        whole = (stacked.start_seconds + case.epochs * epoch["plain"] * ratio) / (plain.start_seconds + case.epochs * epoch["plain"])
        least, operations = floor.epoch_seconds(case, num_seeds)
        details = (
            f"an epoch {1e3 * epoch['stacked']:.0f} ms : {1e3 * epoch['plain']:.0f} ms = {ratio:.2f}; "
            f"start {stacked.start_seconds:.1f} s : {plain.start_seconds:.1f} s; "
            f"floor {operations / 1e9:.3g} GFLOP, {1e3 * least:.0f} ms, {epoch['stacked'] / least:.1f} x"
        )
        yield Row(f"{case.name}, {case.epochs} epochs", num_seeds, whole, "x", goal, details)
        del plain, stacked
        gc.collect()


def seeds_curve(size):
    """Time per seed against the number of seeds."""
    (case,), counts = size.cases([DIGITS[2]]), size.seed_counts
    trainings = {count: Stacked(case, count) for count in counts}
    seconds = alternate({count: training.train_block for count, training in trainings.items()}, size.rounds)
    per_seed = {count: values / case.block / count for count, values in seconds.items()}
    for fewer, count in zip((None, *counts), counts, strict=False):
        milliseconds = f"{1e3 * np.median(per_seed[count]):.2f} ms per seed and epoch"
        if fewer is None:
            yield Row(case.name, count, 1.0, "x", None, milliseconds)
        else:
            ratio = median_ratio(per_seed[count], per_seed[fewer])
            yield Row(f"{case.name}: time per seed ÷ that of {fewer}", count, ratio, "x", 1.0, milliseconds)


def guard():
    """Ten seeds on moons against one plain run, in a few seconds."""
    plain, stacked = PlainKeras(MOONS), Stacked(MOONS, 10)
    seconds = alternate({"plain": lambda: plain.train(10), "stacked": lambda: stacked.train(10)}, rounds=5)
    return Row(f"{MOONS.name}, 10 epochs at a time", 10, median_ratio(seconds["stacked"], seconds["plain"]), "x", 1.0)
