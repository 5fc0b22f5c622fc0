"""A chart of a monitor's measurements."""

import math

import numpy as np

PANEL = (4.2, 3.0)  # inches
COLUMNS = 3


def chart(frame, quantities):
    """A panel per quantity over the epochs; a line per layer, the first dark, the last light.

    Args:
        frame: the result of `QuantityMonitor.frame`. With seeds, a line is their mean and a band their range.
        quantities: the `Quantity` of each column to draw. One without any value is left out.

    Returns:
        A matplotlib `Figure`, made by pyplot.
    """
    import matplotlib.pyplot as plt

    quantities = [quantity for quantity in quantities if frame[quantity.name].notna().any()] or list(quantities[:1])
    columns = 2 if len(quantities) == 4 else min(COLUMNS, len(quantities))
    rows = math.ceil(len(quantities) / columns)
    figure, axes = plt.subplots(rows, columns, figsize=(PANEL[0] * columns, PANEL[1] * rows + 0.6), layout="constrained", squeeze=False)
    layers = list(frame.groupby("layer", sort=False)) if "layer" in frame and len(frame) else [(None, frame)]
    colors = plt.get_cmap("viridis")(np.linspace(0, 0.85, len(layers)))
    for ax, quantity in zip(axes.flat, quantities, strict=False):
        for (layer, rows_of_layer), color in zip(layers, colors, strict=True):
            by_epoch = rows_of_layer.groupby("epoch")[quantity.name]
            mean = by_epoch.mean()
            ax.plot(mean.index, mean, color=color, label=layer, marker="o" if len(mean) < 2 else None)
            if "seed" in frame and len(frame):
                ax.fill_between(mean.index, by_epoch.min(), by_epoch.max(), color=color, alpha=0.2, linewidth=0)
        ax.set(title=quantity.label, xlabel="epoch")
        _set_scale(ax, quantity.scale, frame[quantity.name])
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.grid(color="0.9", linewidth=0.8)
        ax.spines[["top", "right"]].set_visible(False)
    for ax in axes.flat[len(quantities) :]:
        ax.remove()
    if layers[0][0]:
        figure.legend(*axes.flat[0].get_legend_handles_labels(), loc="outside right upper", frameon=False)
    return figure


def _set_scale(ax, scale, values):
    if scale == "percent":
        ax.yaxis.set_major_formatter("{x:.0%}")
    elif scale == "log" and (values > 0).any():  # without a positive value nothing would be seen
        ax.set_yscale("log")
