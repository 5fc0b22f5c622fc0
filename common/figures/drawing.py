"""The parts that all figures share: colours, markers, empty panels, and the `Drawing` that each drawing function returns."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

# Okabe & Ito's colours for the colour-blind, those that also differ in brightness. Written out: matplotlib has them only from 3.11 on.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")  # these and the dashes tell lines apart without colour
DASHES = ("-", (0, (4, 2)), (0, (1, 1)), (0, (5, 1, 1, 1)))
DPI = 110


class Drawing(NamedTuple):
    """A figure without title, footer and file: `common.figures.saved` adds these.

    Attributes:
        figure: a matplotlib `Figure`.
        shows: the panels, in words.
        finding: the result, in a sentence.
        note: words for the footer, behind the experiment's settings. Defaults to none.
        legend: `(handles, labels)` of one legend below all panels. Defaults to None, no legend.
    """

    figure: Figure
    shows: str
    finding: str
    note: str = ""
    legend: tuple | None = None


def new_figure(rows, columns, size=None, panel=(4.6, 3.4), grid=True, **subplots):
    """An empty figure with `rows` x `columns` panels, laid out when it is saved.

    Args:
        rows, columns: numbers of panels.
        size: `(width, height)` of the figure in inches. Defaults to the size of all panels and the margins.
        panel: `(width, height)` of a panel in inches. Defaults to `(4.6, 3.4)`.
        grid: whether panels have a grid and no box, as suits curves but not images. Defaults to True.
        **subplots: further arguments of `Figure.subplots`.

    Returns:
        `(figure, axes)`; axes is an array of shape `(rows, columns)`.
    """
    figure = Figure(figsize=size or (panel[0] * columns, panel[1] * rows + 1.3), dpi=DPI, layout="constrained")
    figure.get_layout_engine().set(h_pad=0.08, w_pad=0.08)
    axes = figure.subplots(rows, columns, squeeze=False, **subplots)
    for ax in axes.flat if grid else ():
        ax.grid(color="0.9", linewidth=0.8)
        ax.set_axisbelow(True)
        ax.spines[["top", "right"]].set_visible(False)
    return figure, axes


def integer_epochs(ax, label="epoch"):
    """Label the x axis, which defaults to "epoch", with ticks at whole numbers."""
    ax.set_xlabel(label)
    ax.xaxis.get_major_locator().set_params(integer=True)


def whiskers(mean, low, high):
    """The two sides of intervals, as `Axes.errorbar` takes them.

    Args:
        mean, low, high: numbers, or arrays `(intervals,)`; NaN where they are unknown.

    Returns:
        Array `(2, intervals)` of their lengths; None where none is known, of which matplotlib 3.7 would warn.
    """
    lengths = np.reshape([mean - low, high - mean], (2, -1))
    return None if np.isnan(lengths).all() else lengths


def explain_empty(ax, text="no finite value"):
    """Write the reason into an empty panel; it defaults to "no finite value"."""
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", color="0.35")
