"""How layers pass a gradient on, and what they cost when set back, against loops over the runs."""

import numpy as np
import pandas as pd
import pytest

from common.results.layerwise import early_passage, measure_rewinds, rewind_measures
from tests.support.frames import every

KEYS, LAYERS, EARLY = ["dataset", "activation", "seed"], ("hidden_1", "hidden_2", "logits"), 3


def tables(hidden_layers):
    """Tables of two arms of so many hidden layers each, by activation, with three seeds and five epochs."""
    random, parts = np.random.default_rng(0), []
    for activation, layers in hidden_layers.items():
        names = [f"hidden_{i}" for i in range(1, layers + 1)] + ["hidden_1/norm", "logits"]
        parts.append(every(dataset=["moons"], activation=[activation], seed=range(3), epoch=range(1, 6), layer=names))
    layers = pd.concat(parts, ignore_index=True)
    layers["grad_norm"] = random.lognormal(size=len(layers))
    summary = every(dataset=["moons"], activation=list(hidden_layers), seed=range(3))
    return {"layers": layers, "summary": summary.assign(final_test_accuracy=random.random(len(summary)))}


@pytest.mark.parametrize("layers", [{"relu": 2, "sigmoid": 6}, {"relu": 3, "sigmoid": 1}, {"sigmoid": 12}, {"sigmoid": 1}])
def test_the_passage_is_the_geometric_mean_of_the_ratios_of_neighbours_from_the_second_hidden_layer_on(layers):
    made = tables(layers)
    found = early_passage(made["layers"], KEYS, EARLY)
    norms = made["layers"].set_index([*KEYS, "epoch", "layer"])["grad_norm"]
    for key, passage in found.items():
        last = layers[key[1]]
        ratios = [
            norms[(*key, epoch, f"hidden_{i}")] / norms[(*key, epoch, f"hidden_{i + 1}")]
            for epoch in range(1, EARLY + 1)
            for i in range(2, last)
        ]
        expected = np.prod(ratios) ** (1 / len(ratios)) if ratios else np.nan
        np.testing.assert_allclose(passage, expected)


@pytest.mark.filterwarnings("error")
def test_a_gradient_that_is_nothing_below_passes_nothing_and_one_that_is_nothing_throughout_is_unknown():
    made = tables({"sigmoid": 4})
    rows = made["layers"]
    rows.loc[(rows["seed"] == 0) & (rows["layer"] == "hidden_2"), "grad_norm"] = 0.0
    rows.loc[rows["seed"] == 1, "grad_norm"] = 0.0
    found = early_passage(rows, KEYS, EARLY).to_numpy()
    assert found[0] == 0 and np.isnan(found[1]) and found[2] > 0


def test_the_cost_of_a_layer_is_the_accuracy_lost_with_its_first_weights():
    made = tables({"relu": 2, "sigmoid": 2})
    rewinds = every(dataset=["moons"], activation=["sigmoid"], seed=range(3), layer=LAYERS, rewound_to=[0, 2])
    rewinds["rewound_accuracy"] = np.random.default_rng(1).random(len(rewinds))
    found = measure_rewinds({**made, "rewinds": rewinds}, KEYS, LAYERS)
    assert list(found.columns) == [measure.name for measure in rewind_measures(LAYERS)]
    assert measure_rewinds(made, KEYS, LAYERS).isna().all(axis=None)
    after = rewinds["rewound_accuracy"].to_numpy().reshape(3, 3, 2)[..., 0]
    trained = made["summary"].query("activation == 'sigmoid'")["final_test_accuracy"].to_numpy()
    costs = found[[f"rewound_cost_{layer}" for layer in LAYERS]]
    np.testing.assert_allclose(costs.loc["moons", "sigmoid"], trained[:, np.newaxis] - after)
    assert costs.loc["moons", "relu"].isna().all(axis=None)
