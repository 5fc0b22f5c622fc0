"""Distributions over samples at several stages of training: of logits, and of gradients by the logits."""

import numpy as np

from common.experiment.formatting import number, percent
from common.figures import quantities
from common.figures.drawing import Drawing, explain_empty
from common.figures.stages import log_percent, new_stages

HEIGHT = 1.5  # inches, of a row
BINS = 60
FILLED, OUTLINED = {"fill": True, "color": "0.72"}, {"color": "black", "linewidth": 0.9}  # no hue: in other figures it tells arms apart
GRADIENT_RANGE = (2.0**-22, 1e2)  # of the relative gradients, from float32's rounding on; what lies outside is drawn at the ends


def logits_figure(arms):
    """Logits of the true class and of the other classes, all seeds together: one row per arm, one column per stage. The panels of a row
    have the same bins.

    Args:
        arms: list of `(label, arrays of logits.npz)`.

    Returns:
        A `Drawing`.
    """
    rows = {label: "% of logits per bin" for label, _ in arms}
    figure, axes, shows = new_stages(rows, arms[0][1]["epochs"], "logit", HEIGHT, sharex="row")
    leads = {}
    for row, (label, arrays) in zip(axes, arms, strict=True):
        is_true = quantities.true_class(arrays)
        edges = _edges(arrays["logits"])
        for ax, logits in zip(row, arrays["logits"], strict=True):
            leads[label] = _draw_logits(ax, logits, is_true, edges)
        row[0].locator_params(axis="x", nbins=4)
    finding = f"At the end the true class's mean logit exceeds that of the other classes by {_listed(leads, number)}."
    note = "all seeds together, each distribution 100 %; lead: of the true class's mean logit"
    return Drawing(figure, shows, finding, note, axes.flat[0].get_legend_handles_labels())


def logit_gradients_figure(arms, threshold):
    """Norm of each sample's gradient by its logits, relative to the median before training: one row per arm, one column per stage.

    Args:
        arms: list of `(label, arrays of logits.npz)`.
        threshold: the relative norm below which a gradient has vanished; a line is drawn there.

    Returns:
        A `Drawing`.
    """
    rows = {label: "% of samples per bin" for label, _ in arms}
    relative_norm = "gradient norm of a sample ÷ median before training"
    figure, axes, shows = new_stages(rows, arms[0][1]["epochs"], relative_norm, HEIGHT, sharex=True)
    wrong, vanished = {}, {}
    for row, (label, arrays) in zip(axes, arms, strict=True):
        for ax, *stage in zip(row, quantities.relative_gradients(arrays), quantities.misclassified(arrays), strict=True):
            wrong[label], vanished[label] = _draw_gradients(ax, *stage, threshold)
    ticks = 1e-8, 1e-4, 1
    axes[0, 0].set_xticks(ticks, [f"{tick:g}" for tick in ticks])  # matplotlib would raise exponents, in letters of less than 8 points
    axes[0, 0].xaxis.minorticks_off()
    note = (
        f"all seeds; the first bin: 0 to rounding, {GRADIENT_RANGE[0]:.2g}; vanished: misclassified and left of the line at {threshold:g}"
    )
    gone = f"with a vanished gradient {_listed(vanished, percent)}" if any(vanished.values()) else "none with a vanished gradient"
    finding = f"Samples misclassified at the end: {_listed(wrong, percent)}; {gone}."
    return Drawing(figure, shows, finding, note, axes.flat[0].get_legend_handles_labels())


def _edges(logits):
    """The bins of a row; None if no logit is finite."""
    finite = logits[np.isfinite(logits)].astype("float64")
    return np.histogram_bin_edges(finite, BINS) if len(finite) else None


def _draw_logits(ax, logits, is_true, edges):
    """Draw a stage; returns the lead of the true class, NaN if a run has diverged."""
    finite = np.isfinite(logits)
    log_percent(ax)
    if not finite.any():
        explain_empty(ax)
        return np.nan
    _draw_shares(ax, logits[finite & ~is_true], edges, "other classes", FILLED)
    _draw_shares(ax, logits[finite & is_true], edges, "true class", OUTLINED)
    lead = quantities.logit_margin(logits, is_true)
    if np.isfinite(lead):
        _write(ax, f"lead {number(lead)}")
    return lead


def _draw_gradients(ax, relative, wrong, threshold):
    """Draw a stage; returns the shares of samples that are wrong, and wrong with a vanished gradient, NaN if a run has diverged."""
    ax.set_xscale("log")
    log_percent(ax)
    finite = np.isfinite(relative)
    if not finite.any():
        explain_empty(ax)
        return np.nan, np.nan
    ax.axvline(threshold, ymax=0.72, color="0.3", linewidth=1, linestyle=(0, (4, 2)))  # below the text
    edges = np.geomspace(*GRADIENT_RANGE, BINS + 1)
    for name, chosen, style in (("classified rightly", ~wrong, FILLED), ("misclassified", wrong, OUTLINED)):
        clipped = np.clip(relative[finite & chosen], *GRADIENT_RANGE)
        _draw_shares(ax, clipped, edges, name, style, total=finite.sum())
    shares = wrong[finite].mean(), quantities.vanished_share(relative[finite], wrong[finite], threshold)
    _write(ax, "wrong {}\nvanished {}".format(*map(percent, shares)))
    return shares if finite.all() else (np.nan, np.nan)


def _draw_shares(ax, values, edges, name, style, total=None):
    counts = np.histogram(values, edges)[0]
    ax.stairs(100 * counts / max(total or counts.sum(), 1), edges, label=name, **style)


def _write(ax, text):
    ax.text(0.03, 0.97, text, transform=ax.transAxes, va="top")


def _listed(values, in_words):
    """Values by arm, in words."""
    return ", ".join(f"{in_words(value) if np.isfinite(value) else 'unknown'} ({arm})" for arm, value in values.items())
