"""One arm in a panel of curves: its mean with a band where that tells what its runs do, else the runs themselves and their median."""

from typing import NamedTuple

import numpy as np
from matplotlib.ticker import NullLocator

from common.experiment.measures import LOG_FLOOR
from common.figures.drawing import DASHES, MARKERS
from common.figures.panels import apart, smoothed
from common.stats import mean_curve

STRIP = 0.11  # of the height of a panel, below a log axis, where zeros stand
FAINT = {"marker": "", "linewidth": 0.7, "alpha": 0.45}


class Curve(NamedTuple):
    """The drawn curve of an arm.

    Attributes:
        label: the arm in words.
        epochs: array `(epochs,)`.
        center, low, high: arrays `(epochs,)`: the mean over the finite runs, geometric on a log axis, and its interval; where `by_run`, the
            median and the range of the runs.
        by_run: whether the runs are drawn one by one, because they fall into two groups, or because some are zero on a log axis.
        zeros, diverged, runs: numbers of runs: with a value that a log axis cannot show, with one that is not finite, and of all.
        zero: those values in words.
    """

    label: str
    epochs: np.ndarray
    center: np.ndarray
    low: np.ndarray
    high: np.ndarray
    by_run: bool
    zeros: int
    diverged: int
    runs: int
    zero: str


def draw_arm(ax, runs, label, style, panel, by_run=None):
    """Draw one arm.

    Args:
        ax: the axes.
        runs: DataFrame `(epochs, seeds)`, as measured.
        label: the arm in words.
        style: keyword arguments of `Axes.plot`.
        panel: the `Panel`.
        by_run: whether run by run. Defaults to None: if `apart` says so.

    Returns:
        The `Curve`.
    """
    raw, runs = runs, panel.prepare(runs)
    n, lost = raw.shape[1], int((~np.isfinite(raw).all(axis=0)).sum())
    finite = np.isfinite(runs).all(axis=0)
    whole = runs.loc[:, finite]
    low = whole < LOG_FLOOR if panel.scale == "log" else whole.isna()
    name = f"{label} ({lost} of {n} diverged)" if lost else label
    _draw_diverged(ax, runs.loc[:, ~finite], style)
    if apart(raw, panel) if by_run is None else by_run:
        numbers = _draw_runs(ax, whole, low, name, style)
    else:
        if panel.prepare is smoothed:
            behind = mean_curve(raw.loc[:, finite].to_numpy().T, panel.scale == "log")[0]
            ax.plot(raw.index, behind, color=style["color"], linestyle=style["linestyle"], **FAINT)
        numbers = _draw_mean(ax, whole, name, style, panel)
    zero = f"below {LOG_FLOOR:g}" if (whole[low] > 0).any(axis=None) else "exactly 0"
    return Curve(label, whole.index.to_numpy(), *numbers, int(low.any().sum()), lost, n, zero)


def draw_strip(ax, label=""):
    """Below a log axis, set off by a break, the strip in which `draw_arm` put the zeros.

    Args:
        ax: the axes, after `make_room`.
        label: of the strip. Defaults to none.
    """
    ax.fill_between([0, 1], 0, STRIP, transform=ax.transAxes, color="0.93", linewidth=0, zorder=0)
    ax.plot([0, 1], [STRIP, STRIP], transform=ax.transAxes, color="white", linewidth=2.5, clip_on=False, zorder=4)
    slash = {"marker": [(-1, -0.5), (1, 0.5)], "markersize": 7, "color": "0.2", "linestyle": "", "clip_on": False}
    ax.plot([0, 0], [STRIP - 0.012, STRIP + 0.012], transform=ax.transAxes, zorder=5, **slash)
    ax.text(-0.03, STRIP / 2, label, transform=ax.transAxes, ha="right", va="center")


def make_room(ax):
    """Widen a log axis downwards, by the strip of `draw_strip`."""
    low, high = ax.get_ylim()
    ticks = [tick for tick in ax.get_yticks() if low <= tick <= high]
    ax.set_yticks(ticks)
    ax.yaxis.set_minor_locator(NullLocator())
    ax.set_ylim(low * (low / high) ** (STRIP / (1 - STRIP)), high)


def _draw_mean(ax, runs, label, style, panel):
    lowest = panel.lowest if panel.scale == "percent" else None
    mean, low, high = mean_curve(runs.to_numpy().T, panel.scale == "log", panel.correction, lowest)
    if np.isfinite(low).any():
        ax.fill_between(runs.index, low, high, color=style["color"], alpha=0.15, linewidth=0)
    ax.plot(runs.index, mean, label=label, markevery=_marked(runs, style), **style)
    return mean, low, high, False


def _draw_runs(ax, runs, low, label, style):
    """Each run thin, their median thick; zeros in the strip."""
    median = runs.median(axis=1)
    thin = {**style, **FAINT}
    strip = {"transform": ax.get_xaxis_transform(), "clip_on": False}
    # In the strip each run has a height of its own, and each arm others, or they would hide each other.
    step = STRIP * 0.8 / runs.shape[1]
    first = step * ((2 * MARKERS.index(style["marker"]) + DASHES.index(style["linestyle"])) % 4 + 0.5) / 4
    for place, seed in enumerate(runs.columns):
        ax.plot(runs.index, runs[seed].where(~low[seed]), **thin)
        if low[seed].any():
            height = first + step * place
            ax.plot(runs.index, np.where(low[seed], height, np.nan), color=style["color"], linewidth=1.0, **strip)
    shown = median.where(median >= LOG_FLOOR) if low.any(axis=None) else median
    if shown.isna().any():
        ax.plot(runs.index, np.where(shown.isna(), STRIP * 0.92, np.nan), color=style["color"], linewidth=1.9, **strip)
    ax.plot(runs.index, shown, label=label, markevery=_marked(runs, style), **{**style, "linewidth": 1.9})
    return median.to_numpy(), runs.min(axis=1).to_numpy(), runs.max(axis=1).to_numpy(), True


def _marked(runs, style):
    """About six markers a line, at places of their own for each marker, so that lines on top of each other show."""
    step = max(1, len(runs) // 6)
    return MARKERS.index(style["marker"]) * step // len(MARKERS), step


def _draw_diverged(ax, runs, style):
    cross = {"marker": "x", "linestyle": "", "color": style["color"], "markersize": 7, "markeredgewidth": 1.6}
    for seed in runs.columns:
        run = runs[seed].where(np.isfinite(runs[seed])).dropna()
        if len(run):
            ax.plot(run.index, run, linewidth=0.7, color=style["color"], linestyle=style["linestyle"])
            ax.plot(run.index[-1:], run[-1:], **cross)
        else:  # never finite: a cross at the upper edge, above the first epoch
            ax.plot(runs.index[:1], [0.98], transform=ax.get_xaxis_transform(), **cross)
