"""The fate of hidden units, and its cost: one row per run."""

from common.experiment import Measure, share
from common.lazy import lazy_modules

pd, summary = lazy_modules("pandas common.results.summary")

FINAL = {  # after the last epoch: columns of layers.csv, and their labels
    "always_off_fraction": "always-off units of {layer} at the end",
    "dead_fraction": "dead units of {layer} at the end",
    "dormant_fraction": "dormant units of {layer} at the end",
    "inactive_fraction": "inactive outputs of {layer} at the end",
}
RETURNED = "hidden units that are on at the end, of those that were off at some epoch"
OF_EVERY_EPOCH = ("mean_", "ever_off_", "revived_", "returned_")  # begin the names of measures that are counted over all epochs

EARLY_EPOCHS = 10  # over which the early gradient is averaged


def unit_measures(hidden_layers):
    """The Measures of `measure_units` and `accuracy_cost`, for the names of the hidden layers; a heading has a layer's number."""
    found = []
    for i, layer in enumerate(hidden_layers, 1):
        found += [
            share(f"first_inactive_fraction_{layer}", f"inactive outputs of {layer} after the first epoch"),
            share(f"mean_inactive_fraction_{layer}", f"inactive outputs of {layer}, mean over epochs"),
            Measure(f"early_grad_norm_{layer}", f"early gradient norm of {layer}"),
            share(f"early_saturated_fraction_{layer}", f"saturated outputs of {layer} in early epochs", missing="not measured"),
            share(f"final_saturated_fraction_{layer}", f"saturated outputs of {layer} at the end", missing="not measured"),
        ]
        found += [
            share(f"final_{name}_{layer}", text.format(layer=layer), f"off {i}%" * (name == "always_off_fraction"))
            for name, text in FINAL.items()
        ]
    return (
        *found,
        *(Measure(f"mean_grad_norm_{layer}", f"mean gradient norm of {layer}") for layer in (*hidden_layers, "logits")),
        share(
            "mean_inactive_fraction",
            "(sample, unit) pairs with output <= 0, mean over layers and epochs",
            "inact.%",
            title="mean inactive fraction",
        ),
        share("ever_off_fraction", "hidden units that were off at some epoch"),
        share("revived_fraction", "hidden units that were off and came back", "back%"),
        share("returned_fraction", RETURNED, missing="not measured"),
        *(
            share(f"revived_fraction_{layer}", f"units of {layer} that were off and came back", missing="not measured")
            for layer in hidden_layers
        ),
        *(
            Measure(f"inactive_growth_{layer}", f"growth of the inactive outputs of {layer}", "share", "linear", "unknown")
            for layer in hidden_layers
        ),
        Measure("final_grad_mean_abs", "mean absolute gradient at the end", heading="|grad|"),
        Measure(
            "accuracy_cost",
            "points of accuracy lost against the activation's first row, seed by seed",
            "share",
            "linear",
            "unknown",
            "cost",
        ),
    )


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
        the always-off, dead, dormant, inactive and saturated fraction. Of all together `mean_inactive_fraction`, `ever_off_fraction`,
        `revived_fraction`, `returned_fraction` (those on at the end, as a share of the ever off), and, with the logits,
        `final_grad_mean_abs`; of every layer, the logits too, `mean_grad_norm_<layer>`, over epochs. A run that diverged has NaN
        throughout; one that was not measured after every epoch, in what is counted over epochs.
    """
    layers, units, run_of_unit = tables["layers"], tables["units"], [tables["units"][key] for key in keys]
    hidden, by_layer = layers[layers["layer"].isin(hidden_layers)], [*keys, "layer"]
    early = hidden[hidden["epoch"] <= early_epochs]
    of_layers = {
        "first_inactive_fraction": hidden[hidden["epoch"] == 1].set_index(by_layer)["inactive_fraction"],
        "mean_inactive_fraction": hidden.groupby(by_layer)["inactive_fraction"].agg(summary.mean_of_all),
        "early_grad_norm": early.groupby(by_layer)["grad_norm"].mean(),
        "early_saturated_fraction": early.groupby(by_layer)["saturated_fraction"].agg(summary.mean_of_all),
        **{f"final_{fraction}": summary.last_epoch(hidden).set_index(by_layer)[fraction] for fraction in FINAL},
        "final_saturated_fraction": summary.last_epoch(hidden).set_index(by_layer)["saturated_fraction"],
        "mean_grad_norm": layers.groupby(by_layer)["grad_norm"].agg(summary.mean_of_all),
    }
    known = [*hidden_layers, "logits"]  # networks may have fewer layers, and more
    runs = pd.concat([values.unstack().reindex(columns=known).add_prefix(f"{name}_") for name, values in of_layers.items()], axis=1)
    runs = runs.drop(columns=[name for name in runs if name.endswith("_logits") and name != "mean_grad_norm_logits"])
    for layer in hidden_layers:
        runs[f"inactive_growth_{layer}"] = runs[f"final_inactive_fraction_{layer}"] - runs[f"first_inactive_fraction_{layer}"]
    runs["mean_inactive_fraction"] = hidden.groupby(keys)["inactive_fraction"].agg(summary.mean_of_all)
    runs["final_grad_mean_abs"] = summary.last_epoch(layers).groupby(keys)["grad_mean_abs"].agg(summary.mean_of_all)
    ever_off = units["off_epochs"] > 0
    runs["ever_off_fraction"] = ever_off.groupby(run_of_unit).mean()
    runs["revived_fraction"] = (units["revivals"] > 0).groupby(run_of_unit).mean()
    runs["returned_fraction"] = (~units["off_at_end"].astype(bool))[ever_off].groupby([key[ever_off] for key in run_of_unit]).mean()
    back = (units["revivals"] > 0).groupby([*run_of_unit, units["layer"]]).mean().unstack()
    for layer in hidden_layers:
        runs[f"revived_fraction_{layer}"] = back.get(layer)
    runs.loc[runs["mean_inactive_fraction"].isna()] = float("nan")  # diverged
    epochs = layers.groupby(keys)["epoch"].agg(["nunique", "max"])
    sparse = epochs["nunique"] < epochs["max"]
    runs.loc[sparse, [name for name in runs if name.startswith(OF_EVERY_EPOCH)]] = float("nan")
    return runs


def accuracy_cost(runs, keys, arm):
    """The final test accuracy lost against the first arm of the same value of the column `arm`, seed by seed.

    Args:
        runs: `summary.csv`.
        keys: the columns that tell runs apart, which become the index.
        arm: name of a column.
    """
    accuracy = runs.set_index(keys)["final_test_accuracy"]
    return accuracy.groupby(["dataset", arm, "seed"]).transform("first") - accuracy
