"""A quick look at what a monitor measured."""

import math

import numpy as np

PANEL = (4.2, 3.0)  # inches
COLUMNS = 3


def chart(frame, quantities):
    """A panel per quantity over the epochs; a line per layer, the first dark, the last light.

    Args:
        frame: what `QuantityMonitor.frame` returns: with seeds, a line is their mean and a band their range.
        quantities: the columns to draw.

    Returns:
        A matplotlib `Figure`, made by pyplot.
    """
    import matplotlib.pyplot as plt

    quantities = [name for name in quantities if frame[name].notna().any()] or list(quantities[:1])
    columns = 2 if len(quantities) == 4 else min(COLUMNS, len(quantities))
    rows = math.ceil(len(quantities) / columns)
    figure, axes = plt.subplots(rows, columns, figsize=(PANEL[0] * columns, PANEL[1] * rows + 0.6), layout="constrained", squeeze=False)
    layers = list(frame["layer"].unique()) if "layer" in frame else []
    colors = plt.get_cmap("viridis")(np.linspace(0, 0.85, max(1, len(layers))))
    for ax, quantity in zip(axes.flat, quantities, strict=False):
        for layer, color in zip(layers or [None], colors, strict=True):
            rows_of_layer = frame if layer is None else frame[frame["layer"] == layer]
            by_epoch = rows_of_layer.groupby("epoch")[quantity]
            mean = by_epoch.mean()
            ax.plot(mean.index, mean, color=color, label=layer, marker="o" if len(mean) < 2 else None)
            if "seed" in frame:
                ax.fill_between(mean.index, by_epoch.min(), by_epoch.max(), color=color, alpha=0.2, linewidth=0)
        ax.set(title=quantity.replace("_", " "), xlabel="epoch")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.grid(color="0.9", linewidth=0.8)
        ax.spines[["top", "right"]].set_visible(False)
    for ax in axes.flat[len(quantities) :]:
        ax.remove()
    if layers:
        figure.legend(*axes.flat[0].get_legend_handles_labels(), loc="outside right upper", frameon=False)
    return figure
