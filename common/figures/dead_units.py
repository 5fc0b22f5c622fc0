"""Accuracy against dead units, by dose."""

import numpy as np

from common.experiment.formatting import percent
from common.figures.dots import DOT
from common.figures.drawing import COLORS, MARKERS, Drawing, format_percent, new_figure

REVIVED = "*"  # marker


def dead_dose_figure(runs, epoch, chance):
    """Final test accuracy against the share of a layer's units that were dead earlier in the training, run by run.

    Args:
        runs: DataFrame with a row per `arm` and `seed`; `dead`, a share, `final_test_accuracy`, and `revived`, whether the units of the arm
            got another activation function after `epoch`.
        epoch: after which `dead` was measured.
        chance: the accuracy of a guess.

    Returns:
        A `Drawing`.

    Example:

    ```python
    dead_dose_figure(runs, epoch=100, chance=0.5)
    ```
    """
    figure, ((ax,),) = new_figure(1, 1, height=2.8)
    ax.axhline(chance, color="0.5", linewidth=0.8)
    ax.annotate("chance", (0.01, chance), xycoords=("axes fraction", "data"), xytext=(0, 2), textcoords="offset points", color="0.35")
    parts = []
    for i, (arm, rows) in enumerate(runs.groupby("arm", sort=False)):
        is_revived = bool(rows["revived"].iloc[0])
        marker, color = (REVIVED, "black") if is_revived else (MARKERS[i], COLORS[i])
        ax.scatter(rows["dead"], rows["final_test_accuracy"], s=DOT, facecolors="none", edgecolors=color, linewidths=0.6)
        dead, accuracy = (float(np.nanmedian(rows[name])) for name in ("dead", "final_test_accuracy"))
        ax.plot([dead], [accuracy], marker, color=color, markersize=10 if is_revived else 6, linestyle="", label=arm)
        parts.append(f"{percent(accuracy)} with {percent(dead)} dead ({arm})")
    ax.set(xlabel=f"units of layer 2 that are dead after epoch {epoch}", ylabel="final test accuracy")
    ax.margins(0.06, 0.12)
    for axis in (ax.xaxis, ax.yaxis):
        format_percent(axis)
    shows = f"Final test accuracy against the share of layer 2 that is dead after epoch {epoch}; the star: revived after that."
    finding = f"Final test accuracy, median: {'; '.join(parts)}."
    return Drawing(figure, shows, finding, "dots: runs; large: medians", ax.get_legend_handles_labels())
