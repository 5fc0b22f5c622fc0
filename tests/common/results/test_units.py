"""The measures of Experiment B of arms that controls need: networks with fewer layers and with more, in tables with their column."""

import numpy as np
import pandas as pd

import exp_b_activation
from common.experiment.measures import registry
from common.results.summary import summarise
from tests.support.frames import every

KEYS = ["dataset", "activation", "control", "seed"]
FRACTIONS = ("inactive", "always_off", "dead", "dormant", "saturated")
EPOCHS, UNITS = 4, 5


def tables(depths):
    """The tables of control arms of so many hidden layers, `{control in words: layers}`."""
    random, layers, units = np.random.default_rng(0), [], []
    for control, depth in depths.items():
        names = [f"hidden_{i}" for i in range(1, depth + 1)]
        arm = {"dataset": ["moons"], "activation": ["relu"], "control": [control], "seed": range(3)}
        layers.append(every(**arm, epoch=range(1, EPOCHS + 1), layer=[*names, "logits"]))
        units.append(every(**arm, layer=names, unit=range(UNITS)))
    layers, units = (pd.concat(parts, ignore_index=True) for parts in (layers, units))
    for name in (*(f"{fraction}_fraction" for fraction in FRACTIONS), "grad_norm", "grad_mean_abs"):
        layers[name] = random.random(len(layers))
    units["off_epochs"], units["revivals"] = random.integers(0, 3, len(units)), random.integers(0, 2, len(units))
    units["off_at_end"] = random.random(len(units)) < 0.5
    history = layers[[*KEYS, "epoch"]].drop_duplicates()
    for name in ("train_loss", "test_loss", "train_accuracy", "test_accuracy", "train_grad_norm"):
        history[name] = random.random(len(history))
    found = {"history": history, "layers": layers, "units": units}
    return {**found, "summary": summarise(history, KEYS[1:-1])}


def test_networks_with_other_layers_have_the_measures_of_those_that_they_share_and_columns_that_are_declared():
    made = tables({"hidden_layers=1": 1, "hidden_layers=6": 6})
    found = exp_b_activation.measure(made, KEYS).set_index(KEYS)
    assert set(found) <= registry(exp_b_activation.EXPERIMENT).keys() and "accuracy_cost" not in found
    shallow, deep = (found.xs(f"hidden_layers={depth}", level="control") for depth in (1, 6))
    assert shallow.filter(like="hidden_2").isna().all(axis=None) and deep.filter(regex="(final|early).*hidden_2").notna().all(axis=None)
    of_units = made["units"].assign(back=made["units"]["revivals"] > 0)
    layers = made["layers"].set_index([*KEYS, "layer", "epoch"]).sort_index()
    for key, row in found.iterrows():
        for layer in exp_b_activation.HIDDEN[: 1 if key[2].endswith("1") else 2]:
            chosen = np.logical_and.reduce([of_units[name] == value for name, value in zip([*KEYS, "layer"], (*key, layer), strict=True)])
            assert row[f"revived_fraction_{layer}"] == of_units.loc[chosen, "back"].mean()
            inactive = layers.loc[(*key, layer), "inactive_fraction"].to_numpy()
            np.testing.assert_allclose(row[f"inactive_growth_{layer}"], inactive[-1] - inactive[0])
            np.testing.assert_allclose(row[f"early_saturated_fraction_{layer}"], layers.loc[(*key, layer), "saturated_fraction"].mean())


def test_networks_of_one_hidden_layer_alone_have_measures_too():
    found = exp_b_activation.measure(tables({"hidden_layers=1": 1}), KEYS)
    assert found["revived_fraction_hidden_1"].notna().all() and found["revived_fraction_hidden_2"].isna().all()


def test_what_is_counted_over_all_epochs_is_unknown_of_runs_that_were_measured_after_some():
    made = tables({"sparse": 2, "every": 2})
    sparse = made["layers"]["control"] == "sparse"
    expected = exp_b_activation.measure(made, KEYS).set_index(KEYS)
    made["layers"] = made["layers"][~(sparse & (made["layers"]["epoch"] == 2))]
    found = exp_b_activation.measure(made, KEYS).set_index(KEYS)
    counted = [name for name in found if name.startswith(("mean_", "ever_off", "revived", "returned"))]
    assert len(counted) > 6 and found.xs("sparse", level="control")[counted].isna().all(axis=None)
    pd.testing.assert_frame_equal(found.xs("every", level="control"), expected.xs("every", level="control"))
    final = [name for name in found if name.startswith("final_")]
    pd.testing.assert_frame_equal(found[final], expected[final])
