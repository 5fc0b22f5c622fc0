"""The samples that seeds draw: against scikit-learn's own functions and NumPy."""

import numpy as np
import pytest
from sklearn.datasets import load_digits, make_circles, make_moons
from sklearn.model_selection import train_test_split

from common.data import DATASETS, HELD, CellSamples, Samples, load, load_wanted, probe
from kerascope import PerMember
from tests.support.sweeps import cell

SOURCES = {
    "digits": (lambda seed: load_digits(return_X_y=True), 0.2),
    "moons": (lambda seed: make_moons(1000, noise=0.3, random_state=seed), 0.3),
    "circles": (lambda seed: make_circles(1000, noise=0.2, factor=0.5, random_state=seed), 0.3),
}


@pytest.fixture(scope="module")
def data():
    return {name: load_wanted([name], [name], None)[0][name].samples for name in SOURCES}


@pytest.mark.parametrize("seed", [3, HELD])
@pytest.mark.parametrize("name", SOURCES)
def test_a_seed_has_its_own_split_or_points_standardised_by_their_training_part(name, seed, data):
    draw, share = SOURCES[name]
    x, y = draw(seed)
    x, x_test, y, y_test = train_test_split(x, y, test_size=share, random_state=seed, stratify=y)
    mean, std = x.mean(axis=0), np.where(x.std(axis=0) == 0, 1, x.std(axis=0))
    for (of_x, of_y), (ours_x, ours_y) in zip((((x - mean) / std, y), ((x_test - mean) / std, y_test)), data[name].of(seed), strict=True):
        np.testing.assert_allclose(ours_x, of_x, rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(ours_y, of_y)
    if seed == HELD:  # the report's
        np.testing.assert_array_equal(load(name)[0][0], data[name].of(seed)[0][0])


def test_only_splits_of_one_dataset_have_a_correction():
    assert {name: one.correction for name, one in DATASETS.items()} == {
        "fashion_mnist": 0,
        "digits": pytest.approx(0.25),
        "moons": 0,
        "circles": 0,
    }


@pytest.mark.parametrize("vary", ["all", "data", "weights", "order"])
def test_runs_have_samples_and_a_probe_of_their_own_where_data_vary(vary, data):
    samples = CellSamples(data["digits"], cell(seeds=(4, 9), vary=vary))
    assert samples.are_shared == (vary in ("weights", "order")) and samples.num_samples == 1437
    x_probe, y_probe = samples.probe(100)
    if samples.are_shared:
        np.testing.assert_array_equal(samples.train[0], load("digits")[0][0])
        np.testing.assert_array_equal(x_probe, probe(*load("digits")[0], HELD, 100)[0])
        return
    for part in (*samples.train, *samples.test, x_probe, y_probe):
        assert isinstance(part, PerMember) and len(part.values) == 2
    for member, seed in enumerate((4, 9)):
        (x, y), (x_test, _) = data["digits"].of(seed)
        np.testing.assert_array_equal(samples.train[0].values[member], x)
        np.testing.assert_array_equal(samples.test[0].values[member], x_test)
        np.testing.assert_array_equal(x_probe.values[member], probe(x, y, seed, 100)[0])


def test_the_seed_at_which_others_are_held_is_a_seed_like_any_other(data):
    """So that its arrays can be joined with those of other seeds."""
    samples = CellSamples(data["digits"], cell(seeds=(HELD,)))
    assert not samples.are_shared and isinstance(samples.probe()[0], PerMember)
    np.testing.assert_array_equal(samples.train[0].values, [load("digits")[0][0]])


@pytest.mark.parametrize("vary", ["all", "weights"])
def test_where_the_split_is_the_datasets_the_probe_alone_is_each_runs_own(vary):
    x, y = np.arange(600, dtype="float32")[:, None], np.arange(600, dtype="int32") % 3
    samples = CellSamples(Samples(((x, y), (x, y))), cell(seeds=(4, 9), vary=vary))
    x_probe, _ = samples.probe(90)
    assert samples.are_shared and samples.train[0] is x
    if vary == "all":
        np.testing.assert_array_equal(x_probe.values, [probe(x, y, seed, 90)[0] for seed in (4, 9)])
    else:
        np.testing.assert_array_equal(x_probe, probe(x, y, HELD, 90)[0])
