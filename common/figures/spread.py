"""The spread of final accuracies over seeds, by what varies from seed to seed."""

import numpy as np

from common.experiment import formatting
from common.figures import findings
from common.figures.drawing import COLORS, MARKERS, Drawing, new_figure, whiskers


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
    figure, axes = new_figure(1, len(kinds), size=(6.2 * len(kinds), 2.0 + 0.42 * len(arms)), sharey=True)
    for ax, (kind, rows) in zip(axes.flat, kinds.items(), strict=True):
        for i, (source, of_source) in enumerate(rows.groupby("source", sort=False)):
            places = [arms.index(arm) for arm in of_source[list(arm_columns)].itertuples(index=False, name=None)]
            sd, low, high = (100 * of_source[name].to_numpy() for name in ("sd", "ci_low", "ci_high"))
            style = {"color": COLORS[i], "fmt": MARKERS[i], "ms": 5, "capsize": 3, "label": source}
            ax.errorbar(sd, np.array(places) + 0.18 * (i - 1.5), xerr=whiskers(sd, low, high), **style)
        ax.set_title(kind, fontsize=11)
        ax.set_xlabel("standard deviation over seeds, points")
        ax.set_xlim(left=0)
        ax.grid(axis="y", visible=False)
    axes.flat[0].set_yticks(range(len(arms)), [formatting.arm(arm_columns, arm) for arm in arms])
    axes.flat[0].invert_yaxis()
    shows = f"Final test accuracy: {' and '.join(kinds)}, by what varies from seed to seed."
    note = "bars: 95 % interval of the standard deviation, of independent normal values"
    return Drawing(figure, shows, findings.of_spread(spread), note, axes.flat[0].get_legend_handles_labels())
