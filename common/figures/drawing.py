"""The parts that all figures share: colours, markers, empty panels, and the `Drawing` that each drawing function returns."""

import textwrap
from typing import NamedTuple

import numpy as np

from common.lazy import LazyModule

matplotlib_figure = LazyModule("matplotlib.figure")

# Okabe & Ito's colours for the colour-blind, those that also differ in brightness. Written out: matplotlib has them only from 3.11 on.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")  # these and the dashes tell lines apart without colour
DASHES = ("-", (0, (4, 2)), (0, (1, 1)), (0, (5, 1, 1, 1)))
WIDTH = 7.0  # inches, of every figure: what a page of paper has room for
TEXT = 8  # points, the least size of any text, in print too
LETTERS_ACROSS = 96  # of such text, that fit beside each other
DPI = 180
STYLE = {  # of matplotlib, in which all figures are drawn
    "font.size": TEXT,
    "axes.titlesize": TEXT,
    "axes.labelsize": TEXT,
    "xtick.labelsize": TEXT,
    "ytick.labelsize": TEXT,
    "legend.fontsize": TEXT,
    "legend.title_fontsize": TEXT,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "axes.linewidth": 0.6,
    "svg.fonttype": "none",
    "svg.hashsalt": "How a small network trains",
}


class Drawing(NamedTuple):
    """A figure without title, footer and file: `common.figures.saved` adds these.

    Attributes:
        figure: a matplotlib `Figure`.
        shows: the panels, in words.
        finding: the result, in a sentence.
        note: words for the footer, behind the experiment's settings. Defaults to none.
        legend: `(handles, labels)` of one legend below all panels. Defaults to None, no legend.
    """

    figure: "matplotlib.figure.Figure"  # noqa: F821
    shows: str
    finding: str
    note: str = ""
    legend: tuple | None = None


def new_figure(rows, columns, height=2.1, grid=True, **subplots):
    """An empty figure with `rows` x `columns` panels, `WIDTH` inches wide, laid out when it is saved. All its text has `TEXT` points.

    Args:
        rows, columns: numbers of panels; of curves at most three columns.
        height: of a row of panels in inches. Defaults to 2.1.
        grid: whether panels have a grid and no box, as suits curves but not images. Defaults to True.
        **subplots: further arguments of `Figure.subplots`.

    Returns:
        `(figure, axes)`; axes is an array of shape `(rows, columns)`.
    """
    figure = matplotlib_figure.Figure(figsize=(WIDTH, height * rows + 1.0), dpi=DPI, layout="constrained")
    figure.get_layout_engine().set(h_pad=0.05, w_pad=0.05)
    axes = figure.subplots(rows, columns, squeeze=False, **subplots)
    for ax in axes.flat if grid else ():
        ax.grid(color="0.9", linewidth=0.6)
        ax.set_axisbelow(True)
        ax.spines[["top", "right"]].set_visible(False)
    return figure, axes


def fitted(text, columns):
    """The text in lines that fit above one of so many panels side by side."""
    return textwrap.fill(text, LETTERS_ACROSS // columns)


def format_percent(axis):
    """Ticks of an axis of shares in percent."""
    axis.set_major_formatter(lambda value, _: f"{100 * value:g} %")


def integer_epochs(ax):
    """Label the x axis as one of epochs, with ticks at whole numbers."""
    ax.set_xlabel("epoch")
    low, high = ax.get_xlim()
    if high - low < 1:  # a single epoch
        ax.set_xlim((low + high) / 2 - 0.5, (low + high) / 2 + 0.5)
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
