"""The numbers behind the page's curves: every run, the mean over runs and its interval, thinned where there are many epochs."""

import numpy as np

from common.experiment.curves import LOG_FLOOR
from common.experiment.names import display, display_arm
from common.stats import mean_curve

MOST_POINTS = 200  # of a curve on the page; more than a screen resolves beside each other
DIGITS = {"percent": 4, "linear": 4, "log": 3}  # of a number on the page: as many as it shows, or a line needs


def page_curves(experiment, tables, datasets):
    """What the page's script draws: list of dicts, one per dataset, of numbers, strings and None for what is not finite.

    Each has `dataset`; `epochs`, those shown; `arms`, dicts of `label`, `seeds` and `style`, the positions of the arm's settings among
    the colours, widths and dashes; and `quantities`, dicts of `label`, `scale` and `curves`, one per arm: `runs` `(seeds, epochs)`,
    `mean`, `low` and `high` `(epochs,)` over the runs that stay finite, geometric for a log scale; None where the arm has no such curve.
    """
    blocks = []
    for dataset in datasets:
        of_dataset = {name: table[table["dataset"] == dataset] for name, table in tables.items() if "dataset" in table}
        history = of_dataset["history"]
        of_arms = _by_arm(history, experiment.arm_columns)
        arms = list(of_arms)
        last = int(history["epoch"].max())
        epochs = np.unique(np.linspace(1, last, min(last, MOST_POINTS)).round().astype(int))
        block = {"dataset": display(dataset), "epochs": epochs.tolist(), "arms": [], "quantities": []}
        for arm, style in zip(arms, _styles(arms), strict=True):
            seeds = of_arms[arm]["seed"].unique().tolist()
            block["arms"].append({"label": display_arm(experiment.arm_columns, arm), "seeds": seeds, "style": style})
        for curve in experiment.curves:
            for label, table in _parts(curve, of_dataset[curve.table]):
                rows = _by_arm(table, experiment.arm_columns)
                numbers = [_numbers(rows[arm], curve, of_arms[arm]["seed"].unique(), epochs) if arm in rows else None for arm in arms]
                block["quantities"].append({"label": label, "scale": curve.scale, "curves": numbers})
        blocks.append(block)
    return blocks


def _parts(curve, table):
    """The curve's label and rows, once per layer that has values if it is one of layers."""
    if curve.table != "layers":
        return [(curve.label, table)]
    layers = table.groupby("layer", sort=False)
    return [(f"{curve.label}, {layer}", rows) for layer, rows in layers if rows[curve.column].notna().any()]


def _by_arm(table, columns):
    """`{values of the columns, a tuple: their rows}`, in the order of the table."""
    return dict(iter(table.groupby(list(columns), sort=False)))


def _styles(arms):
    """For each arm its place among colours, widths and dashes: the first setting decides the colour, of three or more the second the
    width, the rest the dashes."""
    parts = [(arm[0], arm[1] if len(arm) > 2 else None, arm[2:] if len(arm) > 2 else arm[1:]) for arm in arms]
    orders = [list(dict.fromkeys(values)) for values in zip(*parts, strict=True)]
    return [[order.index(value) for order, value in zip(orders, part, strict=True)] for part in parts]


def _numbers(rows, curve, seeds, epochs):
    log, digits = curve.scale == "log", DIGITS[curve.scale]
    runs = rows.pivot(index="seed", columns="epoch", values=curve.column).reindex(seeds)
    whole = np.isfinite(runs).all(axis=1)
    runs = runs.reindex(columns=epochs)
    shown = runs.clip(lower=LOG_FLOOR) if log else runs
    mean, low, high = ([_rounded(value, digits) for value in part] for part in mean_curve(shown[whole], log))
    return {"runs": [[_rounded(value, digits) for value in run] for run in runs.to_numpy()], "mean": mean, "low": low, "high": high}


def _rounded(value, digits):
    return float(f"{value:.{digits}g}") if np.isfinite(value) else None
