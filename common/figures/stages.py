"""The parts of figures of several stages of training: a row per arm, a column per stage, shares in percent on a log axis."""

import textwrap

from common.figures.drawing import new_figure

LABEL_LETTERS = 19  # that fit along a panel
LIMITS = 1e-2, 4e3  # percent, of the axis: with room for words above 100 %


def new_stages(rows, epochs, label, height, **subplots):
    """A figure with a column per stage.

    Args:
        rows: `{name of the row: words on its y axis}`.
        epochs: of the stages; 0 is before training.
        label: of the x axes.
        height: of a panel in inches.
        **subplots: further arguments of `new_figure`.

    Returns:
        `(figure, axes, the panels in words)`.
    """
    figure, axes = new_figure(len(rows), len(epochs), height=height, sharey=True, **subplots)
    for (name, counted), ax in zip(rows.items(), axes[:, 0], strict=True):
        ax.set_ylabel(f"{textwrap.fill(name, LABEL_LETTERS)}\n{counted}")
    for ax, epoch in zip(axes[0], epochs, strict=True):
        ax.set_title(stage_name(epoch))
    figure.get_layout_engine().set(w_pad=0.02)
    _label_below(axes, label)
    return figure, axes, f"Rows: {', '.join(rows)}; columns: stages of training."


def stage_name(epoch):
    """A stage in words: "epoch 3", or "before training"."""
    return f"epoch {epoch}" if epoch else "before training"


def log_percent(ax):
    """A log axis of shares in percent."""
    ax.set_yscale("log", nonpositive="clip")
    ax.set_ylim(*LIMITS)
    ax.set_yticks([0.01, 0.1, 1, 10, 100], ["0.01", "0.1", "1", "10", "100"])
    ax.minorticks_off()  # minor ticks would take ten times the drawing time


def _label_below(axes, label):
    """One label for all panels of the last row: at 7 inches it is longer than a panel."""
    middle = axes.shape[1] // 2
    axes[-1, middle].set_xlabel(label)
    if axes.shape[1] % 2 == 0:
        axes[-1, middle].xaxis.label.set_x(0.0)
