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

    Each has

    - `dataset`, and `epochs`, those shown;
    - `factors`, one per setting that tells arms apart: dicts of `name`, `label` and `values`, dicts of `word`, as the flag takes it, and
      `label`, both in the order of the table;
    - `arms`: dicts of `label`, `seeds`, `values`, the place of its value in each factor, and `style`, its places among the hues, the
      shades and the dashes;
    - `quantities`: dicts of `name`, `label`, `scale` and `curves`, one per arm: `runs` `(seeds, epochs)`, `mean`, `low` and `high`
      `(epochs,)` over the runs that stay finite, geometric for a log scale, None where runs fall into two groups or are zero on a log
      axis; None where the arm has no such curve.
    """
    columns, blocks = results.experiment.arm_columns, []
    for dataset in results.datasets:
        tables, measures = results.of(dataset).tables, results.measures_on(dataset)
        history = tables["history"]
        of_arms = _by_arm(history, columns)
        arms = list(of_arms)
        last = int(history["epoch"].max())
        epochs = np.unique(np.linspace(1, last, min(last, MOST_POINTS)).round().astype(int))
        block = {"dataset": label(dataset), "epochs": epochs.tolist(), "factors": _factors(columns, arms), "arms": [], "quantities": []}
        for arm, values, style in zip(arms, _places(arms), _styles(arms), strict=True):
            seeds = of_arms[arm]["seed"].unique().tolist()
            block["arms"].append({"label": formatting.arm(columns, arm), "seeds": seeds, "values": values, "style": style})
        for measure in map(measures.__getitem__, results.experiment.curves):
            for name, words, table in _parts(measure, tables):
                rows = _by_arm(table, columns)
                numbers = [_numbers(rows[arm], measure, of_arms[arm]["seed"].unique(), epochs) if arm in rows else None for arm in arms]
                block["quantities"].append({"name": name, "label": words, "scale": measure.scale, "curves": numbers})
        blocks.append(block)
    return blocks


def _parts(measure, tables):
    """The measure's name, its label and the rows of its table, which has one per epoch; once per layer that has values if it has layers."""
    table = next(table for table in tables.values() if "epoch" in table and measure.name in table)
    if "layer" not in table:
        return [(measure.name, measure.label, table)]
    layers = table.groupby("layer", sort=False)
    kept = [(layer, rows) for layer, rows in layers if rows[measure.name].notna().any()]
    return [(f"{measure.name}/{layer}", f"{measure.label}, {layer}", rows) for layer, rows in kept]


def _by_arm(table, columns):
    """`{values of the columns, a tuple: their rows}`, in the order of the table."""
    return dict(iter(table.groupby(list(columns), sort=False)))


def _factors(columns, arms):
    """The settings that tell arms apart and all their values, in words."""
    factors = []
    for name, values in zip(columns, zip(*arms, strict=True), strict=True):
        words = [(formatting.word(value), formatting.setting(name, value)) for value in dict.fromkeys(values)]
        factors.append({"name": name, "label": formatting.name_of(name), "values": [{"word": word, "label": text} for word, text in words]})
    return factors


def _styles(arms):
    """For each arm its places among hues, shades and dashes: the first setting decides the hue, of three or more the second the shade,
    the rest the dashes; a setting alone decides hue and dashes, so that lines which lie on each other are both seen."""
    return _places([(arm[0], arm[1] if len(arm) > 2 else None, arm[2:] if len(arm) > 2 else arm[1:] or arm) for arm in arms])


def _places(rows):
    """For each row, a tuple, the place of its values among those that stand there in any row, in their order: lists of int."""
    orders = [list(dict.fromkeys(values)) for values in zip(*rows, strict=True)]
    return [[order.index(value) for order, value in zip(orders, row, strict=True)] for row in rows]


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
