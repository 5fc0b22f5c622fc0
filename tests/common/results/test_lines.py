"""The loss between the ends of two trainings, against the same network written in NumPy."""

import keras
import numpy as np
import pytest

from common.results import lines


def model():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(2)])


def drawn(seed, scale=1.0):
    random = np.random.default_rng(seed)
    return [scale * random.normal(size=shape).astype("float32") for shape in ((3, 4), (4,), (4, 2), (2,))]


def samples(seed):
    random = np.random.default_rng(100 + seed)
    return (random.normal(size=(20, 3)).astype("float32"), random.integers(0, 2, 20)), (None, None)


def ends(first, scale=1.0):
    return lines.Ends({seed: drawn(seed) for seed in (0, 4)}, {seed: drawn(first + seed, scale) for seed in (0, 4)}, samples, model())


def cross_entropy(weights, x, y):
    a, b, c, d = (weight.astype(np.float64) for weight in weights)
    logits = np.maximum(x @ a + b, 0) @ c + d
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return -np.log(probability[np.arange(len(y)), y]).mean()


def test_the_loss_on_a_line_is_that_of_the_weights_in_between_on_the_seeds_own_samples():
    one, other = ends(10), ends(20, 3.0)
    found = lines.line_between(one, other, places=5)
    assert found["seed"].tolist() == [0] * 5 + [4] * 5 and found["share"].tolist() == [0, 0.25, 0.5, 0.75, 1] * 2
    for seed, share, loss in found[["seed", "share", "train_loss"]].itertuples(index=False):
        between = [(1 - share) * a + share * b for a, b in zip(one.end[seed], other.end[seed], strict=True)]
        assert loss == pytest.approx(cross_entropy(between, *samples(seed)[0]), rel=1e-5)


def test_distances_are_of_all_weights_together():
    one, other = ends(10), ends(20)
    found = lines.distances(one, other)
    for seed, start, apart in found.itertuples(index=False):
        flat = [np.concatenate([weight.ravel() for weight in of[seed]]).astype(float) for of in (one.start, one.end, other.end)]
        assert start == pytest.approx(np.linalg.norm(flat[1] - flat[0])) and apart == pytest.approx(np.linalg.norm(flat[1] - flat[2]))


@pytest.mark.parametrize(
    ("losses", "height"), [([0.01, 1, 0.1], 1), ([0.1, 0.05, 0.02, 0.01], np.log10(0.5)), ([1, 1, 1], 0), ([1, np.nan, 1], np.inf)]
)
def test_a_barrier_is_how_far_the_loss_between_rises_above_the_higher_end(losses, height):
    assert lines.barrier(np.array(losses)) == pytest.approx(height)
