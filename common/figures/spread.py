"""The spread of final accuracies over seeds, by what varies from seed to seed."""

import numpy as np

from common.experiment import formatting
from common.experiment.formatting import number
from common.figures.dots import height_of_rows, name_rows
from common.figures.drawing import COLORS, MARKERS, Drawing, fitted, new_figure, whiskers
from common.figures.words import named

FIRST_HUE = 3  # of a source; those before it are arms in other figures


def spread_figure(spread, arm_columns):
    """The standard deviation over seeds: of each arm's accuracy at the left, of its difference from the first arm at the right.

    Args:
        spread: rows of `spread.csv` of one dataset.
        arm_columns: names of the columns that tell arms apart.

    Returns:
        A `Drawing`.

    Example:

    ```python
    spread_figure(results.tables["spread"], ("optimizer", "base_learning_rate"))
    ```
    """
    kinds = {"accuracy of an arm": spread[spread["than"] == ""], "difference from the first arm": spread[spread["than"] != ""]}
    kinds = {kind: rows for kind, rows in kinds.items() if len(rows)}
    arms = list(dict.fromkeys(spread[list(arm_columns)].itertuples(index=False, name=None)))
    labels, sources = [formatting.arm(arm_columns, arm) for arm in arms], list(spread["source"].unique())
    figure, axes = new_figure(1, len(kinds), height=0.6 + height_of_rows(labels), sharey=True)
    for ax, (kind, rows) in zip(axes.flat, kinds.items(), strict=True):
        for source, of_source in rows.groupby("source", sort=False):
            i = sources.index(source)
            places = [arms.index(arm) for arm in of_source[list(arm_columns)].itertuples(index=False, name=None)]
            sd, low, high = (100 * of_source[name].to_numpy() for name in ("sd", "ci_low", "ci_high"))
            style = {"color": COLORS[FIRST_HUE + i], "fmt": MARKERS[i], "ms": 4, "capsize": 2.5, "label": source}
            ax.errorbar(sd, np.array(places) + 0.18 * (i - (len(sources) - 1) / 2), xerr=whiskers(sd, low, high), **style)
        ax.set_title(kind)
        ax.set_xlabel(fitted("standard deviation over seeds, points", len(kinds)))
        ax.set_xlim(left=0)
        ax.grid(axis="y", visible=False)
    name_rows(axes.flat[0], range(len(arms)), labels)
    shows = f"Final test accuracy: {' and '.join(kinds)}, by what varies from seed to seed."
    note = "bars: 95 % interval of the standard deviation, of independent normal values"
    return Drawing(figure, shows, _finding(kinds), note, axes.flat[0].get_legend_handles_labels())


def _finding(kinds):
    """The range over arms of the standard deviations of one kind, by source."""
    kind, rows = next(iter(kinds.items()))
    parts = []
    for source, sds in rows[np.isfinite(rows["sd"])].groupby("source", sort=False)["sd"]:
        low, high = number(100 * sds.min()), number(100 * sds.max())
        parts.append(f"{low} points ({source})" if low == high else f"{low} to {high} points ({source})")
    return f"Standard deviation over seeds, {kind}: {named(parts) or 'unknown'}."
