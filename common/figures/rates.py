"""The learning rate: its schedule, and what accuracy comes of it."""

import itertools
from dataclasses import replace

import numpy as np
from matplotlib.ticker import NullLocator

from common.experiment import formatting
from common.experiment.formatting import number
from common.figures.curves import draw_curves, finish, legend_of
from common.figures.dots import DOT, beside_each_other
from common.figures.drawing import Drawing, format_percent, new_figure, whiskers
from common.figures.words import End, compared, named

SIDE = 1.09  # the factor between the places of two arms at one rate, at most
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999)  # of accuracies
FEWEST_STEPS = 4  # that the runs of an arm have room for, before the next one's interval
LEAST = 4e-4  # of an accuracy or an error that such an axis has room for; what is less is drawn there
ROOM = 0.04  # of the axis, beside the outermost runs


def schedule_figure(history, panel, styles):
    """The learning rate over epochs, one line per first rate and schedule.

    Args:
        history: rows of `history.csv` of one dataset.
        panel: the `Panel` of the learning rate.
        styles: the `Styles` of the arms, whose hue is not heeded: the schedules are the same under every optimizer.

    Returns:
        A `Drawing`.
    """
    styles = replace(styles, color=None)
    rows = history.drop_duplicates([*styles.columns, "seed", "epoch"])
    figure, axes = new_figure(1, 1, height=2.2)
    (ax,) = axes.flat
    curves = draw_curves(ax, rows, styles, panel)
    finish([ax], [curves], [""], panel.scale)
    ax.set_ylabel(panel.label)
    falling = [curve for curve in curves if curve.center[-1] < curve.center[0]]
    ends = [f"{curve.label} from {number(curve.center[0])} to {number(curve.center[-1])}" for curve in falling]
    finding = f"Over {int(curves[0].epochs[-1])} epochs the rate falls: {named(ends)}." if ends else "The rate stays as it is."
    return Drawing(figure, "One line per learning rate and schedule.", finding, "the same under every optimizer", legend_of([ax]))


def accuracy_by_rate_figure(tables, measure, styles):
    """Final accuracy against the learning rate, one line per further arm: each run a dot, with the mean and its interval.

    Args:
        tables: `{name: DataFrame}` of one dataset, with summary and table.
        measure: the `Measure` of the accuracy in `summary.csv`.
        styles: the `Styles` of the arms; the shade is the learning rate, which is on the x axis.

    Returns:
        A `Drawing`.
    """
    rate, keys = styles.shade, [name for name in styles.columns if name != styles.shade]
    lines = replace(styles, shade=None, shades=None)
    table, runs = tables["table"], dict(iter(tables["summary"].groupby([*keys, rate], sort=False)))
    arms, best, grouped = list(lines.arms(table)), [], []
    figure, axes = new_figure(1, 1, height=3.4)
    (ax,) = axes.flat
    ax.set_xscale("log")
    _stretch(ax, runs, measure)
    ticks = sorted(table[rate].unique())
    side = min([SIDE, *((b / a) ** (0.45 / len(arms)) for a, b in itertools.pairwise(ticks))])
    for i, (label, style, rows) in enumerate(arms):
        rows = rows.sort_values(rate)
        at = rows[rate].to_numpy() * side ** (i - (len(arms) - 1) / 2)  # side by side, because some arms have the same value
        mean, low, high = (rows[f"{measure.name}_{part}"].to_numpy() for part in ("mean", "ci_low", "ci_high"))
        center = mean.clip(LEAST, 1 - LEAST)
        sides = whiskers(center, low.clip(LEAST, center), high.clip(center, 1 - LEAST))
        ax.errorbar(at, center, yerr=sides, label=label, capsize=2, **style)
        for x, key in zip(at, rows[[*keys, rate]].itertuples(index=False, name=None), strict=True):
            values = runs[key][measure.name]
            _draw_runs(ax, x, values.dropna().clip(LEAST, 1 - LEAST).to_numpy(), style["color"], side)
        grouped += [f"{label}, {formatting.arm([rate], [each])}" for each, value in zip(rows[rate], mean, strict=True) if np.isnan(value)]
        if np.isfinite(mean).any():
            top = int(np.nanargmax(mean))
            best.append(End(f"{label} at {formatting.exact(rows[rate].iloc[top])}", mean[top], low[top], high[top]))
    ax.set_xticks(ticks, [formatting.exact(tick) for tick in ticks])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("learning rate")
    ax.set_ylabel(f"{measure.label} (logit axis)")
    finding = f"At the best rate of each arm, accuracy is {compared(best, 'share')}."
    finding += f" No mean: {named(grouped)}, whose runs fall into two groups or diverged." if grouped else ""
    note = "mean with 95 % interval; circles: runs; arms stand beside each other at each rate"
    return Drawing(figure, "Accuracy against the learning rate.", finding, note, ax.get_legend_handles_labels())


def _draw_runs(ax, x, values, color, side):
    """Runs right of an arm's interval, those that would hide each other further to the right."""
    at = (ax.transData + ax.transAxes.inverted()).transform(np.column_stack([np.full(len(values), x), values]))[:, 1]
    steps = 1 + beside_each_other(at, np.sqrt(DOT) / 72 / (ax.get_position().height * ax.figure.get_figheight()))
    places = x * side ** (0.85 * steps / max(steps.max(initial=1), FEWEST_STEPS))
    ax.scatter(places, values, s=DOT, facecolors="none", edgecolors=color, linewidths=0.5)


def _stretch(ax, runs, measure):
    """A logit axis: most arms end within a few points of each other, near 100 %, and some near chance."""
    values = np.concatenate([of_cell[measure.name] for of_cell in runs.values()])
    values = values[np.isfinite(values)].clip(LEAST, 1 - LEAST)
    low, high = (np.log(one / (1 - one)) for one in ((values.min(), values.max()) if len(values) else (LEAST, 1 - LEAST)))
    room = ROOM * (high - low) + 0.1
    ax.set_yscale("logit", nonpositive="clip")
    ax.set_ylim(*(1 / (1 + np.exp(-end)) for end in (low - room, high + room)))
    edges = [edge for edge, reached in ((LEAST, values <= LEAST), (1 - LEAST, values >= 1 - LEAST)) if reached.any()]
    ax.set_yticks([tick for tick in (*TICKS, *edges) if ax.get_ylim()[0] <= tick <= ax.get_ylim()[1]])
    format_percent(ax.yaxis)
    ax.yaxis.set_minor_locator(NullLocator())
