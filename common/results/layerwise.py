"""The layers of a run against each other: how the gradient shrinks on its way down, and what each layer's training is worth."""

from common.experiment import Measure
from common.lazy import lazy_modules

np, pd = lazy_modules("numpy pandas")
REWINDS = "rewinds"  # the table of a `kerascope.monitors.RewindMonitor`
INPUT, LAST = "hidden_1", "logits"
LEAST_LAYERS = 3  # hidden ones, of which the first, whose inputs are samples, is left out


PASSAGE = Measure("early_passage", "gradient norm of a hidden layer ÷ that of the layer above, early in training", missing="not measured")


def rewind_measures(layers):
    """The Measures of `measure_rewinds`, for the names of the layers that are set back."""
    return tuple(
        Measure(f"rewound_cost_{layer}", f"accuracy lost with {layer} at its initial weights", "share", "linear", "not measured")
        for layer in layers
    )


def measure_rewinds(tables, keys, layers):
    """Measures of each run, for summary.csv.

    Args:
        tables: `{name: DataFrame}`, with summary, and rewinds where layers were set back.
        keys: the columns that tell runs apart.
        layers: names of the layers that are set back.

    Returns:
        DataFrame with `keys` as index. For each layer, `rewound_cost_<layer>`: the final test accuracy, less that with this layer at its
        initial weights; NaN where no layer was set back.
    """
    runs = tables["summary"].set_index(keys)[["final_test_accuracy"]]
    costs = pd.DataFrame(index=runs.index)
    if REWINDS in tables:
        rewinds = tables[REWINDS]
        costs = rewinds[rewinds["rewound_to"] == 0].set_index([*keys, "layer"])["rewound_accuracy"].unstack()
    for layer in layers:
        runs[f"rewound_cost_{layer}"] = runs["final_test_accuracy"] - costs[layer] if layer in costs else np.nan
    return runs.drop(columns="final_test_accuracy")


def early_passage(layers, keys, early_epochs):
    """The measure `early_passage`: the gradient norm of hidden layer l ÷ that of layer l + 1, geometric mean over the hidden layers from
    the second on, which are equally wide, and over the early epochs.

    Args:
        layers: layers.csv.
        keys: the columns that tell runs apart.
        early_epochs: how many the early gradient is averaged over.

    Returns:
        Series with `keys` as index; NaN of networks with fewer than 3 hidden layers.
    """
    rows = layers[(layers["epoch"] <= early_epochs) & layers["layer"].str.fullmatch(r"hidden_\d+") & (layers["layer"] != INPUT)]
    depth = rows["layer"].str.removeprefix("hidden_").astype(int)
    with np.errstate(divide="ignore"):
        norms = np.log(rows["grad_norm"]).groupby([*(rows[key] for key in keys), depth]).mean().unstack()
    norms = norms.reindex(columns=sorted(norms))  # 2, 3, ...
    last = norms.notna().sum(axis=1) + 1
    ends = norms.ffill(axis=1).iloc[:, -1] if len(norms.columns) else norms.sum(axis=1)
    steps = (last - 2).where(last >= LEAST_LAYERS)
    return np.exp((norms.iloc[:, 0] - ends) / steps) if len(norms.columns) else ends * np.nan
