"""Gradients of easy and hard samples: the table against gradients taken by hand, and the measures against the table."""

import keras
import numpy as np
import pandas as pd
import pytest

from common.results.by_sample import measure_by_sample, tabulate
from common.training.sample_gradients import SampleGradients
from tests.support.closed_forms import closed_form


def arrays(right, norms):
    """Those of a monitor, of one member and two classes: which samples are right at each stage, and their norms."""
    right = np.array(right, bool)[:, None]
    logits = np.stack([right, ~right], axis=-1).astype("float32")  # the label is class 0
    return {
        "epochs": np.arange(len(right)),
        "labels": np.zeros(right.shape[-1], int),
        "logits": logits,
        "gradient_norm": np.array(norms, "float32")[:, None],
    }


TABLE = tabulate(arrays([[0, 1, 0, 0], [1, 1, 0, 0], [1, 0, 1, 1]], [[1, 2, 4, 8], [1, 1, 1, 1], [0.5, 3, 1, 1]]), [7])


def test_samples_are_easy_or_hard_by_the_first_stage_after_the_start_and_right_or_wrong_by_each():
    rows = TABLE.set_index(["epoch", "group"])
    assert TABLE["seed"].eq(7).all() and rows["samples"].xs("easy", level="group").tolist() == [0.5] * 3
    assert rows["samples"].xs("wrong", level="group").tolist() == [0.75, 0.5, 0.25]
    assert rows.loc[(2, "easy"), "sample_grad_median"] == np.median([0.5 / 1, 3 / 2])
    assert rows.loc[(2, "easy"), "sample_grad_mean"] == 3.5 / 3
    assert rows.loc[(2, "hard"), "sample_grad_median"] == np.median([1 / 4, 1 / 8])
    assert rows.loc[(2, "wrong"), "sample_grad_mean"] == 3 / 2 and rows.loc[(0, "right"), "sample_grad_mean"] == 1


def test_what_is_left_is_that_of_the_last_stage_and_of_wrong_samples_that_of_the_last_with_some():
    keys = ["dataset", "loss", "seed"]
    learnt = tabulate(arrays([[0, 1], [1, 0], [1, 1]], [[1, 1], [1, 4], [1, 1]]), [8])
    both = pd.concat([TABLE, learnt]).assign(dataset="digits", loss="mse_softmax")
    runs = measure_by_sample(both, keys).droplevel([0, 1])
    assert runs.loc[7].to_dict() == {"wrong_grad_left": 1.5, "easy_grad_left": 1.0, "hard_grad_left": 0.1875}
    assert runs.loc[8, "wrong_grad_left"] == 4  # of epoch 1: later none is wrong


def test_a_group_without_samples_has_no_gradient():
    none_hard = tabulate(arrays([[0, 1], [1, 1]], [[1, 1], [1, 1]]), [0]).set_index(["epoch", "group"])
    assert np.isnan(none_hard.loc[(1, "hard"), "sample_grad_median"]) and none_hard.loc[(1, "hard"), "samples"] == 0


def test_the_gradients_are_those_of_the_closed_form_before_and_after_keras_has_trained():
    random = np.random.default_rng(0)
    x, y = random.normal(size=(60, 4)).astype("float32"), random.integers(0, 3, 60)
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(3)])
    model.compile(keras.optimizers.SGD(0.5), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    logits = [model.predict(x, verbose=0)]
    by_sample = SampleGradients(x, y, epochs=[3])
    keep = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logits.append(model.predict(x, verbose=0)))
    model.fit(x, y, epochs=3, batch_size=20, verbose=0, callbacks=[by_sample, keep])
    norms = [np.linalg.norm(closed_form("cross_entropy", z, y), axis=1) for z in logits]
    easy = logits[1].argmax(1) == y
    rows = by_sample.frame().set_index(["epoch", "group"])
    assert sorted(set(rows.index.get_level_values("epoch"))) == [0, 1, 3] and 0 < easy.mean() < 1
    for group, chosen in (("easy", easy), ("hard", ~easy), ("wrong", logits[3].argmax(1) != y)):
        row = rows.loc[(3, group)]
        assert row["samples"] == pytest.approx(chosen.mean())
        assert row["sample_grad_median"] == pytest.approx(np.median(norms[3][chosen] / norms[0][chosen]), rel=1e-4)
        assert row["sample_grad_mean"] == pytest.approx(norms[3][chosen].sum() / norms[0][chosen].sum(), rel=1e-4)
