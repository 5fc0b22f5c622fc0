"""Charts of a monitor's measurements."""

import math
import textwrap

import numpy as np

PANEL = (4.2, 3.0)  # inches
COLUMNS = 3
MOST_NAMED = 10  # lines with a legend; more have a bar of colours that names some of them
LONGEST_NAME = 32  # characters


def chart(frame, quantities, problems=()):
    """A panel per quantity over the epochs or steps; a line per layer or weight, the first dark, the last light.

    Args:
        frame: the result of `QuantityMonitor.frame`. With seeds, a line is their mean and a band their range. Several trainings stand one
            after the other, with a dashed line between them.
        quantities: the `Quantity` of each column to draw. One without any value is left out.
        problems: list of words about what was not measured. Defaults to `()`.

    Returns:
        A matplotlib `Figure`, made by pyplot.
    """
    import matplotlib.pyplot as plt

    quantities = [quantity for quantity in quantities if frame[quantity.name].notna().any()] or list(quantities[:1])
    columns = 2 if len(quantities) == 4 else min(COLUMNS, len(quantities))
    rows = math.ceil(len(quantities) / columns)
    frame, label, begins = _on_one_axis(frame)
    times = sorted(frame["x"].unique())
    names = [name for name in ("layer", "weight") if name in frame]
    lines = [("/".join(key), part) for key, part in frame.groupby(names, sort=False)] if names and len(frame) else [("", frame)]
    size = PANEL[0] * columns + _width([name for name, _ in lines]), PANEL[1] * rows + 0.6
    figure, axes = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
    colors = plt.get_cmap("viridis")(np.linspace(0, 0.85, len(lines)))
    for ax, quantity in zip(axes.flat, quantities, strict=False):
        for (name, part), color in zip(lines, colors, strict=True):
            _draw_line(ax, part, quantity.name, color, name, times)
        for begin in begins:
            ax.axvline(begin, color="0.6", linestyle="--", linewidth=0.8)
        ax.set_title(textwrap.fill(quantity.label, 40), fontsize="medium")
        ax.set_xlabel(label)
        ax.set_ylabel({"1": "", "share": ""}.get(quantity.unit, quantity.unit), fontsize="small")
        _set_scale(ax, quantity.scale, frame[quantity.name])
        _dress(ax)
    for ax in axes.flat[len(quantities) :]:
        ax.remove()
    if lines[0][0]:
        _name_lines(figure, [name for name, _ in lines], colors)
    _tell(figure, problems)
    return figure


def chart_distributions(frame, problems=()):
    """A panel per layer and kind; a line per epoch, the first dark, the last light: the density of the values.

    Args:
        frame: the result of `HistogramMonitor.frame`; of more than ten layers, ten evenly among them are drawn.
        problems: see `chart`. Defaults to `()`.

    Returns:
        A matplotlib `Figure`, made by pyplot.
    """
    import matplotlib.pyplot as plt

    layers, kinds = list(frame["layer"].unique()), list(frame["kind"].unique())
    drawn = [layers[i] for i in _evenly(len(layers))]
    size = PANEL[0] * max(1, len(kinds)) + _width(["epoch 10"]), 1.8 * max(1, len(drawn)) + 0.6
    figure, axes = plt.subplots(max(1, len(drawn)), max(1, len(kinds)), figsize=size, layout="constrained", squeeze=False)
    frame, label, _ = _on_one_axis(frame)
    times = sorted(frame["x"].unique())
    colors = dict(zip(times, plt.get_cmap("viridis")(np.linspace(0, 0.85, len(times))), strict=True))
    for (layer, kind), part in frame[frame["layer"].isin(drawn)].groupby(["layer", "kind"]):
        ax = axes[drawn.index(layer), kinds.index(kind)]
        for time, at_time in part.groupby("x"):
            bins = at_time.groupby(["left", "right"], as_index=False)["count"].sum()
            occupied = np.flatnonzero(bins["count"])
            bins = bins.iloc[occupied[0] : occupied[-1] + 1] if len(occupied) else bins  # Up to half the bins are empty at the ends.
            density = bins["count"] / max(1, bins["count"].sum()) / (bins["right"] - bins["left"])
            ax.stairs(density, [*bins["left"], bins["right"].iloc[-1]], color=colors[time])
        ax.set_title(f"{_short(layer)}: {kind}", fontsize="medium")
        ax.set_yscale("log")  # most gradients lie near 0
        ax.locator_params(axis="x", nbins=5)
        _dress(ax, integer=False)
    if times:
        _name_lines(figure, [f"{label.split()[0]} {time}" for time in times], list(colors.values()))
    left_out = [f"{len(drawn)} of {len(layers)} layers are drawn; plot(layers=...) chooses"] if len(drawn) < len(layers) else []
    _tell(figure, [*left_out, *problems])
    return figure


def _on_one_axis(frame):
    """The frame with a column `x` of times one after the other over all trainings; the axis's label; and the times between trainings."""
    time = "step" if "step" in frame else "epoch"
    if "fit" not in frame:
        return frame.assign(x=frame[time]), time, []
    frame = frame[(frame["fit"] == frame["fit"].min()) | (frame[time] > 0)]  # A later training begins where the one before it ended.
    lengths = frame.groupby("fit")[time].max()
    ends = lengths.cumsum()
    return frame.assign(x=frame[time] + frame["fit"].map(ends - lengths)), f"{time} of all trainings", list(ends[:-1])


def _draw_line(ax, part, column, color, name, times):
    # At all times, so that the line of a layer that was frozen for a while has a gap there.
    by_time = part.groupby("x")[column].agg(["mean", "min", "max"]).reindex(times)
    ax.plot(times, by_time["mean"], color=color, label=name, marker="o" if by_time["mean"].count() < 2 else None)
    if "seed" in part and len(part):
        ax.fill_between(times, by_time["min"], by_time["max"], color=color, alpha=0.2, linewidth=0)


def _name_lines(figure, names, colors):
    """A legend of the lines, or, for many of them, a bar of their colours with the names of some."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import BoundaryNorm, ListedColormap
    from matplotlib.lines import Line2D

    if len(names) <= MOST_NAMED:
        handles = [Line2D([], [], color=color) for color in colors]
        figure.legend(handles, [_short(name) for name in names], loc="outside right upper", frameon=False, fontsize="small")
        return
    scale = ScalarMappable(BoundaryNorm(np.arange(len(names) + 1) - 0.5, len(names)), ListedColormap(colors))
    ticks = _evenly(len(names))
    bar = figure.colorbar(scale, ax=figure.axes, ticks=ticks, fraction=0.03, aspect=40)
    bar.ax.set_yticklabels([_short(names[i]) for i in ticks], fontsize="small")
    bar.ax.invert_yaxis()
    bar.ax.minorticks_off()


def _evenly(number):
    """At most `MOST_NAMED` positions evenly from 0 to `number - 1`."""
    return np.unique(np.linspace(0, number - 1, min(number, MOST_NAMED)).round().astype(int)).tolist()


def _short(name):
    return name if len(name) <= LONGEST_NAME else "…" + name[1 - LONGEST_NAME :]


def _width(names):
    """The width in inches of the shortened names of lines."""
    return 0.5 + 0.075 * max(len(_short(name)) for name in names) if names[0] else 0


def _tell(figure, problems):
    if problems:
        text = "\n".join(line for problem in problems for line in textwrap.wrap(problem, int(figure.get_figwidth() * 13)))
        figure.supxlabel(text, fontsize="small", color="firebrick", x=0.01, ha="left")


def _dress(ax, integer=True):
    if integer:
        ax.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    ax.grid(color="0.9", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)


def _set_scale(ax, scale, values):
    if scale == "percent":
        ax.yaxis.set_major_formatter("{x:.0%}")
        ax.set_ylim(bottom=-0.02 * ax.get_ylim()[1])  # a line at 0 is seen
    elif scale == "log" and (values > 0).any():  # without a positive value nothing would be seen
        ax.set_yscale("log")
