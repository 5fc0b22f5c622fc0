"""The result of each figure in a sentence: the alternative text for readers who do not see it."""

import numpy as np
import pandas as pd

from common.experiment.names import display
from common.figures import quantities


def of_curves(history, keys):
    """The arms with the highest and the lowest test accuracy at the end, and the number of diverged runs.

    Args:
        history: rows of `history.csv` of one dataset.
        keys: names of the columns that tell arms apart.
    """
    last = history[history["epoch"] == history["epoch"].max()]
    accuracy = quantities.mean_by_arm(last, keys, "test_accuracy")
    diverged, runs = quantities.diverged_runs(history, keys)
    return f"Test accuracy ends {extremes(accuracy, percent)}." + (f" {diverged} of {runs} runs diverged." if diverged else "")


def of_layers(layers, quantity, keys, write):
    """The layers and arms in which a quantity of `layers.csv` is highest and lowest at the end; `write` turns a number into words."""
    last = layers[layers["epoch"] == layers["epoch"].max()]
    by_layer = {layer: quantities.mean_by_arm(rows, keys, quantity) for layer, rows in last.groupby("layer", sort=False)}
    values = {f"{layer} under {arm}": value for layer, arms in by_layer.items() for arm, value in arms.items()}
    return f"After the last epoch it is {extremes(values, write, 'in')}."


def of_heatmap(arms, labels, write):
    """The layers and arms in which each quantity is highest and lowest at the end; `arms` and `labels` as for `layers_heatmap`."""
    parts = []
    for quantity, label in labels.items():
        by_arm = {arm: quantities.last_by_layer(rows, quantity) for arm, rows in arms}
        values = {f"{layer} under {arm}": value for arm, layers in by_arm.items() for layer, value in layers.items()}
        parts.append(f"{label.removesuffix(', %')}: {extremes(values, write, 'in')}")
    return f"After the last epoch, {'; '.join(parts)}."


def of_units(units):
    """The number of units that are off at the end; `units` is `{arm: rows of units.csv of one run}`."""
    parts = [f"{int(rows['off_at_end'].sum())} of {len(rows)} under {arm}" for arm, rows in units.items()]
    return f"Units that no sample switches on at the end: {', '.join(parts)}."


def of_activations(fullest):
    """The range into which most outputs of each layer fall at the end; `fullest` is `{layer: (share, low, high)}`."""
    parts = [f"{percent(share)} of those of {layer} between {low:.2g} and {high:.2g}" for layer, (share, low, high) in fullest.items()]
    return f"The most outputs in one bin at the end: {', '.join(parts)}."


def of_logits(margins):
    """The lead of the true class's logit at the end; `margins` is `{arm: difference from the mean of the other classes}`."""
    return f"At the end the true class's logit stands above the mean of the others by {_listed(margins, number)}."


def of_logit_gradients(vanished):
    """The share of samples that are wrong with a vanished gradient at the end; `vanished` is `{arm: share}`."""
    return f"Wrong with a vanished gradient at the end: {_listed(vanished, percent)} of the samples."


def of_boundaries(agreed):
    """The share of the plane on which all seeds agree; `agreed` is `{arm: share}`, NaN where a run diverged."""
    return f"All seeds agree on {_listed(agreed, percent)} of the plane."


def of_doses(summary, keys, measures):
    """The arms in which each measure of `summary.csv` is highest and lowest; `measures` is `{column: label}`."""
    by_label = {label: quantities.mean_by_arm(summary, keys, measure) for measure, label in measures.items()}
    return f"{'; '.join(f'{label}: {extremes(values, percent)}' for label, values in by_label.items())}."


def of_sharpness(table, column):
    """The arm that comes closest to its limit, or exceeds it most; `column` of `sharpness.csv` names the optimizer."""
    top = quantities.nearest_to_limit(table)
    if top is None:
        return "No run has a limit to compare with."
    arm = f"{display(top[column])} at rate {top['base_learning_rate']:g}"
    return f"Nearest to its limit: {arm}, {top['share']:.2g} of it after {top['epoch']:g} epochs."


def extremes(values, write, at="with"):
    """The highest and the lowest of several values, in words.

    Args:
        values: `{label: value}`; values that are not finite are left out.
        write: function that turns a value into words.
        at: word before a label. Defaults to "with".

    Example:

    ```python
    extremes({"Adam": 0.9, "SGD": 0.5}, percent)    # "highest at 90.0 % with Adam, and lowest at 50.0 % with SGD"
    ```
    """
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
    """A share in percent, with one decimal."""
    return f"{100 * share:.1f} %"


def number(value):
    """A number with two significant digits."""
    return f"{value:.2g}"


def _listed(values, write):
    return ", ".join(f"{write(value)} ({arm})" if np.isfinite(value) else f"nothing finite ({arm})" for arm, value in values.items())
