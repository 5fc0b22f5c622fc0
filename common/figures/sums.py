"""Accuracy against the sum of the learning rates that were spent, for all schedules."""

import numpy as np
from matplotlib.ticker import FormatStrFormatter

from common.experiment import formatting
from common.experiment.formatting import exact, percent
from common.figures.curves import legend_of
from common.figures.drawing import Drawing, format_percent, new_figure
from common.stats import mean_curve

DECAYED, CONSTANT = "exponential", "constant"


def sums_figure(history, styles, measure, groups, gains):
    """Test accuracy against the sum of rates so far: one line per optimizer and schedule, and where decay ends.

    Args:
        history: rows of `history.csv` of one dataset, of one first rate; those of controls among them.
        styles: the `Styles` of its arms: the hue is the optimizer, the dashes are the schedule.
        measure: the `Measure` of the accuracy.
        groups: the optimizers of each panel, list of tuples of one or two.
        gains: `{optimizer: the factor by which its steps add up to more than its rates}`; 1 for others.

    Returns:
        A `Drawing`.
    """
    figure, axes = new_figure(1, len(groups), height=2.9)
    told = []
    for ax, names in zip(axes.flat, groups, strict=True):
        ax.set_xscale("log")
        lines = {}
        for label, style, rows in styles.arms(history[history[styles.color].isin(names)]):
            name, schedule = rows.iloc[0][[styles.color, "schedule"]]
            lines[name, schedule] = spent, accuracy = _line(rows, measure, gains.get(name, 1.0))
            ax.plot(spent, accuracy, label=label, markevery=[-1], **style)
        told += [_told(ax, name, lines) for name in names if {(name, DECAYED), (name, CONSTANT)} <= lines.keys()]
        ax.set_title(" and ".join(map(formatting.name_of, names)))
        ax.set_xlabel(
            "sum of rates, epochs x η" + "".join(f" (momentum: x {exact(round(gains[name], 6))})" for name in names if name in gains)
        )
        ax.xaxis.set_major_formatter(FormatStrFormatter("%g"))
        format_percent(ax.yaxis)
    axes.flat[0].set_ylabel(measure.label)
    note = "mean over seeds; a marker where a line ends, a cross on the constant rate where it has spent what decay spends in all"
    finding = " ".join(told) or "No optimizer has both schedules."
    return Drawing(figure, f"{measure.label[:1].upper()}{measure.label[1:]} against the sum of rates.", finding, note, legend_of(axes.flat))


def _line(rows, measure, gain):
    """`(sum of rates, mean accuracy)` over epochs, two arrays."""
    spent = rows.groupby("epoch")["learning_rate"].mean().cumsum().to_numpy() * gain
    runs = rows.pivot(index="seed", columns="epoch", values=measure.name).to_numpy()
    return spent, mean_curve(runs, False, measure.correction, measure.lowest)[0]


def _told(ax, name, lines):
    """Mark the constant rate where it has spent what decay spends, and say what both are at then."""
    (spent, constant), (of_decay, decayed) = lines[name, CONSTANT], lines[name, DECAYED]
    there = int(np.abs(spent - of_decay[-1]).argmin())
    ax.plot(spent[there], constant[there], marker="x", markersize=8, markeredgewidth=1.6, color="black", linestyle="", zorder=5)
    ends = [percent(value) for value in (decayed[-1], constant[there], constant[-1])]
    words = formatting.name_of(name)
    return f"{words[:1].upper()}{words[1:]}: decay ends at {ends[0]}; at that sum the constant rate is at {ends[1]}, and ends at {ends[2]}."
