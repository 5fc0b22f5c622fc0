"""The loss along straight lines between the ends of trainings from the same initial weights."""

import numpy as np
from matplotlib.ticker import FormatStrFormatter

from common.experiment.formatting import number
from common.experiment.measures import LOG_FLOOR
from common.figures.drawing import Drawing, format_percent, new_figure
from common.figures.words import named

SEEN = 1.01  # the least factor by which a rise is one
THIN = {"linewidth": 0.6, "alpha": 0.4, "marker": ""}


def between_figure(lines, ends, styles, measure, reference):
    """The training loss on the way from one arm's end to those of others: thin each seed, bold their mean.

    Args:
        lines, ends: rows of `control_lines.csv` and `control_ends.csv` of one dataset.
        styles: the `Styles` of their arms.
        measure: the `Measure` of the loss, a column of `lines`.
        reference: the arm at whose ends the lines begin, in words.

    Returns:
        A `Drawing`.
    """
    figure, axes = new_figure(1, 1, height=2.9)
    (ax,) = axes.flat
    ax.set_yscale("log")
    told = []
    for label, style, rows in styles.arms(lines):
        arm = dict(rows.iloc[0][styles.columns])
        run = ends[np.logical_and.reduce([ends[name] == value for name, value in arm.items()])]
        apart, start = number(run["ends_apart"].mean()), number(run["from_start"].mean())
        course = _draw(ax, rows, measure, style, f"{label}: ends {apart} apart, {start} from the start")
        told.append(f"{label}, whose ends lie {apart} away and {start} from the start, the {measure.label} {course}")
    ax.set_xlabel(f"share of the way from the end of {reference}")
    ax.set_ylabel(measure.label)
    format_percent(ax.xaxis)
    ax.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    note = "thin: seeds; bold: mean over seeds, geometric; both ends of a line come from the same initial weights and batch order"
    shows = f"{measure.label[:1].upper()}{measure.label[1:]} along the line from the end of {reference}."
    return Drawing(figure, shows, f"On the line to {named(told)}.", note, ax.get_legend_handles_labels())


def _draw(ax, rows, measure, style, label):
    """The lines of an arm. Returns in words where their mean begins and ends, and whether it rises above both."""
    runs = rows.pivot(index="share", columns="seed", values=measure.name).clip(lower=LOG_FLOOR)
    mean = np.exp(np.log(runs).mean(axis=1))
    ax.plot(runs.index, runs.to_numpy(), **{**style, **THIN})
    ax.plot(mean.index, mean, label=label, **{**style, "linewidth": 2.0})
    first, last, top = mean.iloc[0], mean.iloc[-1], mean.max()
    ends = f"goes from {number(first)} to {number(last)}"
    return f"{ends} and rises to {number(top)} between" if top > SEEN * max(first, last) else f"{ends} and nowhere rises above both"
