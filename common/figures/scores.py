"""One number per run: the final accuracies of all cells, and several measures against a factor."""

import numpy as np

from common.experiment import formatting
from common.experiment.measures import share
from common.figures.dots import DOT, break_marks, draw_mean, draw_runs, height_of_rows, name_rows, scales
from common.figures.drawing import COLORS, Drawing, fitted, new_figure, whiskers
from common.figures.words import End, compared, named
from common.results.summary import described_runs
from common.results.text import groups_by_cell, measured

ACCURACY = share("final_test_accuracy", "final test accuracy")
ROOM = 0.04  # of a scale, beside the outermost values


def accuracy_figure(tables, arm_columns):
    """Final test accuracy, one row per cell: each run as a dot, with the mean and its interval, also in numbers. Where some arms lie so far
    from the rest that these would be squeezed, each part has a scale of its own.

    Args:
        tables: `{name: DataFrame}` of one dataset, with summary, table and groups.
        arm_columns: names of the columns that tell arms apart; the first decides the colour, the second groups the rows.

    Returns:
        A `Drawing`.

    Example:

    ```python
    accuracy_figure(results.tables, ("optimizer", "base_learning_rate"))
    ```
    """
    rows = tables["table"].to_dict("records")
    grouped = groups_by_cell(tables["groups"], arm_columns)
    runs_of = dict(iter(tables["summary"].groupby(["dataset", *arm_columns], sort=False)))
    parts = scales(_ends(tables, rows))
    labels = [formatting.arm(arm_columns, map(row.get, arm_columns)) for row in rows]
    ratios = {"width_ratios": [1, 2][-len(parts) :]}
    figure, axes = new_figure(1, len(parts), height=height_of_rows(labels) + 0.3, sharey=True, gridspec_kw=ratios)
    places, lines = _places(rows, arm_columns)
    families = list(dict.fromkeys(row[arm_columns[0]] for row in rows))
    for ax, (low, high) in zip(axes.flat, parts, strict=True):
        ax.set_xlim(low - ROOM * (high - low), high + ROOM * (high - low))
        ax.locator_params(axis="x", **({"nbins": 8} if ax is axes.flat[-1] else {"nbins": 4, "prune": "upper"}))
        ax.grid(axis="y", visible=False)
        ax.hlines(lines, 0, 1, transform=ax.get_yaxis_transform(), color="0.8", linewidth=0.6)
    for place, row in zip(places, rows, strict=True):
        cell = (row["dataset"], *map(row.get, arm_columns))
        for ax in axes.flat:
            _draw_cell(ax, place, row, runs_of[cell]["final_test_accuracy"], COLORS[families.index(cell[1]) % len(COLORS)])
        _write_numbers(axes.flat[-1], place, row, grouped.get(cell, {}), runs_of[cell])
    name_rows(axes.flat[0], places, labels)
    break_marks(axes.flat)
    axes.flat[-1].set_xlabel("test accuracy after the last epoch, %")
    bare = any(np.isnan(row["final_test_accuracy_ci_low"]) for row in rows)
    note = "dots: runs; diamond: mean, with its 95 % interval" + " (none near chance, of equal or few runs)" * bare
    note += "; the axis is broken: each part has its own scale" * (len(parts) > 1)
    shows = f"{len(rows)} cells, a row each: every run, and the mean with its 95 % interval."
    return Drawing(figure, shows, _finding(rows, arm_columns), note)


def _ends(tables, rows):
    """All that is to be drawn, in percent: runs, and the ends of intervals."""
    ends = [row[f"final_test_accuracy_{part}"] for row in rows for part in ("ci_low", "ci_high")]
    values = 100 * np.array([*tables["summary"]["final_test_accuracy"], *ends], dtype=float)
    return values[np.isfinite(values)]


def _places(rows, arm_columns):
    """`(places, lines)`: the row of each cell, those with the same second setting together, and where lines part these."""
    if len(arm_columns) < 2:
        return list(range(len(rows))), []
    second = list(dict.fromkeys(row[arm_columns[1]] for row in rows))
    order = sorted(range(len(rows)), key=lambda i: second.index(rows[i][arm_columns[1]]))
    counts = [sum(row[arm_columns[1]] == value for row in rows) for value in second]
    return [order.index(i) for i in range(len(rows))], [float(end) - 0.5 for end in np.cumsum(counts)[:-1]]


def _draw_cell(ax, place, row, values, color):
    """The runs of a cell and, unless they fall into two groups, their mean."""
    draw_runs(ax, 100 * values, place)
    mean, low, high = (100 * row[f"final_test_accuracy_{part}"] for part in ("mean", "ci_low", "ci_high"))
    if np.isfinite(mean):
        draw_mean(ax, mean, low, high, place, color)


def _write_numbers(ax, place, row, groups, runs):
    diverged = int(runs["diverged"].astype(bool).sum())
    text = measured(ACCURACY, row, groups, interval=True) + (f"  {diverged} diverged" if diverged else "")
    ax.annotate(text, (1.02, place), xycoords=("axes fraction", "data"), va="center")


def _finding(rows, arm_columns):
    ends, split = [], []
    for row in rows:
        label = formatting.arm(arm_columns, map(row.get, arm_columns))
        mean, low, high = (row[f"final_test_accuracy_{part}"] for part in ("mean", "ci_low", "ci_high"))
        ends.append(End(label, mean, low, high))
        split += [label] if np.isnan(mean) else []
    without = f" No mean: {named(split)}, whose runs fall into two groups or diverged." if split else ""
    return f"Mean accuracy is {compared(ends, 'share')}.{without}"


def dose_figure(summary, styles, doses, measures):
    """Measures against a factor: one panel per measure, one line per arm, each run as a dot.

    Args:
        summary: rows of `summary.csv` of one dataset.
        styles: the `Styles` of the arms, without dashes.
        doses: names of the columns of the factor; their values are taken together.
        measures: the `Measure`s, which are shares.

    Returns:
        A `Drawing`.
    """
    figure, axes = new_figure(1, len(measures), height=2.9, sharey=True)
    levels = [values for values, _ in summary.groupby(list(doses), sort=False)]
    arms, parts = list(styles.arms(summary)), []
    for ax, measure in zip(axes.flat, measures, strict=True):
        ends = []
        for i, (arm, style, rows) in enumerate(arms):
            at = np.arange(len(levels)) + 0.07 * (i - (len(arms) - 1) / 2)  # side by side, because some arms have the same value
            described = _draw_doses(ax, at, [runs[measure.name] for _, runs in rows.groupby(list(doses), sort=False)], measure, arm, style)
            labels = [f"{arm}, {formatting.arm(doses, level)}" for level in levels]
            ends += [End(label, one.location, one.low, one.high) for label, one in zip(labels, described, strict=True)]
        grouped = [end.label for end in ends if np.isnan(end.value)]
        parts.append(f"{measure.label} is {compared(ends, measure.unit)}" + (f", with no mean of {named(grouped)}" if grouped else ""))
        ax.set_title(fitted(measure.label, len(measures)))
        ax.set_xticks(range(len(levels)), ["\n".join(map(formatting.word, values)) for values in levels])
        ax.set_xlabel(", ".join(map(formatting.name_of, doses)))
        ax.set_ylim(-4, 104)
    axes.flat[0].set_ylabel("%")
    finding = f"{'; '.join(parts)}."
    shows = f"{len(measures)} panels: {', '.join(measure.label for measure in measures)}."
    legend = axes.flat[0].get_legend_handles_labels()
    return Drawing(figure, shows, finding[0].upper() + finding[1:], "mean and 95 % interval; dots: runs", legend)


def _draw_doses(ax, positions, levels, measure, label, style):
    described = [described_runs(values, measure) for values in levels]
    mean, low, high = (100 * np.array([getattr(one, part) for one in described]) for part in ("location", "low", "high"))
    ax.errorbar(positions, mean, yerr=whiskers(mean, low, high), label=label, capsize=2.5, **style)
    for x, values in zip(positions, levels, strict=True):
        ax.scatter(np.full(len(values), x), 100 * values, s=DOT, facecolors="none", edgecolors="0.5", linewidths=0.6, zorder=3)
    return described
