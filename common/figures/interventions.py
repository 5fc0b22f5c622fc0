"""Curves of arms with an intervention in mid-training, beside those without."""

import numpy as np

from common.experiment.formatting import percent
from common.figures.curves import draw_curves, finish, legend_of, note_of
from common.figures.drawing import Drawing, fitted, new_figure

BEFORE = 0.1  # share of the epochs that is shown before the intervention


def intervention_figure(history, styles, panels, middle):
    """Curves from shortly before an intervention to the end, one line per arm.

    Args:
        history: rows of `history.csv` of one dataset, those of controls among them.
        styles: the `Styles` of its arms.
        panels: one or two `Panel`s, the first of a test accuracy.
        middle: the epoch after which the intervention is.

    Returns:
        A `Drawing`.
    """
    first = max(1, middle - int(BEFORE * history["epoch"].max()))
    figure, axes = new_figure(1, len(panels), height=2.9)
    drawn = []
    for ax, panel in zip(axes.flat, panels, strict=True):
        drawn.append(draw_curves(ax, history[history["epoch"] >= first], styles, panel))
        finish([ax], drawn[-1:], [fitted(panel.label, len(panels))], panel.scale)
        ax.axvline(middle + 0.5, color="0.3", linewidth=0.8, linestyle=(0, (1, 1.5)))
    told = [_course(curve, middle, axes.flat[0]) for curve in drawn[0]]
    note = f"{note_of(drawn, panels)}; dotted: the intervention"
    shows = f"From epoch {first} on: {', '.join(panel.label for panel in panels)}."
    return Drawing(
        figure, shows, f"Test accuracy before, at its lowest after, and at the end: {'; '.join(told)}.", note, legend_of(axes.flat)
    )


def _course(curve, middle, ax):
    """The line's value before, at its lowest after, and at the end, in words; a lowest below it is marked."""
    before = curve.center[np.flatnonzero(curve.epochs <= middle)[-1:]]
    after = curve.center[curve.epochs > middle]
    if not (len(before) and len(after) and np.isfinite([*before, *after]).all()):
        return f"{curve.label} unknown"
    lowest = int(after.argmin())
    if after[lowest] < before[0]:
        ax.plot(curve.epochs[curve.epochs > middle][lowest], after[lowest], marker="_", color="0.2", markersize=9, linestyle="")
    return f"{curve.label} {percent(before[0])}, {percent(after[lowest])}, {percent(after[-1])}"
