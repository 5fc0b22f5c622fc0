"""Runs as dots: places in which none hides another, and scales on which none squeezes the others."""

import itertools
import textwrap

import numpy as np

from common.figures.drawing import whiskers

INCHES_PER_ROW, INCHES_PER_LINE = 0.27, 0.15
ROW_LETTERS = 32  # of a label, in a line
DOT = 9  # points², of a run
DRAWN = 0.7  # of a panel's width, once its labels have their room
ABOVE, BELOW = 0.02, 0.22  # of a row: from its middle to the lowest dots, and to the mean
STEP, HEIGHT = 0.13, 0.5  # of a row: between two dots, and of all of them
LEAST_WIDTH = 1.0  # points, of a range
GAIN = 0.5  # a broken axis is worth it where it leaves an average value no more than so much of the range
LEAST_RANGE = 20.0  # points; a shorter axis is never broken


def height_of_rows(labels):
    """Height in inches of a panel with a row for each label, as `name_rows` wraps them."""
    lines = max((len(textwrap.wrap(label, ROW_LETTERS)) for label in labels), default=1)
    return len(labels) * max(INCHES_PER_ROW, INCHES_PER_LINE * lines)


def name_rows(ax, places, labels):
    """Label the rows of a panel, the first above.

    Args:
        ax: the axes.
        places: of the rows, from 0.
        labels: their labels.
    """
    ax.set_yticks(places, [textwrap.fill(label, ROW_LETTERS) for label in labels])
    ax.set_ylim(len(labels) - 0.4, -0.6)


def draw_runs(ax, values, place, color="0.35"):
    """Draw runs as dots along a row, those that would hide each other in steps above it.

    Args:
        ax: the axes, whose x axis has its scale and limits already.
        values: array `(runs,)`; those beyond the limits are left out.
        place: of the row, on an inverted y axis.
        color: of the dots. Defaults to a grey.
    """
    low, high = ax.get_xlim()
    values = np.asarray(values, dtype=float)
    values = np.sort(values[(values >= low) & (values <= high)])
    at = (ax.transData + ax.transAxes.inverted()).transform(np.column_stack([values, np.zeros(len(values))]))[:, 0]
    inches = ax.get_position().width * ax.figure.get_figwidth() * DRAWN
    steps = beside_each_other(at, np.sqrt(DOT) / 72 / inches)
    rise = min(STEP, HEIGHT / max(steps.max(initial=0), 1))
    ax.scatter(values, place - ABOVE - rise * steps, s=DOT, facecolors="none", edgecolors=color, linewidths=0.6, zorder=2)


def draw_mean(ax, mean, low, high, place, color):
    """Draw a mean with its interval below the dots of `draw_runs`.

    Args:
        ax: the axes.
        mean, low, high: numbers, on the x axis; the ends are NaN where they are unknown.
        place: of the row, on an inverted y axis.
        color: of the diamond and its whiskers.
    """
    ax.errorbar(mean, place + BELOW, xerr=whiskers(mean, low, high), fmt="D", ms=4, color=color, capsize=2.5, zorder=3)


def beside_each_other(values, width):
    """The steps by which dots are moved aside so that they do not hide each other.

    Args:
        values: array `(runs,)`.
        width: of a dot, in the same unit.

    Returns:
        Int array `(runs,)`: 0 for a dot that stays in its place, 1 for one that stands above another, and so on.

    Example:

    ```python
    beside_each_other(np.array([1.0, 1.0, 5.0, 1.0]), 0.5)  # array([0, 1, 0, 2])
    ```
    """
    steps = np.zeros(len(values), dtype=int)
    for i, value in enumerate(values):
        taken = set(steps[:i][np.abs(values[:i] - value) < width])
        while steps[i] in taken:
            steps[i] += 1
    return steps


def scales(values):
    """The ranges of an axis: one, or two where a few values far away would squeeze all others.

    Args:
        values: array of all that is to be drawn, in points.

    Returns:
        List of one or two `(low, high)`, the second above the first.

    Example:

    ```python
    scales(np.array([10.0, 96, 97, 98, 97]))  # [(9.5, 10.5), (96.0, 98.0)]
    ```
    """
    ordered = np.sort(values)
    if not len(ordered):
        return [(0.0, 1.0)]
    whole = ordered[-1] - ordered[0]
    if whole < LEAST_RANGE:
        return [_range(ordered)]
    n = len(ordered)
    below = np.arange(1, n)
    width = (below * (ordered[:-1] - ordered[0]) + (n - below) * (ordered[-1] - ordered[1:])) / n
    at = int(width.argmin()) + 1
    return [_range(ordered[:at]), _range(ordered[at:])] if width[at - 1] < GAIN * whole else [_range(ordered)]


def _range(values):
    low, high = float(values[0]), float(values[-1])
    missing = max(0.0, LEAST_WIDTH - (high - low)) / 2
    return low - missing, high + missing


def break_marks(axes):
    """Marks between neighbouring panels that are parts of one broken axis.

    Args:
        axes: from left to right.
    """
    slash = {"marker": [(-0.5, -1), (0.5, 1)], "markersize": 8, "color": "0.2", "linestyle": "", "clip_on": False}
    for left, right in itertools.pairwise(axes):
        right.spines["left"].set_visible(False)
        right.tick_params(axis="y", left=False)
        left.plot([1], [0], transform=left.transAxes, **slash)
        right.plot([0], [0], transform=right.transAxes, **slash)
