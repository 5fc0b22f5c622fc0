"""How values are distributed, stage by stage of training: activations, logits, and the gradients by the logits."""

import numpy as np

from common.figures import findings
from common.figures.sheet import COLORS, add_legend, new_sheet, save

SMALL_PANEL = (2.9, 2.3)
BINS = 60
RIGHT, WRONG = COLORS[0], COLORS[1]
GRADIENT_RANGE = (1e-8, 1e3)  # of the gradients relative to their first median; what lies outside is drawn at the ends


def activations_sheet(histograms, title, note, path):
    """Outputs of each layer's activation function: one row per layer, one column per stage, all seeds together.

    Args:
        histograms: the arrays of `histograms.npz` of one cell.
        title, note: heading and footer.
        path: where the PNG goes.
    """
    layers = [name.split("/")[1] for name in histograms if name.startswith("activation/") and name.endswith("/counts")]
    epochs = histograms["epochs"]
    figure, axes = new_sheet(len(layers), len(epochs), title, note, panel=SMALL_PANEL, sharey=True)
    for row, layer in zip(axes, layers, strict=True):
        counts, edges = (histograms[f"activation/{layer}/{part}"] for part in ("counts", "edges"))
        for ax, of_stage, edges_of_stage in zip(row, counts.sum(axis=1), edges, strict=True):
            ax.stairs(100 * of_stage / max(of_stage.sum(), 1), edges_of_stage, fill=True, color=RIGHT)
            _percent_axis(ax)
            ax.locator_params(axis="x", nbins=4)
        row[0].set_ylabel(f"{layer}\n% of values per bin")
    _name_stages(axes[0], epochs)
    for ax in axes[-1]:
        ax.set_xlabel("output of the activation", fontsize=9)
    of_last = {layer: histograms[f"activation/{layer}/counts"][-1].sum(axis=0) for layer in layers}
    edges_of_last = {layer: histograms[f"activation/{layer}/edges"][-1] for layer in layers}
    return save(figure, path, f"Rows: {', '.join(layers)}; columns: stages of training.", findings.of_activations(of_last, edges_of_last))


def logits_sheet(arms, title, note, path):
    """Logits of the true class and of the others: one row per arm, one column per stage, all seeds together.

    Args:
        arms: list of `(label, arrays of logits.npz)`.
        title, note: heading and footer.
        path: where the PNG goes.
    """
    figure, axes = new_sheet(len(arms), len(arms[0][1]["epochs"]), title, note, panel=(3.4, 2.4), sharey=True)
    margins = {}
    for row, (label, arrays) in zip(axes, arms, strict=True):
        classes = arrays["logits"].shape[-1]
        is_true = np.broadcast_to(np.arange(classes) == arrays["labels"][:, None], arrays["logits"].shape[1:])
        for ax, logits in zip(row, arrays["logits"], strict=True):
            finite = np.isfinite(logits)
            if not finite.any():
                _say_nothing_is_finite(ax)
                continue
            edges = np.histogram_bin_edges(logits[finite].astype("float64"), BINS)
            for name, chosen, color in (("true class", is_true, RIGHT), ("other classes", ~is_true, WRONG)):
                _share_per_bin(ax, logits[finite & chosen], edges, name, color)
        row[0].set_ylabel(f"{label}\n% of logits per bin")
        last = arrays["logits"][-1]
        margins[label] = last[is_true].mean(dtype=np.float64) - last[~is_true].mean(dtype=np.float64)
    _name_stages(axes[0], arms[0][1]["epochs"])
    for ax in axes[-1]:
        ax.set_xlabel("logit", fontsize=9)
    add_legend(figure, *axes.flat[0].get_legend_handles_labels(), "; all seeds together, each curve with area 100 %")
    return save(figure, path, _rows_and_stages(arms), findings.of_logits(margins))


def logit_gradients_sheet(arms, threshold, title, note, path):
    """Norm of each sample's gradient by its logits, relative to the run's median before training: rows are arms, columns stages.

    Args:
        arms: list of `(label, arrays of logits.npz)`.
        threshold: the relative norm below which a gradient counts as vanished; a line is drawn there.
        title, note: heading and footer.
        path: where the PNG goes.
    """
    figure, axes = new_sheet(len(arms), len(arms[0][1]["epochs"]), title, note, panel=(3.4, 2.4), sharex=True, sharey=True)
    edges = np.geomspace(*GRADIENT_RANGE, BINS + 1)
    at_end = {}
    for row, (label, arrays) in zip(axes, arms, strict=True):
        norms = arrays["gradient_norm"].astype("float64")
        relative = norms / np.median(norms[0], axis=-1, keepdims=True)
        wrong = arrays["logits"].argmax(axis=-1) != arrays["labels"]
        given_up = wrong[-1] & (relative[-1] < threshold)
        at_end[label] = given_up.mean() if np.isfinite(relative[-1]).all() else np.nan
        for ax, of_stage, wrong_here in zip(row, relative, wrong, strict=True):
            ax.set_xscale("log")
            ax.axvline(threshold, color="0.3", linewidth=1, linestyle=(0, (4, 2)))
            finite = np.isfinite(of_stage)
            if not finite.any():
                _say_nothing_is_finite(ax)
                continue
            for name, chosen, color in (("classified rightly", ~wrong_here, RIGHT), ("misclassified", wrong_here, WRONG)):
                clipped = np.clip(of_stage[finite & chosen], *GRADIENT_RANGE)
                _share_per_bin(ax, clipped, edges, name, color, total=finite.sum())
            vanished = 100 * (wrong_here & (of_stage < threshold))[finite].mean()
            text = f"wrong {100 * wrong_here[finite].mean():.1f} %\nvanished {vanished:.2f} %"
            ax.set_ylim(1e-2, 4e3)  # room for the text above 100 %
            ax.text(0.03, 0.97, text, transform=ax.transAxes, va="top", fontsize=8)
        row[0].set_ylabel(f"{label}\n% of samples per bin")
    _name_stages(axes[0], arms[0][1]["epochs"])
    for ax in axes[-1]:
        ax.set_xlabel("gradient norm ÷ median before training", fontsize=9)
    more = f"; all seeds; what is below {GRADIENT_RANGE[0]:g} is drawn there; vanished: misclassified and left of the line at {threshold:g}"
    add_legend(figure, *axes.flat[0].get_legend_handles_labels(), more)
    return save(figure, path, _rows_and_stages(arms), findings.of_logit_gradients(at_end))


def _rows_and_stages(arms):
    return f"Rows: {', '.join(label for label, _ in arms)}; columns: stages of training."


def _share_per_bin(ax, values, edges, name, color, total=None):
    counts = np.histogram(values, edges)[0]
    ax.stairs(100 * counts / max(total or counts.sum(), 1), edges, fill=True, alpha=0.55, color=color, label=name)
    _percent_axis(ax)


def _percent_axis(ax):
    ax.set_yscale("log", nonpositive="clip")
    ax.set_ylim(1e-2, 130)
    ax.set_yticks([0.01, 0.1, 1, 10, 100], ["0.01", "0.1", "1", "10", "100"])
    ax.minorticks_off()  # ten times the drawing time for marks that nobody reads
    ax.tick_params(labelsize=8)


def _name_stages(axes, epochs):
    for ax, epoch in zip(axes, epochs, strict=True):
        ax.set_title(f"epoch {epoch}" if epoch else "before training", fontsize=10)


def _say_nothing_is_finite(ax):
    ax.text(0.5, 0.5, "no finite value", transform=ax.transAxes, ha="center", color="0.35")
