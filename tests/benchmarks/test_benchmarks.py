"""The benchmarks compare equal work. Their times are not tested."""

import importlib.util
import math
import re
import subprocess
import sys

import numpy as np
import pytest

from benchmarks import floor
from benchmarks.__main__ import NEEDED, SECTIONS
from benchmarks.cases import DIGITS, MOONS
from benchmarks.table import Row
from benchmarks.timing import median_ratio
from common.paths import ROOT
from kerascope.seed_stack import SeedStack


@pytest.mark.slow
def test_the_floor_counts_the_operations_of_forward_backward_and_evaluation():
    # 10 seeds; 700 training and 300 test samples; products of 2 -> 256 -> 128 -> 2, a multiplication and an addition each.
    layers = [2 * 256, 256 * 128, 128 * 2]
    forward, weight_gradients, input_gradients, evaluation = 700 * sum(layers), 700 * sum(layers), 700 * sum(layers[1:]), 300 * sum(layers)
    seconds, operations = floor.epoch_seconds(MOONS, 10)
    assert operations == 10 * 2 * (forward + weight_gradients + input_gradients + evaluation)
    assert seconds > 0


def test_a_row_says_whether_its_goal_is_met():
    assert [Row("a", 5, 1.0, "x", *goal).cells()[4] for goal in ((1.0,), (0.99,), ())] == ["yes", "no", ""]
    assert median_ratio(np.array([1.0, 2.0, 30.0]), np.array([1.0, 1.0, 1.0])) == 2


@pytest.mark.parametrize(
    ("case", "rule", "arguments"),
    [(MOONS, "adam", (0.01, 0.01)), (DIGITS[1], "momentum", (0.01,)), (DIGITS[2], "adam", (0.01,))],
    ids=["adamw", "momentum", "adam"],
)
def test_the_jax_reference_trains_the_same_weights(case, rule, arguments):
    pytest.importorskip("jax", reason="JAX, which only a benchmark needs, is not installed")
    from benchmarks import jax_reference

    theirs = jax_reference.Jax(case, 2, *getattr(jax_reference, rule)(*arguments))  # which trains two epochs
    stack = SeedStack(case.build, range(2))
    stack.compile(case.optimizer(), case.loss(), metrics=["accuracy"])
    (x, y), test = case.load()
    stack.fit(x, y, case.batch_size, epochs=2, validation_data=test, verbose=0)
    for ours, other in zip(stack.trainable_variables, theirs.weights, strict=True):
        assert np.linalg.norm(np.array(ours) - other) <= 1e-3 * np.linalg.norm(other)
    last = stack.frame().query("epoch == 2")
    for column, values in zip(["train_loss", "train_accuracy", "test_loss", "test_accuracy"], theirs.results, strict=True):
        np.testing.assert_allclose(values, last[column], rtol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_runs_at_its_smallest_size(section):
    command = [sys.executable, "-m", "benchmarks", "--only", section, "--smallest"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    if section in NEEDED and not importlib.util.find_spec(NEEDED[section]):
        assert f"{NEEDED[section]} is not installed" in done.stderr
    else:
        _, _, *rows = [re.split(r" *\| *", line) for line in done.stdout.splitlines() if line.startswith("|")]  # a heading of two lines
        assert rows
        assert all(math.isfinite(float(measured.split()[0])) for _, _, _, measured, *_ in rows)
