"""The numbers of the page's explorer: every run, the mean over runs and its interval, thinned where there are many epochs."""

import numpy as np

from common.data import label
from common.experiment import formatting
from common.figures.panels import Panel, apart
from common.stats import mean_curve

MOST_POINTS = 200  # of a curve on the page; a screen resolves no more
DIGITS = {"percent": 4, "linear": 4, "log": 3}  # of a number on the page: as many as it shows, or a line needs


def page_curves(results):
    """The data of the explorer: list of dicts, one per dataset, of numbers, strings, and None for a number that is not finite.

    Each has `dataset`; `epochs`, those shown; `arms`, dicts of `label`, `seeds` and `style`, the positions of the arm's settings among
    the colours, widths and dashes; and `quantities`, dicts of `label`, `scale` and `curves`, one per arm: `runs` `(seeds, epochs)`,
    `mean`, `low` and `high` `(epochs,)` over the runs that stay finite, geometric for a log scale, None where runs fall into two
    groups or are zero on a log axis; None where the arm has no such curve.
    """
    columns, blocks = results.experiment.arm_columns, []
    for dataset in results.datasets:
        tables, measures = results.of(dataset).tables, results.measures_on(dataset)
        history = tables["history"]
        of_arms = _by_arm(history, columns)
        arms = list(of_arms)
        last = int(history["epoch"].max())
        epochs = np.unique(np.linspace(1, last, min(last, MOST_POINTS)).round().astype(int))
        block = {"dataset": label(dataset), "epochs": epochs.tolist(), "arms": [], "quantities": []}
        for arm, style in zip(arms, _styles(arms), strict=True):
            seeds = of_arms[arm]["seed"].unique().tolist()
            block["arms"].append({"label": formatting.arm(columns, arm), "seeds": seeds, "style": style})
        for measure in map(measures.__getitem__, results.experiment.curves):
            for words, table in _parts(measure, tables):
                rows = _by_arm(table, columns)
                numbers = [_numbers(rows[arm], measure, of_arms[arm]["seed"].unique(), epochs) if arm in rows else None for arm in arms]
                block["quantities"].append({"label": words, "scale": measure.scale, "curves": numbers})
        blocks.append(block)
    return blocks


def _parts(measure, tables):
    """The measure's label and the rows of its table, which has a row per epoch; once per layer that has values if it has layers."""
    table = next(table for table in tables.values() if "epoch" in table and measure.name in table)
    if "layer" not in table:
        return [(measure.label, table)]
    layers = table.groupby("layer", sort=False)
    return [(f"{measure.label}, {layer}", rows) for layer, rows in layers if rows[measure.name].notna().any()]


def _by_arm(table, columns):
    """`{values of the columns, a tuple: their rows}`, in the order of the table."""
    return dict(iter(table.groupby(list(columns), sort=False)))


def _styles(arms):
    """For each arm its place among colours, widths and dashes: the first setting decides the colour, of three or more the second the
    width, the rest the dashes."""
    parts = [(arm[0], arm[1] if len(arm) > 2 else None, arm[2:] if len(arm) > 2 else arm[1:]) for arm in arms]
    orders = [list(dict.fromkeys(values)) for values in zip(*parts, strict=True)]
    return [[order.index(value) for order, value in zip(orders, part, strict=True)] for part in parts]


def _numbers(rows, measure, seeds, epochs):
    log, digits = measure.scale == "log", DIGITS[measure.scale]
    runs = rows.pivot(index="seed", columns="epoch", values=measure.name).reindex(seeds)
    whole = np.isfinite(runs).all(axis=1)
    parted, runs = apart(runs.T, Panel.of(measure)), runs.reindex(columns=epochs)
    if parted:  # as in the figures
        mean = low = high = np.full(len(epochs), np.nan)
    else:
        mean, low, high = mean_curve(runs[whole], log, measure.correction, measure.lowest if measure.kind == "share" else None)
    mean, low, high = ([_rounded(value, digits) for value in part] for part in (mean, low, high))
    return {"runs": [[_rounded(value, digits) for value in run] for run in runs.to_numpy()], "mean": mean, "low": low, "high": high}


def _rounded(value, digits):
    return float(f"{value:.{digits}g}") if np.isfinite(value) else None
