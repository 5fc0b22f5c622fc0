"""What each figure shows, in a sentence: for those who do not see it. Computed from the tables and arrays that it is drawn from."""

import numpy as np
import pandas as pd

from common.experiment.names import display_arm


def of_curves(history, keys):
    """Which arms end at the highest and at the lowest test accuracy, and how many runs diverged.

    Args:
        history: rows of `history.csv` of one dataset.
        keys: the columns that tell arms apart.
    """
    last = history[history["epoch"] == history["epoch"].max()]
    accuracy = _by_arm(last, keys, "test_accuracy")
    finite = np.isfinite(history[["train_loss", "test_loss"]]).all(axis=1)
    runs = finite.groupby([history[key] for key in [*keys, "seed"]]).all()
    diverged = f" {(~runs).sum()} of {len(runs)} runs diverged." if not runs.all() else ""
    return f"Test accuracy ends {extremes(accuracy, percent)}.{diverged}"


def of_layers(layers, quantity, keys, write):
    """Where a quantity of `layers.csv` is highest and lowest after the last epoch; `write` turns a number into words."""
    last = layers[layers["epoch"] == layers["epoch"].max()]
    values = {
        f"{layer} under {arm}": value
        for layer, rows in last.groupby("layer", sort=False)
        for arm, value in _by_arm(rows, keys, quantity).items()
    }
    return f"After the last epoch it is {extremes(values, write, 'in')}."


def of_heatmap(arms, quantities, write):
    """Where each quantity is highest after the last epoch; `arms` and `quantities` as for `layers_heatmap`."""
    parts = []
    for quantity, label in quantities.items():
        last = {arm: rows[rows["epoch"] == rows["epoch"].max()] for arm, rows in arms}
        means = {arm: rows.groupby("layer", sort=False)[quantity].mean() for arm, rows in last.items()}
        values = {f"{layer} under {arm}": value for arm, of_arm in means.items() for layer, value in of_arm.items()}
        parts.append(f"{label.removesuffix(', %')}: {extremes(values, write, 'in')}")
    return f"After the last epoch, {'; '.join(parts)}."


def of_units(fates):
    """How many units are off at the end; `fates` is `{arm: rows of units.csv of one run}`."""
    parts = [f"{int(rows['off_at_end'].sum())} of {len(rows)} under {arm}" for arm, rows in fates.items()]
    return f"Units that no sample switches on at the end: {', '.join(parts)}."


def of_activations(counts, edges):
    """Into how narrow a place the outputs of each layer fall at the end; both are `{layer: array of the last stage}`, seeds summed."""
    parts = []
    for layer, of_layer in counts.items():
        fullest = int(of_layer.argmax())
        place = f"{edges[layer][fullest]:.2g} and {edges[layer][fullest + 1]:.2g}"
        parts.append(f"{percent(of_layer.max() / max(of_layer.sum(), 1))} of those of {layer} between {place}")
    return f"The most outputs in one bin at the end: {', '.join(parts)}."


def of_logits(margins):
    """By how much the true class's logit exceeds the mean of the others at the end; `margins` is `{arm: mean difference}`."""
    return f"At the end the true class's logit stands above the mean of the others by {_listed(margins, number)}."


def of_logit_gradients(vanished):
    """`vanished` is `{arm: share of samples that are wrong with a vanished gradient at the end}`."""
    return f"Wrong with a vanished gradient at the end: {_listed(vanished, percent)} of the samples."


def of_boundaries(agreed):
    """`agreed` is `{arm: share of the plane on which all seeds agree, or NaN where one diverged}`."""
    return f"All seeds agree on {_listed(agreed, percent)} of the plane."


def of_doses(summary, keys, measures):
    """Where each measure of `summary.csv` is highest and lowest; `measures` is `{column: label}`."""
    parts = [f"{label}: {extremes(_by_arm(summary, keys, measure), percent)}" for measure, label in measures.items()]
    return f"{'; '.join(parts)}."


def extremes(values, write, at="with"):
    """The highest and the lowest of `{label: value}`, in words; values that are not finite are left out."""
    values = pd.Series(values, dtype=float)
    values = values[np.isfinite(values)]
    if values.empty:
        return "unknown, for no run has a finite value"
    highest, lowest = (f"{write(values[place])} {at} {place}" for place in (values.idxmax(), values.idxmin()))
    if len(values) == 1:
        return f"at {highest}"
    if np.isclose(values.min(), values.max(), rtol=1e-6, atol=0):
        return f"everywhere at {write(values.iloc[0])}"
    return f"highest at {highest}, and lowest at {lowest}"


def percent(share):
    """A share in percent, as people write it."""
    return f"{100 * share:.1f} %"


def number(value):
    """A number of two digits."""
    return f"{value:.2g}"


def _by_arm(rows, keys, column):
    """`{arm: mean over its runs}`; NaN if one of them has no value."""
    means = rows.groupby(list(keys), sort=False)[column].agg(lambda of_arm: of_arm.mean(skipna=False))
    return {display_arm(keys, arm if isinstance(arm, tuple) else (arm,)): value for arm, value in means.items()}


def _listed(values, write):
    return ", ".join(f"{write(value)} ({arm})" if np.isfinite(value) else f"nothing finite ({arm})" for arm, value in values.items())
