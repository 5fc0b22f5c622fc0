"""Arrays of several trainings as those of one: joined histograms count what one histogram of all values counts."""

import subprocess
import sys

import numpy as np
import pytest

from kerascope import join_arrays, select_members
from kerascope.bins import histogram, join_histograms
from tests.support.scripts import ROOT

RANDOM = np.random.default_rng(0)
VALUES = {
    "around 0": RANDOM.normal(size=200),
    "small": RANDOM.normal(size=100) * 1e-6,
    "positive": np.maximum(RANDOM.normal(size=100), 0),
    "negative": -RANDOM.uniform(3, 4, 100),
    "far": RANDOM.uniform(1000, 1001, 50),
    "zeros": np.zeros(30),
    "one value": np.full(5, 1.5),
    "another": np.full(5, -1e30),
    "none": np.array([np.nan, np.inf]),
}
VALUES = {name: values.astype("float32") for name, values in VALUES.items()}
SETS = [
    *([name] for name in VALUES),
    *([name, other] for name in VALUES for other in VALUES),
    ["zeros", "small", "none"],
    ["around 0", "far", "positive", "negative"],
]


def fits(values, width, bins):
    return np.floor(values.max() / width) - np.floor(values.min() / width) < bins


@pytest.mark.parametrize("bins", [2, 7, 60])
def test_joined_histograms_are_the_histogram_of_all_values(bins):
    for names in SETS:
        members = [VALUES[name] for name in names]
        counts, edges = histogram(members, bins)
        finite = np.concatenate([values[np.isfinite(values)] for values in members]).astype("float64")
        np.testing.assert_array_equal(counts, [np.histogram(values.astype("float64"), edges)[0] for values in members])
        assert counts.sum() == finite.size and (np.diff(edges) > 0).all()
        if finite.size and np.ptp(finite):
            width = edges[1] - edges[0]
            assert np.log2(width) % 1 == 0 and fits(finite, width, bins) and not fits(finite, width / 2, bins)
        joined = join_histograms([histogram([values], bins) for values in members])
        np.testing.assert_array_equal(joined[0], counts, err_msg=str(names))
        np.testing.assert_array_equal(joined[1], edges, err_msg=str(names))


def test_a_layer_that_was_not_measured_in_one_training_counts_nothing_there():
    counts, edges = histogram([VALUES["around 0"]], 7)
    missing = np.zeros_like(counts), np.full_like(edges, np.nan)
    joined = join_histograms([missing, (counts, edges)])
    np.testing.assert_array_equal(joined[0], np.concatenate([missing[0], counts]))
    np.testing.assert_array_equal(joined[1], edges)
    assert np.isnan(join_histograms([missing, missing])[1]).all()


def arrays_of(kind, members):
    """Arrays as a monitor of that kind keeps them, of so many members."""
    epochs, random = np.array([0, 3]), np.random.default_rng(members)
    if kind == "predictions":
        return {"x": np.ones((4, 2)), "outputs": random.normal(size=(members, 4, 3))}
    if kind == "own predictions":
        return {"member_x": random.normal(size=(members, 4, 2)), "outputs": random.normal(size=(members, 4, 3))}
    if kind == "units":
        return {"epochs": epochs, "labels": random.uniform(size=(members, 2, 8)), "x": random.uniform(size=(members, 2, 5))}
    labels = random.integers(0, 3, (members, 4)) if kind == "own logits" else np.arange(4)
    logits, norms = random.normal(size=(2, members, 4, 3)), random.normal(size=(2, members, 4))
    return {"epochs": epochs, "labels": labels, "logits": logits, "gradient_norm": norms}


@pytest.mark.parametrize("kind", ["predictions", "own predictions", "units", "logits", "own logits"])
def test_members_are_joined_and_chosen_on_their_axis(kind):
    parts = [arrays_of(kind, members) for members in (2, 1)]
    joined = join_arrays(parts)
    assert list(joined) == list(parts[0])
    for positions, part in (([0, 1], parts[0]), ([2], parts[1])):
        chosen = select_members(joined, positions)
        for name in part:
            np.testing.assert_array_equal(chosen[name], part[name])


def test_what_is_not_of_the_same_monitor_and_settings_is_not_joined():
    logits, units = arrays_of("logits", 2), arrays_of("units", 2)
    with pytest.raises(ValueError, match="epochs differ"):
        join_arrays([logits, {**logits, "epochs": np.array([0, 4])}])
    with pytest.raises(ValueError, match="own in one training"):
        join_arrays([logits, arrays_of("own logits", 2)])
    with pytest.raises(ValueError, match="different arrays: gradient_norm, logits, x"):
        join_arrays([logits, units])
    with pytest.raises(ValueError, match="different shapes"):
        join_arrays([units, {**units, "x": np.ones((1, 2, 6))}])
    with pytest.raises(ValueError, match="no arrays"):
        join_arrays([])


def test_arrays_are_joined_without_tensorflow():
    code = "import sys, kerascope; kerascope.join_arrays; kerascope.select_members; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
