"""Gradients by the logits over epochs, each run relative to its own value before training, so that the losses' scales drop out."""

import numpy as np

from common.experiment.formatting import number
from common.figures.curves import draw_curves, finish, legend_of, note_of
from common.figures.drawing import Drawing, new_figure
from common.figures.panels import Panel
from common.figures.quantities import relative_to_first

STATISTICS = {"median": "logit_grad_median", "mean": "logit_grad_mean"}  # over samples: column of logits.csv


def vanishing_figure(logits, styles, shares):
    """Median and mean over the samples of the gradient norm by the logits, relative to before training, then shares of the samples: one
    line per arm.

    Args:
        logits: rows of `logits.csv` of one dataset, with the epoch 0.
        styles: the `Styles` of its arms.
        shares: further `Panel`s, one or two of columns of the table; one that is 0 throughout is left out.

    Returns:
        A `Drawing`.
    """
    zeros = [panel.label for panel in shares if not logits[panel.column].fillna(1).any()]
    correction = shares[0].correction  # of the dataset
    panels = [
        Panel(statistic, f"{statistic} norm of the gradients\n÷ that before training", correction=correction) for statistic in STATISTICS
    ]
    panels += [panel for panel in shares if panel.label not in zeros]
    logits = logits.assign(**{statistic: relative_to_first(logits, column, styles.columns) for statistic, column in STATISTICS.items()})
    columns = 3 if len(panels) == 3 else 2
    figure, axes = new_figure(len(panels) // columns, columns, height=2.4)
    drawn = []
    for ax, panel in zip(axes.flat, panels, strict=True):
        drawn.append(draw_curves(ax, logits, styles, panel))
        finish([ax], drawn[-1:], [""], panel.scale)
        ax.set_ylabel(panel.label)
    for ax in axes.flat[: len(STATISTICS)]:
        ax.axhline(1, color="0.5", linewidth=0.8)
    ends = [f"the {statistic} {_ends(curves)}" for statistic, curves in zip(STATISTICS, drawn, strict=False)]
    finding = f"Gradient norm at the end ÷ before training, over the samples: {'; '.join(ends)}."
    finding += "".join(f" None at any epoch: {label}." for label in zeros)
    shows = f"Panels over epochs: {', '.join(panel.label.replace(chr(10), ' ') for panel in panels)}."
    return Drawing(figure, shows, finding, f"{note_of(drawn, panels)}; grey line: as before training", legend_of(axes.flat))


def _ends(curves):
    """The last values of the lines of a panel, in words."""
    ended = [f"{number(curve.center[-1])} ({curve.label})" for curve in curves if np.isfinite(curve.center[-1])]
    return ", ".join(ended) or "unknown"
