"""What becomes of hidden units, and what it costs: one row per run."""

import pandas as pd

from common.results.summary import last_epoch, mean_of_all


def measure_units(tables, keys, hidden_layers, early_epochs):
    """Measures of the hidden layers of each run, for summary.csv.

    Args:
        tables: `{name: DataFrame}`, with layers and units.
        keys: the columns that tell runs apart.
        hidden_layers: names of the layers.
        early_epochs: how many the early gradient is averaged over.

    Returns:
        DataFrame with `keys` as index. For each hidden layer, `first_inactive_fraction_<layer>` (after the first epoch),
        `mean_inactive_fraction_<layer>` (over epochs), `early_grad_norm_<layer>`, and, after the last epoch, `final_<fraction>_<layer>` of
        the always-off, dead, dormant and inactive fraction. Of all together `mean_inactive_fraction`, `ever_off_fraction`,
        `revived_fraction`, and, with the logits, `final_grad_mean_abs`. A run that diverged has NaN throughout.
    """
    layers, units, run_of_unit = tables["layers"], tables["units"], [tables["units"][key] for key in keys]
    hidden, by_layer = layers[layers["layer"].isin(hidden_layers)], [*keys, "layer"]
    early = hidden[hidden["epoch"] <= early_epochs]
    fractions = ("always_off_fraction", "dead_fraction", "dormant_fraction", "inactive_fraction")
    of_layers = {
        "first_inactive_fraction": hidden[hidden["epoch"] == 1].set_index(by_layer)["inactive_fraction"],
        "mean_inactive_fraction": hidden.groupby(by_layer)["inactive_fraction"].agg(mean_of_all),
        "early_grad_norm": early.groupby(by_layer)["grad_norm"].mean(),
        **{f"final_{fraction}": last_epoch(hidden).set_index(by_layer)[fraction] for fraction in fractions},
    }
    runs = pd.concat([values.unstack().add_prefix(f"{name}_") for name, values in of_layers.items()], axis=1)
    runs["mean_inactive_fraction"] = hidden.groupby(keys)["inactive_fraction"].agg(mean_of_all)
    runs["final_grad_mean_abs"] = last_epoch(layers).groupby(keys)["grad_mean_abs"].agg(mean_of_all)
    runs["ever_off_fraction"] = (units["off_epochs"] > 0).groupby(run_of_unit).mean()
    runs["revived_fraction"] = (units["revivals"] > 0).groupby(run_of_unit).mean()
    runs.loc[runs["mean_inactive_fraction"].isna()] = float("nan")  # diverged
    return runs


def accuracy_cost(summary, keys, arm):
    """Final test accuracy lost against the first arm of the same value of the column `arm`, seed by seed; `keys` become the index."""
    accuracy = summary.set_index(keys)["final_test_accuracy"]
    return accuracy.groupby(["dataset", arm, "seed"]).transform("first") - accuracy
