"""Gradient attenuation against depth: what of a gradient arrives at each layer, and what deeper networks learn."""

import numpy as np

from common.experiment.formatting import number, percent
from common.figures.dots import DOT
from common.figures.drawing import COLORS, DASHES, MARKERS, Drawing, format_percent, new_figure

QUARTER = 0.25  # the largest derivative of a Sigmoid
SIDE = 0.06  # of a layer, between the runs of two arms


def attenuation_figure(layers, runs, note=""):
    """The gradient norm of each hidden layer ÷ that of the last one, of deep networks; and final test accuracy against the number of
    hidden layers.

    Args:
        layers: DataFrame with a row per `arm`, `seed` and `layer` (the number of a hidden layer, from 1), all of one depth, with
            `grad_norm`.
        runs: DataFrame with a row per `arm`, `hidden_layers` and `seed`, with `final_test_accuracy`.
        note: words for the footer. Defaults to none.

    Returns:
        A `Drawing`.

    Example:

    ```python
    attenuation_figure(layers[layers["epoch"] == 1], runs)
    ```
    """
    figure, (axes,) = new_figure(1, 2, height=2.6)
    arms, last = list(dict.fromkeys(runs["arm"])), int(layers["layer"].max())
    norms = layers.pivot(index=["arm", "seed"], columns="layer", values="grad_norm")
    passed = norms.div(norms[last].where(norms[last] > 0), axis=0)
    arrived, accuracies = [], []
    for i, arm in enumerate(arms):
        style = {"color": COLORS[i], "marker": MARKERS[i], "linestyle": DASHES[i], "label": arm}
        aside = SIDE * (i - (len(arms) - 1) / 2)
        medians = _draw_runs(axes[0], passed.loc[arm], aside, style)
        arrived.append(f"{number(float(medians.iloc[0]))} ({arm})")
        by_depth = runs[runs["arm"] == arm].pivot(index="seed", columns="hidden_layers", values="final_test_accuracy")
        medians = _draw_runs(axes[1], by_depth, aside, style)
        accuracies.append(f"{percent(float(medians.iloc[-1]))} ({arm}, {medians.index[-1]})")
    layer = np.arange(1, last + 1)
    axes[0].plot(layer, QUARTER ** (last - layer), color="0.5", linewidth=0.8, label="a quarter a layer")
    axes[0].set(yscale="log", xticks=layer, xlabel="hidden layer, from the input up", title=f"gradient norm ÷ that of layer {last}")
    depths = np.arange(1, int(runs["hidden_layers"].max()) + 1)
    axes[1].set(xticks=depths, xlabel="number of hidden layers", title="final test accuracy")
    format_percent(axes[1].yaxis)
    shows = f"Left: gradient norm by layer in networks of {last} hidden layers; right: final test accuracy by the number of hidden layers."
    finding = f"Of the gradient norm of layer {last} there arrives at layer 1: {', '.join(arrived)}."
    finding += f" Final test accuracy with the most hidden layers: {', '.join(accuracies)}."
    return Drawing(
        figure, shows, finding, "; ".join(filter(None, [note, "lines: medians; dots: runs"])), axes[0].get_legend_handles_labels()
    )


def _draw_runs(ax, values, aside, style):
    """Draw runs, DataFrame `(seeds, places)`, as dots beside the places, and their medians as a line; returns the medians, a Series."""
    finite = values.where(np.isfinite(values) & (values > 0))
    medians = finite.median()
    for place in finite:
        ax.scatter(np.full(len(finite), place + aside), finite[place], s=DOT, facecolors="none", edgecolors=style["color"], linewidths=0.6)
    ax.plot(medians.index + aside, medians, **style)
    return medians
