"""Distributions at several stages of training: of activations, logits, and gradients by the logits."""

import textwrap

import numpy as np

from common.figures import findings, quantities
from common.figures.drawing import COLORS, Drawing, explain_empty, new_figure

SMALL_PANEL = (2.9, 2.3)
LOGIT_PANEL = (3.4, 2.4)
LABEL_LETTERS = 24  # that fit along a panel
BINS = 60
RIGHT, WRONG = COLORS[0], COLORS[1]
GRADIENT_RANGE = (1e-8, 1e3)  # of the relative gradients; what lies outside is drawn at the ends


def activations_figure(histograms):
    """Outputs of each layer's activation function, all seeds together: one row per layer, one column per stage.

    Args:
        histograms: the arrays of `histograms.npz` of one cell.

    Returns:
        A `Drawing`.
    """
    layers = [name.split("/")[1] for name in histograms if name.startswith("activation/") and name.endswith("/counts")]
    figure, axes, shows = _new_stages(layers, histograms["epochs"], "values", "output of the activation", SMALL_PANEL)
    fullest = {}
    for row, layer in zip(axes, layers, strict=True):
        counts, edges = histograms[f"activation/{layer}/counts"].sum(axis=1), histograms[f"activation/{layer}/edges"]
        for ax, stage_counts, stage_edges in zip(row, counts, edges, strict=True):
            ax.stairs(100 * stage_counts / max(stage_counts.sum(), 1), stage_edges, fill=True, color=RIGHT)
            if stage_counts.any():  # the outer bins may be empty
                filled = np.flatnonzero(stage_counts)
                ax.set_xlim(stage_edges[filled[0]], stage_edges[filled[-1] + 1])
            _format_percent(ax)
            ax.locator_params(axis="x", nbins=4)
        fullest[layer] = quantities.fullest_bin(counts[-1], edges[-1])
    return Drawing(figure, shows, findings.of_activations(fullest))


def logits_figure(arms):
    """Logits of the true class and of the other classes, all seeds together: one row per arm, one column per stage.

    Args:
        arms: list of `(label, arrays of logits.npz)`.

    Returns:
        A `Drawing`.
    """
    figure, axes, shows = _new_stages([label for label, _ in arms], arms[0][1]["epochs"], "logits", "logit", LOGIT_PANEL)
    margins = {}
    for row, (label, arrays) in zip(axes, arms, strict=True):
        is_true = quantities.true_class(arrays)
        for ax, logits in zip(row, arrays["logits"], strict=True):
            _draw_logits(ax, logits, is_true)
        margins[label] = quantities.logit_margin(arrays["logits"][-1], is_true)
    note = "all seeds together, each curve with area 100 %"
    return Drawing(figure, shows, findings.of_logits(margins), note, axes.flat[0].get_legend_handles_labels())


def logit_gradients_figure(arms, threshold):
    """Norm of each sample's gradient by its logits, relative to the median before training: one row per arm, one column per stage.

    Args:
        arms: list of `(label, arrays of logits.npz)`.
        threshold: the relative norm below which a gradient has vanished; a line is drawn there.

    Returns:
        A `Drawing`.
    """
    relative_norm, labels = "gradient norm ÷ median before training", [label for label, _ in arms]
    figure, axes, shows = _new_stages(labels, arms[0][1]["epochs"], "samples", relative_norm, LOGIT_PANEL, sharex=True)
    vanished = {}
    for row, (label, arrays) in zip(axes, arms, strict=True):
        relative, wrong = quantities.relative_gradients(arrays), quantities.misclassified(arrays)
        vanished[label] = quantities.vanished_share(relative[-1], wrong[-1], threshold)
        for ax, *stage in zip(row, relative, wrong, strict=True):
            _draw_gradients(ax, *stage, threshold)
    note = f"all seeds; what is below {GRADIENT_RANGE[0]:g} is drawn there; vanished: misclassified and left of the line at {threshold:g}"
    finding = findings.of_logit_gradients(vanished)
    return Drawing(figure, shows, finding, note, axes.flat[0].get_legend_handles_labels())


def _draw_logits(ax, logits, is_true):
    finite = np.isfinite(logits)
    if not finite.any():
        explain_empty(ax)
        return
    edges = np.histogram_bin_edges(logits[finite].astype("float64"), BINS)
    for name, chosen, color in (("true class", is_true, RIGHT), ("other classes", ~is_true, WRONG)):
        _draw_shares(ax, logits[finite & chosen], edges, name, color)


def _draw_gradients(ax, relative, wrong, threshold):
    ax.set_xscale("log")
    ax.axvline(threshold, color="0.3", linewidth=1, linestyle=(0, (4, 2)))
    finite = np.isfinite(relative)
    if not finite.any():
        explain_empty(ax)
        return
    edges = np.geomspace(*GRADIENT_RANGE, BINS + 1)
    for name, chosen, color in (("classified rightly", ~wrong, RIGHT), ("misclassified", wrong, WRONG)):
        clipped = np.clip(relative[finite & chosen], *GRADIENT_RANGE)
        _draw_shares(ax, clipped, edges, name, color, total=finite.sum())
    vanished = quantities.vanished_share(relative[finite], wrong[finite], threshold)
    text = f"wrong {100 * wrong[finite].mean():.1f} %\nvanished {100 * vanished:.2f} %"
    ax.set_ylim(1e-2, 4e3)  # room for the text above 100 %
    ax.text(0.03, 0.97, text, transform=ax.transAxes, va="top", fontsize=8)


def _draw_shares(ax, values, edges, name, color, total=None):
    counts = np.histogram(values, edges)[0]
    ax.stairs(100 * counts / max(total or counts.sum(), 1), edges, fill=True, alpha=0.55, color=color, label=name)
    _format_percent(ax)


def _format_percent(ax):
    ax.set_yscale("log", nonpositive="clip")
    ax.set_ylim(1e-2, 130)
    ax.set_yticks([0.01, 0.1, 1, 10, 100], ["0.01", "0.1", "1", "10", "100"])
    ax.minorticks_off()  # minor ticks would take ten times the drawing time
    ax.tick_params(labelsize=8)


def _new_stages(rows, epochs, counted, label, panel, **subplots):
    """A figure with a column per stage: `(figure, axes, the panels in words)`."""
    figure, axes = new_figure(len(rows), len(epochs), panel=panel, sharey=True, **subplots)
    for name, ax in zip(rows, axes[:, 0], strict=True):
        ax.set_ylabel(textwrap.fill(name, LABEL_LETTERS) + f"\n% of {counted} per bin")
    for above, below, epoch in zip(axes[0], axes[-1], epochs, strict=True):
        above.set_title(f"epoch {epoch}" if epoch else "before training", fontsize=10)
        below.set_xlabel(label, fontsize=9)
    return figure, axes, f"Rows: {', '.join(rows)}; columns: stages of training."
