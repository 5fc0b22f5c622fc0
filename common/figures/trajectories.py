"""Training loss and test accuracy together: what one of them gains while the other moves."""

import numpy as np
from matplotlib.ticker import FormatStrFormatter, NullLocator

from common.experiment import formatting
from common.experiment.formatting import number, percent
from common.experiment.measures import LOG_FLOOR
from common.figures.curves import legend_of
from common.figures.drawing import Drawing, explain_empty, fitted, new_figure
from common.figures.words import named

STAGES = (0, 0.1, 0.3, 1)  # shares of the epochs, at which a trajectory has a marker
MOST_POINTS = 60  # of a run's line; they crowd at the end
LATE = 0.3  # one of these shares, from which a caption tells what follows


def loss_accuracy_figure(history, styles, loss, accuracy, column=None):
    """Test accuracy against training loss, which falls to the right: one line per arm, the medians over seeds, before the runs.

    Args:
        history: rows of `history.csv` of one dataset; it may have further columns.
        styles: the `Styles` of its arms.
        loss, accuracy: the `Measure`s, of which the first is positive and the second a share.
        column: name of the column that tells panels apart. Defaults to None: one panel.

    Returns:
        A `Drawing`.

    Example:

    ```python
    loss_accuracy_figure(history, Styles(color="loss"), results.measures["train_loss"], results.measures["test_accuracy"])
    ```
    """
    groups = list(history.groupby(column, sort=False)) if column else [(None, history)]
    figure, axes = new_figure(1, len(groups), height=2.9 if len(groups) > 1 else 3.4, sharex=True, sharey=True)
    last = int(history["epoch"].max())
    stages, late = sorted({max(1, round(share * last)) for share in STAGES}), max(1, round(LATE * last))
    told, finite = [], False
    for ax, (value, rows) in zip(axes.flat, groups, strict=True):
        ax.set_xscale("log")
        for label, style, of_arm in styles.arms(rows):
            losses, shares = (of_arm.pivot(index="epoch", columns="seed", values=one.name) for one in (loss, accuracy))
            medians = _draw_arm(ax, losses, 100 * shares, stages, label, style)
            arm = label if value is None or styles.color != column else f"{formatting.setting(column, value)}, {label}"
            finite |= medians is not None
            told += _after(medians, late, last, arm) if medians is not None else []
        if not ax.lines:
            explain_empty(ax, "no run has finite values")
        ax.set_title("" if value is None else fitted(formatting.setting(column, value), len(groups)))
        ax.set_xlabel(loss.label)
        ax.xaxis.set_major_formatter(FormatStrFormatter("%g"))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.locator_params(axis="x", numticks=6)
    axes.flat[0].invert_xaxis()
    axes.flat[0].set_ylabel(f"{accuracy.label}, %")
    note = f"medians over seeds, thin: single runs; markers: epochs {', '.join(map(str, stages))}, the last one larger"
    note += "; a line ends where its loss reaches 0" * bool((history[loss.name] < LOG_FLOOR).any())
    shows, legend = f"{accuracy.label} against {loss.label}, over the epochs.", legend_of(axes.flat)
    if column and column == styles.color and styles.shade:
        legend = styles.legend(history)
    finding = _finding(told, loss, accuracy, late, last) if finite else "No run has finite values."
    return Drawing(figure, shows, finding, note, legend)


def _draw_arm(ax, losses, shares, stages, label, style):
    """Draw an arm. Returns the medians, array `(epochs, 2)`, with the epochs; None if no run is finite."""
    finite = (np.isfinite(losses) & np.isfinite(shares)).all(axis=0)
    losses, shares = losses.loc[:, finite], shares.loc[:, finite]
    median = losses.median(axis=1)
    losses, median = losses.where(losses >= LOG_FLOOR), median.where(median >= LOG_FLOOR)  # 0 has no place on the axis: the line ends
    if losses.empty:
        return None
    thinned = np.unique(np.geomspace(1, len(losses), MOST_POINTS).round().astype(int)) - 1
    thin = {"color": style["color"], "linestyle": style["linestyle"], "linewidth": 0.5, "alpha": 0.35}
    for seed in losses:
        ax.plot(losses[seed].iloc[thinned], shares[seed].iloc[thinned], **thin)
    medians = median, shares.median(axis=1)
    ax.plot(*medians, label=label, markevery=[losses.index.get_loc(stage) for stage in stages[:-1] if stage in losses.index], **style)
    ax.plot(*(median.iloc[-1:] for median in medians), color=style["color"], marker=style["marker"], markersize=6)
    return medians


def _after(medians, late, last, label):
    """`(fall of the loss, (loss, share) late and at the end, arm)` in a list, if it falls."""
    at = [tuple(float(median.get(epoch, np.nan)) for median in medians) for epoch in (late, last)]
    return [(at[0][0] / at[1][0], at, label)] if at[0][0] > at[1][0] else []


def _finding(told, loss, accuracy, late, last):
    if not told:
        return f"From epoch {late} to epoch {last} no loss falls."
    parts = []
    for _, ((loss_then, share_then), (loss_end, share_end)), label in sorted(told, key=lambda one: -one[0])[:2]:
        change = f"from {percent(share_then / 100)} to {percent(share_end / 100)}"
        parts.append(f"{label}: {loss.label} from {number(loss_then)} to {number(loss_end)}, {accuracy.label} {change}")
    return f"Medians over seeds: from epoch {late} to epoch {last} the loss falls most under {named(parts)}."
