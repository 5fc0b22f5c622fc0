"""Distributions at several stages of training: of activations, logits, and gradients by the logits."""

import numpy as np

from common.figures import findings, quantities
from common.figures.drawing import COLORS, Drawing, new_figure, say_nothing_is_finite

SMALL_PANEL = (2.9, 2.3)
LOGIT_PANEL = (3.4, 2.4)
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
    epochs = histograms["epochs"]
    figure, axes = new_figure(len(layers), len(epochs), panel=SMALL_PANEL, sharey=True)
    fullest = {}
    for row, layer in zip(axes, layers, strict=True):
        counts, edges = histograms[f"activation/{layer}/counts"].sum(axis=1), histograms[f"activation/{layer}/edges"]
        for ax, stage_counts, stage_edges in zip(row, counts, edges, strict=True):
            ax.stairs(100 * stage_counts / max(stage_counts.sum(), 1), stage_edges, fill=True, color=RIGHT)
            _format_percent(ax)
            ax.locator_params(axis="x", nbins=4)
        row[0].set_ylabel(f"{layer}\n% of values per bin")
        fullest[layer] = quantities.fullest_bin(counts[-1], edges[-1])
    _label_stages(axes, epochs, "output of the activation")
    return Drawing(figure, f"Rows: {', '.join(layers)}; columns: stages of training.", findings.of_activations(fullest))


def logits_figure(arms):
    """Logits of the true class and of the other classes, all seeds together: one row per arm, one column per stage.

    Args:
        arms: list of `(label, arrays of logits.npz)`.

    Returns:
        A `Drawing`.
    """
    epochs = arms[0][1]["epochs"]
    figure, axes = new_figure(len(arms), len(epochs), panel=LOGIT_PANEL, sharey=True)
    margins = {}
    for row, (label, arrays) in zip(axes, arms, strict=True):
        is_true = quantities.true_class(arrays)
        for ax, logits in zip(row, arrays["logits"], strict=True):
            _draw_logits(ax, logits, is_true)
        row[0].set_ylabel(f"{label}\n% of logits per bin")
        margins[label] = quantities.logit_margin(arrays["logits"][-1], is_true)
    _label_stages(axes, epochs, "logit")
    note = "all seeds together, each curve with area 100 %"
    return Drawing(figure, _rows_and_stages(arms), findings.of_logits(margins), note, axes.flat[0].get_legend_handles_labels())


def logit_gradients_figure(arms, threshold):
    """Norm of each sample's gradient by its logits, relative to the median before training: one row per arm, one column per stage.

    Args:
        arms: list of `(label, arrays of logits.npz)`.
        threshold: the relative norm below which a gradient has vanished; a line is drawn there.

    Returns:
        A `Drawing`.
    """
    epochs = arms[0][1]["epochs"]
    figure, axes = new_figure(len(arms), len(epochs), panel=LOGIT_PANEL, sharex=True, sharey=True)
    vanished = {}
    for row, (label, arrays) in zip(axes, arms, strict=True):
        relative, wrong = quantities.relative_gradients(arrays), quantities.misclassified(arrays)
        vanished[label] = quantities.vanished_share(relative[-1], wrong[-1], threshold)
        for ax, *stage in zip(row, relative, wrong, strict=True):
            _draw_gradients(ax, *stage, threshold)
        row[0].set_ylabel(f"{label}\n% of samples per bin")
    _label_stages(axes, epochs, "gradient norm ÷ median before training")
    note = f"all seeds; what is below {GRADIENT_RANGE[0]:g} is drawn there; vanished: misclassified and left of the line at {threshold:g}"
    finding = findings.of_logit_gradients(vanished)
    return Drawing(figure, _rows_and_stages(arms), finding, note, axes.flat[0].get_legend_handles_labels())


def _draw_logits(ax, logits, is_true):
    finite = np.isfinite(logits)
    if not finite.any():
        say_nothing_is_finite(ax)
        return
    edges = np.histogram_bin_edges(logits[finite].astype("float64"), BINS)
    for name, chosen, color in (("true class", is_true, RIGHT), ("other classes", ~is_true, WRONG)):
        _draw_shares(ax, logits[finite & chosen], edges, name, color)


def _draw_gradients(ax, relative, wrong, threshold):
    ax.set_xscale("log")
    ax.axvline(threshold, color="0.3", linewidth=1, linestyle=(0, (4, 2)))
    finite = np.isfinite(relative)
    if not finite.any():
        say_nothing_is_finite(ax)
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


def _label_stages(axes, epochs, label):
    for above, below, epoch in zip(axes[0], axes[-1], epochs, strict=True):
        above.set_title(f"epoch {epoch}" if epoch else "before training", fontsize=10)
        below.set_xlabel(label, fontsize=9)


def _rows_and_stages(arms):
    return f"Rows: {', '.join(label for label, _ in arms)}; columns: stages of training."
