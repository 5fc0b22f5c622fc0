"""The runs of a cell, each with weights, batches, samples and probe of its own seed: against plain Keras, run by run."""

import keras
import numpy as np
import pandas as pd
import pytest

from common.data import Data, Samples, probe
from common.deadline import Deadline
from common.results import parts
from common.results.results import Results
from common.seeds import HELD
from common.store.stacks import Stacks
from common.sweep import sweep
from kerascope.seed_stack import batch_order
from tests.support import sweeps
from tests.support.sweeps import EXPERIMENT, cell

EPOCHS, BATCH = 3, 16
POOL = np.random.default_rng(1).normal(size=(70, 4)).astype("float32")


def drawn(seed):
    """Fifty training and twenty test samples, another choice for each seed."""
    x = POOL[np.random.default_rng(seed).permutation(len(POOL))]
    y = (x[:, 0] + x[:, 1] > 0).astype("int32")
    return (x[:50], y[:50]), (x[50:], y[50:])


DATA = {"moons": Data.of(Samples(drawn(HELD), drawn))}


def trained(root, seeds, vary="all", epochs=EPOCHS, **options):
    """A cell that was trained, as `Results` without tables."""
    one = cell(seeds=seeds, epochs=epochs, vary=vary)
    stacks = Stacks.to_train([one], root)
    assert sweep.run(stacks.all, EXPERIMENT, DATA, root, sweep.Options(quiet=True, **options), log=lambda line: None).failed == []
    return Results(EXPERIMENT, [one], {}, {}, root, DATA, stacks), one


def fit_alone(one, seed):
    """What a Keras user gets for a seed: `(model, test accuracy after each epoch)`."""
    weights, order, data = (HELD if one.vary not in ("all", source) else seed for source in ("weights", "order", "data"))
    keras.utils.set_random_seed(weights)
    model = sweeps.build_model(one, 4, 2)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(one["base_learning_rate"]), loss, metrics=["accuracy"])
    (x, y), test = drawn(data)
    accuracies = []
    for epoch in range(one.epochs):
        rows = batch_order(order, epoch, len(x))
        history = model.fit(x[rows], y[rows], batch_size=BATCH, shuffle=False, validation_data=test, verbose=0).history
        accuracies += history["val_accuracy"]
    return model, accuracies


@pytest.mark.slow
@pytest.mark.parametrize("vary", ["all", "weights", "order", "data"])
def test_each_run_ends_as_plain_keras_alone_on_the_samples_of_its_seed(vary, tmp_path):
    results, one = trained(tmp_path, (0, 3, 5), vary)
    tables, _ = parts.tables(one, results.stacks.seeds_of(one), tmp_path)
    for seed in one.seeds:
        model, accuracies = fit_alone(one, seed)
        history = tables["history"].query("seed == @seed")
        np.testing.assert_allclose(history["test_accuracy"], accuracies, atol=1e-6)
        # The norm of a layer's weights, measured on the run's own network.
        layers = tables["layers"].query("seed == @seed and epoch == @EPOCHS").set_index("layer")
        for layer in model.layers:
            norm = np.sqrt(sum(np.square(weight).sum() for weight in layer.get_weights()))
            assert layers["weight_norm"][layer.name] == pytest.approx(norm, rel=1e-5)
        (x, _), _ = drawn(seed if vary in ("all", "data") else HELD)
        x_probe, _ = probe(x, np.zeros(len(x), int), 0, len(x))  # all are fewer than a probe has
        hidden = np.maximum(x_probe @ model.layers[0].get_weights()[0] + model.layers[0].get_weights()[1], 0)
        assert layers["inactive_fraction"]["hidden_1"] == pytest.approx((hidden == 0).mean(), abs=1e-3)


@pytest.mark.slow
def test_seeds_that_are_added_are_those_of_one_stack_and_the_rest_is_not_trained_again(tmp_path):
    trained(tmp_path / "parts", (0, 1))
    before = {path: path.read_bytes() for path in (tmp_path / "parts").rglob("*") if path.is_file()}
    more, one = trained(tmp_path / "parts", (0, 1, 2))
    assert [stack.seeds for stack in more.stacks.all] == [(0, 1), (2,)]
    assert all(path.read_bytes() == content for path, content in before.items() if path.name != ".lock")
    whole, _ = trained(tmp_path / "whole", (0, 1, 2))
    for name, table in parts.tables(one, more.stacks.seeds_of(one), more.root)[0].items():
        other = parts.tables(one, whole.stacks.seeds_of(one), whole.root)[0][name]
        pd.testing.assert_frame_equal(table.reset_index(drop=True), other, rtol=1e-4, atol=1e-6)
    ours, theirs = (of.arrays("histograms", one) for of in (more, whole))
    assert {name: array.shape for name, array in ours.items()} == {name: array.shape for name, array in theirs.items()}
    counts = [name for name in ours if name.startswith("activation") and name.endswith("counts")]
    assert counts and all(ours[name].sum() == theirs[name].sum() for name in counts)


@pytest.mark.slow
def test_the_order_of_seeds_is_that_of_the_call(tmp_path):
    trained(tmp_path, (0, 1, 2))
    results, one = trained(tmp_path, (2, 0))
    table = parts.tables(one, results.stacks.seeds_of(one), tmp_path)[0]["history"]
    assert table["seed"].unique().tolist() == [2, 0] and results.arrays("histograms", one)["epochs"].tolist() == [0, 1, 2, 3]


class AfterTheFirstEpoch(Deadline):
    """A deadline that has passed at the second look at it: one is before the training, one after each epoch."""

    looks = 0

    def left(self):
        self.looks += 1
        return 1e9 if self.looks < 2 else 0


@pytest.mark.slow
def test_a_training_on_own_samples_that_is_broken_off_goes_on_to_the_same_end(tmp_path):
    whole, one = trained(tmp_path / "whole", (0, 3))
    options = sweep.Options(quiet=True, deadline=AfterTheFirstEpoch())
    assert sweep.run([one], EXPERIMENT, DATA, tmp_path / "broken", options, log=lambda line: None).left == [one]
    again, _ = trained(tmp_path / "broken", (0, 3))
    ours, theirs = (parts.tables(one, of.stacks.seeds_of(one), of.root)[0] for of in (again, whole))
    for name in theirs:
        pd.testing.assert_frame_equal(ours[name], theirs[name], check_exact=True)


@pytest.mark.slow
def test_which_test_samples_a_network_got_right_is_kept_where_runs_share_them(tmp_path):
    results, one = trained(tmp_path, (0, 3), vary="weights")
    right = results.correct("moons")({"optimizer": "sgd", "base_learning_rate": 0.1}, [3, 0])
    _, (x, y) = drawn(HELD)
    for seed, of_run in zip((3, 0), right, strict=True):
        model, _ = fit_alone(one, seed)
        np.testing.assert_array_equal(of_run, model.predict(x, verbose=0).argmax(axis=-1) == y)
    # Of several stacks, and of one that has more seeds than were asked for.
    results, _ = trained(tmp_path, (0, 1, 3), vary="weights")
    more = results.correct("moons")({"optimizer": "sgd"}, [0, 1, 3])
    np.testing.assert_array_equal(more[[2, 0]], right)
    results, _ = trained(tmp_path, (1,), vary="weights")
    np.testing.assert_array_equal(results.correct("moons")({"optimizer": "sgd"}, [1]), more[[1]])
    results, _ = trained(tmp_path, (0, 3))
    assert results.correct("moons")({"optimizer": "sgd"}, [0]) is None  # each run has its own
