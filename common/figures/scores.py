"""One number per run: the final accuracies of all cells, and several measures against a factor."""

import numpy as np

from common.experiment import formatting
from common.experiment.measures import share
from common.figures import findings
from common.figures.drawing import COLORS, Drawing, new_figure, whiskers
from common.results.summary import described_runs
from common.results.text import groups_by_cell, measured

ACCURACY = share("final_test_accuracy", "final test accuracy")


def accuracy_figure(tables, arm_columns):
    """Final test accuracy, one row per cell: each run as a dot, with the mean and its interval, also in numbers.

    Args:
        tables: `{name: DataFrame}` of one dataset, with summary, table and groups.
        arm_columns: names of the columns that tell arms apart; the first decides the colour.

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
    figure, axes = new_figure(1, 1, size=(9, 1.8 + 0.34 * len(rows)))
    (ax,) = axes.flat
    families = list(dict.fromkeys(row[arm_columns[0]] for row in rows))
    for place, row in enumerate(rows):
        cell = (row["dataset"], *map(row.get, arm_columns))
        color = COLORS[families.index(cell[1]) % len(COLORS)]
        diverged = int(runs_of[cell]["diverged"].astype(bool).sum())
        _draw_cell(ax, place, row, runs_of[cell]["final_test_accuracy"], color)
        text = measured(ACCURACY, row, grouped.get(cell, {}), interval=True) + (f"  {diverged} diverged" if diverged else "")
        ax.annotate(text, (1.01, place), xycoords=("axes fraction", "data"), va="center", fontsize=9)
    ax.set_yticks(range(len(rows)), [formatting.arm(arm_columns, map(row.get, arm_columns)) for row in rows])
    ax.invert_yaxis()
    left, right = ax.get_xlim()
    ax.set_xlim(max(left, 0), min(right, 100))  # without zero: dots are compared by position, and some arms lie within a point
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("test accuracy after the last epoch, %   (dots: runs; diamond: mean and 95 % interval)")
    finding = findings.of_doses(tables["summary"], arm_columns, [ACCURACY._replace(label="Mean accuracy")])
    return Drawing(figure, f"{len(rows)} cells, a row each: every run, and the mean with its 95 % interval.", finding)


def _draw_cell(ax, place, row, values, color):
    """The runs of a cell and, unless they fall into two groups, their mean."""
    ax.scatter(100 * values, np.full(len(values), place - 0.18), s=14, facecolors="none", edgecolors="0.45", zorder=2)
    mean, low, high = (100 * row[f"final_test_accuracy_{part}"] for part in ("mean", "ci_low", "ci_high"))
    if np.isfinite(mean):
        ax.errorbar(mean, place + 0.12, xerr=whiskers(mean, low, high), fmt="D", ms=5, color=color, capsize=3, zorder=3)


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
    figure, axes = new_figure(1, len(measures), panel=(3.9, 3.6), sharey=True)
    levels = [values for values, _ in summary.groupby(list(doses), sort=False)]
    arms = list(styles.arms(summary))
    for ax, measure in zip(axes.flat, measures, strict=True):
        for i, (arm, style, rows) in enumerate(arms):
            at = np.arange(len(levels)) + 0.07 * (i - (len(arms) - 1) / 2)  # side by side, because some arms have the same value
            _draw_doses(ax, at, [runs[measure.name] for _, runs in rows.groupby(list(doses), sort=False)], measure, arm, style)
        ax.set_title(measure.label, fontsize=10)
        ax.set_xticks(range(len(levels)), ["\n".join(map(formatting.word, values)) for values in levels])
        ax.set_xlabel(", ".join(map(formatting.name_of, doses)))
        ax.set_ylim(-4, 104)
    axes.flat[0].set_ylabel("%")
    finding = findings.of_doses(summary, [styles.color, *doses], measures)
    shows = f"{len(measures)} panels: {', '.join(measure.label for measure in measures)}."
    legend = axes.flat[0].get_legend_handles_labels()
    return Drawing(figure, shows, finding, "mean and 95 % interval; dots: runs", legend)


def _draw_doses(ax, positions, levels, measure, label, style):
    described = [described_runs(values, measure) for values in levels]
    mean, low, high = (100 * np.array([getattr(one, part) for one in described]) for part in ("location", "low", "high"))
    ax.errorbar(positions, mean, yerr=whiskers(mean, low, high), label=label, capsize=3, markersize=6, **style)
    for x, values in zip(positions, levels, strict=True):
        ax.scatter(np.full(len(values), x), 100 * values, s=12, facecolors="none", edgecolors="0.5", linewidths=0.7, zorder=3)
