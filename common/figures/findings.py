"""The result of each figure in a sentence: the alternative text for readers who do not see it."""

import numpy as np
import pandas as pd

from common.experiment import formatting
from common.experiment.formatting import exact, in_unit, name_of, number, percent
from common.figures import quantities


def of_curves(history, keys):
    """The arms with the highest and the lowest test accuracy at the end, and the number of diverged runs.

    Args:
        history: rows of `history.csv` of one dataset.
        keys: names of the columns that tell arms apart.
    """
    last = history[history["epoch"] == history["epoch"].max()]
    accuracy = quantities.mean_by_arm(last, keys, "test_accuracy", "share")
    diverged, runs = quantities.diverged_runs(history, keys)
    return f"Test accuracy ends {extremes(accuracy, 'share')}{_split(last, keys, 'test_accuracy', 'share')}." + (
        f" {diverged} of {runs} runs diverged." if diverged else ""
    )


def of_layers(layers, measure, keys):
    """The layers and arms in which a measure of `layers.csv` is highest and lowest at the end."""
    last = layers[layers["epoch"] == layers["epoch"].max()]
    by_layer = {layer: quantities.mean_by_arm(rows, keys, measure.name, measure.kind) for layer, rows in last.groupby("layer", sort=False)}
    values = {f"{layer} under {arm}": value for layer, arms in by_layer.items() for arm, value in arms.items()}
    return f"After the last epoch it is {extremes(values, measure.unit, 'in')}{_split(last, ['layer', *keys], measure.name, measure.kind)}."


def of_heatmap(arms, measures):
    """The layers and arms in which the mean of each measure is highest and lowest at the end; arguments as for `layers_heatmap`."""
    parts = []
    for measure in measures:
        values, split = {}, []
        for arm, rows in arms:
            last = rows[(rows["epoch"] == rows["epoch"].max()) & np.isfinite(rows[measure.name])]
            grouped = quantities.arms_in_two_groups(last, ["layer"], measure.name, measure.kind)
            split += [f"{layer} under {arm}" for layer in grouped]
            means = quantities.last_by_layer(rows, measure)
            values |= {f"{layer} under {arm}": mean for layer, mean in means.items() if formatting.name_of(layer) not in grouped}
        parts.append(f"{measure.label}: {extremes(values, measure.unit, 'in')}{_besides(split)}")
    return f"After the last epoch, {'; '.join(parts)}."


def of_units(units):
    """The number of units that are off at the end; `units` is `{arm: rows of units.csv of one run}`."""
    parts = [f"{int(rows['off_at_end'].sum())} of {len(rows)} under {arm}" for arm, rows in units.items()]
    return f"Units that no sample switches on at the end: {', '.join(parts)}."


def of_activations(fullest):
    """The range into which most outputs of each layer fall at the end; `fullest` is `{layer: (share, low, high)}`."""
    parts = [f"{percent(share)} of those of {layer} between {' and '.join(map(number, ends))}" for layer, (share, *ends) in fullest.items()]
    return f"The most outputs in one bin at the end: {', '.join(parts)}."


def of_logits(margins):
    """The lead of the true class's logit at the end; `margins` is `{arm: difference from the mean of the other classes}`."""
    return f"At the end the true class's logit exceeds the mean of the others by {_listed(margins)}."


def of_logit_gradients(vanished):
    """The share of samples that are wrong with a vanished gradient at the end; `vanished` is `{arm: share}`."""
    return f"Wrong with a vanished gradient at the end: {_listed(vanished, 'share')} of the samples."


def of_boundaries(agreed):
    """The share of the plane on which all seeds agree; `agreed` is `{arm: share}`, NaN where a run diverged."""
    return f"All seeds agree on {_listed(agreed, 'share')} of the plane."


def of_doses(summary, keys, measures):
    """The arms in which the mean of each measure of `summary.csv` is highest and lowest."""
    parts = []
    for one in measures:
        means = quantities.mean_by_arm(summary, keys, one.name, one.kind)
        parts.append(f"{one.label}: {extremes(means, one.unit)}{_split(summary, keys, one.name, one.kind)}")
    return f"{'; '.join(parts)}."


def of_sharpness(table, column):
    """The arm that comes closest to its limit, or exceeds it most; `column` of `sharpness.csv` names the optimizer."""
    top = quantities.nearest_to_limit(table)
    if top is None:
        return "No run has a limit to compare with."
    arm = f"{name_of(top[column])} at learning rate {exact(top['base_learning_rate'])}"
    return f"Nearest to its limit: {arm}, {number(top['share'])} of it after {top['epoch']:g} epochs."


def of_spread(spread):
    """The median over arms of the standard deviation of their accuracy, by source; arguments as for `spread_figure`."""
    of_arms = spread[spread["than"] == ""].groupby("source", sort=False)["sd"].median()
    points = [f"{number(100 * sd)} points ({source})" for source, sd in of_arms.items() if np.isfinite(sd)]
    return f"Median over the arms of the standard deviation of the accuracy: {', '.join(points) or 'unknown'}."


def extremes(values, unit="", at="with"):
    """The highest and the lowest of several values, in words.

    Args:
        values: `{label: value}`; values that are not finite are left out.
        unit: of the values, see `formatting.in_unit`. Defaults to none.
        at: word before a label. Defaults to "with".

    Example:

    ```python
    extremes({"Adam": 0.9, "SGD": 0.5}, "share")  # "highest at 90.0 % with Adam, and lowest at 50.0 % with SGD"
    ```
    """
    values = pd.Series(values, dtype=float)
    values = values[np.isfinite(values)]
    if values.empty:
        return "unknown: no run has a finite value"
    highest, lowest = (f"{in_unit(values[place], unit)} {at} {place}" for place in (values.idxmax(), values.idxmin()))
    if len(values) == 1:
        return f"at {highest}"
    if np.isclose(values.min(), values.max(), rtol=1e-6, atol=0):
        return f"everywhere at {in_unit(values.iloc[0], unit)}"
    return f"highest at {highest}, and lowest at {lowest}"


def _split(rows, keys, column, kind):
    """The arms that have no mean, in words, behind those that have."""
    return _besides(quantities.arms_in_two_groups(rows, keys, column, kind))


def _besides(arms):
    return f", besides {', '.join(arms)}, whose runs fall into two groups" if arms else ""


def _listed(values, unit=""):
    return ", ".join(f"{in_unit(value, unit) if np.isfinite(value) else 'no finite value'} ({arm})" for arm, value in values.items())
