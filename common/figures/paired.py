"""The effect of one setting, seed by seed, in every arm."""

import numpy as np
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

from common.experiment import formatting
from common.experiment.formatting import number
from common.experiment.measures import ON_TEST_SAMPLES
from common.figures.dots import draw_mean, draw_runs, height_of_rows, name_rows
from common.figures.drawing import COLORS, Drawing, fitted, new_figure
from common.figures.words import End, named
from common.stats import judge, paired_differences

FAR = 20.0  # points; of differences further apart small ones would not show on a linear axis
LINEAR_POINTS = 1.0  # about zero; beyond, that axis is logarithmic
FEW_TICKS = 30.0  # of the ends of a logarithmic axis: on a shorter one powers of ten are not enough
ROOM = 0.05  # of a scale, beside the outermost values


def paired_figure(summary, column, values, arm_columns, measures, colors, test_variances=None):
    """The effect of one setting on several measures, one row per arm: each seed's difference, and the mean with its interval.

    Args:
        summary: rows of `summary.csv` of one dataset.
        column: name of the column of the setting.
        values: `(from, to)`, two of its values.
        arm_columns: names of the columns that tell arms apart; the first decides the colour.
        measures: the `Measure`s: shares, whose differences are in points, and positive quantities, whose ratios are drawn.
        colors: all values of the first column, in the order of the palette.
        test_variances: `{values of the other arm columns: variance}` of the differences of the final test accuracy that comes from test
            samples which all seeds share. Defaults to None: they have their own.

    Returns:
        A `Drawing`.

    Example:

    ```python
    paired_figure(summary, "schedule", ("constant", "exponential"), ("optimizer", "schedule"), [accuracy], ("sgd", "adam"))
    ```
    """
    keys = [name for name in arm_columns if name != column]
    first, second = (summary[summary[column] == value].set_index([*keys, "seed"]).sort_index() for value in values)
    both = first.index.intersection(second.index)
    first, second = first.loc[both], second.loc[both]
    arms = [arm for arm in dict.fromkeys(summary[keys].itertuples(index=False, name=None)) if (both.droplevel("seed") == arm).any()]
    hues, labels, parts = [COLORS[colors.index(arm[0]) % len(COLORS)] for arm in arms], [formatting.arm(keys, arm) for arm in arms], []
    figure, axes = new_figure(1, len(measures), height=height_of_rows(labels) + 0.8, sharey=True)
    for ax, measure in zip(axes.flat, measures, strict=True):
        effects = _effects(measure, first[measure.name], second[measure.name], arms)
        variances = [1e4 * (test_variances or {}).get(arm, 0.0) * (measure.name == ON_TEST_SAMPLES) for arm in arms]  # in points
        judged = [judge(of_arm, measure.correction, variance) for of_arm, variance in zip(effects, variances, strict=True)]
        parts.append(_draw_effects(ax, effects, judged, measure, hues, labels))
        kind = "change, points" if measure.kind == "share" else "ratio"
        ax.set_title(fitted(f"{measure.label}: {kind}", len(measures)))
    name_rows(axes.flat[0], range(len(arms)), labels)
    to = f"{formatting.name_of(values[1])} against {formatting.name_of(values[0])}"
    note = f"{to}, seed by seed; dots: seeds; diamond: mean (median where seeds fall into two groups), with its 95 % interval"
    return Drawing(figure, f"A row per arm: {to}.", " ".join(part[0].upper() + part[1:] for part in parts), note)


def _effects(measure, first, second, arms):
    """The differences of each arm's seeds: in points of a share, else of logarithms."""
    with np.errstate(divide="ignore", invalid="ignore"):
        change = (lambda x: 100 * x) if measure.kind == "share" else np.log
        return [paired_differences(change(second.loc[arm].to_numpy()), change(first.loc[arm].to_numpy())) for arm in arms]


def _draw_effects(ax, effects, judged, measure, colors, labels):
    """The effects of all arms on a measure. Returns them in words."""
    points = measure.kind == "share"
    back = np.asarray if points else np.exp
    ends = np.array([[end if np.isfinite(end) else np.nan for end in one.interval()] for one in judged])
    _set_scale(ax, back(np.concatenate([*effects, ends.ravel()])), points)
    clear = []
    for place, (of_arm, one, (low, high)) in enumerate(zip(effects, judged, ends, strict=True)):
        draw_runs(ax, back(of_arm), place)
        mean, low, high = map(float, back([one.estimate, low, high]))
        if np.isfinite(mean):
            draw_mean(ax, mean, low, high, place, colors[place])
        if low > (no_effect := 0 if points else 1) or high < no_effect:
            clear.append(End(labels[place], mean, low, high))
    ax.axvline(0 if points else 1, color="0.3", linewidth=0.8)
    ax.grid(axis="y", visible=False)
    if np.isnan(ends).all():
        return f"{measure.label}: too few seeds for an interval."
    if not clear:
        return f"{measure.label}: in no arm does the interval exclude that nothing changes."
    sign = "+" if points else ""
    shown = [f"{end.label} {sign * (end.value > 0)}{number(end.value)}" for end in _largest_first(clear, points)]
    return f"{measure.label}, {'points' if points else 'ratio'}, where the interval excludes that nothing changes: {named(shown)}."


def _largest_first(ends, points):
    return sorted(ends, key=lambda end: -abs(end.value if points else np.log(end.value)))


def _set_scale(ax, values, points):
    """A scale on which all values have room: linear or, where they are far apart, logarithmic on both sides of no effect."""
    values = values[np.isfinite(values) & (points | (values > 0))]
    values = np.append(values, 0 if points else 1)
    low, high = values.min(), values.max()
    if not points:
        ax.set_xscale("log")
        room = (high / low) ** ROOM if high > low else 1.1
        ax.set_xlim(low / room, high * room)
        ax.xaxis.set_minor_locator(LogLocator(subs=(2, 5)))
        ax.xaxis.set_minor_formatter(FormatStrFormatter("%g") if high < FEW_TICKS * low else NullFormatter())
    elif high - low > FAR:
        ax.set_xscale("symlog", linthresh=LINEAR_POINTS)
        ax.set_xticks([tick for tick in (-100, -30, -10, -3, -1, 0, 1, 3, 10, 30, 100) if 1.5 * low <= tick <= 1.5 * high])
        ax.set_xlim(1.3 * min(low, 0) - 0.1, 1.3 * max(high, 0) + 0.1)
    else:
        room = ROOM * max(high - low, 0.1)
        ax.set_xlim(low - room, high + room)
    ax.xaxis.set_major_formatter(FormatStrFormatter("%g"))
