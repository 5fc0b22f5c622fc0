"""Outputs of a layer's activation function at several stages of training, all arms side by side."""

import math
from typing import NamedTuple

import numpy as np

from common.experiment.formatting import number, percent
from common.figures.drawing import Drawing, explain_empty
from common.figures.stages import log_percent, new_stages, stage_name
from kerascope.bins import join_histograms

HEIGHT = 1.35  # inches, of a row
COLOR = "0.35"  # no hue: in other figures it tells arms apart
ROUNDING = 2.0**-20  # of the layer's largest output: what is nearer to 0 is 0 but for the rounding of float32
STANDS_OUT = 0.25  # of the outputs in one bar
MOST_TIMES_WIDER = 4  # than another arm's may an arm's outputs be, for one linear axis to show both
MOST_OCTAVES = 6  # of the logarithmic part of an axis on either side
BINS_BEFORE_BEND = 32  # at most, on either side of 0: narrower bars would not be seen
TICK_LETTERS = 14  # that fit below a panel


class Outputs(NamedTuple):
    """The outputs of a layer in one arm, all seeds together.

    Attributes:
        counts: how many lie in each bin, int array `(stages, bins)`.
        edges: of the bins, the same at all stages, float array `(bins + 1,)`.
        ranges: the smallest and the largest of each stage, to within a bin of its own, float array `(stages, 2)`; NaN where there is none.
    """

    counts: np.ndarray
    edges: np.ndarray
    ranges: np.ndarray

    @property
    def largest(self):
        """The largest absolute output; 0 if there is none."""
        return np.nanmax(np.abs(self.ranges), initial=0.0)

    def words_of_bins(self, rounding):
        """The words on the y axis of a row."""
        return f"% per bin of {number(self.edges[1] - self.edges[0])}" if self.largest > rounding else "% of outputs"


def activations_figure(arms, layer):
    """Histograms of a layer's outputs, all seeds together: one row per arm, one column per stage.

    All panels have one x axis, and bins as wide as those of the widest histogram; but where the outputs of one arm are several times as
    large as those of another, the axis is logarithmic from there on, and each row has bins of its own. A stage whose outputs are all 0, or
    0 but for the rounding of float32, is one bar.

    Args:
        arms: list of `(label, arrays of histograms.npz)`, with the same stages.
        layer: name of the layer.

    Returns:
        A `Drawing`.

    Example:

    ```python
    activations_figure([("ReLU", dict(np.load("histograms.npz")))], "hidden_1")
    ```
    """
    epochs = arms[0][1]["epochs"]
    outputs, bent = _outputs([histograms for _, histograms in arms], layer)
    labels = [label for label, _ in arms]
    rounding = ROUNDING * max(arm.largest for arm in outputs)
    rows = {label: arm.words_of_bins(rounding) for label, arm in zip(labels, outputs, strict=True)}
    figure, axes, shows = new_stages(rows, epochs, f"output of {layer}", HEIGHT, sharex=True)
    for row, arm in zip(axes, outputs, strict=True):
        for ax, counts, limits in zip(row, arm.counts, arm.ranges, strict=True):
            log_percent(ax)
            zero = 0.1 * bent if bent else arm.edges[1] - arm.edges[0]  # the width of a bar that stands for 0
            _draw_outputs(ax, counts, arm.edges, limits, rounding, zero)
    _format_axis(axes[0, 0], np.concatenate([arm.ranges for arm in outputs]), bent)
    parts = [_in_words(label, arm, epochs) for label, arm in zip(labels, outputs, strict=True) if np.isfinite(arm.ranges[[0, -1]]).all()]
    finding = f"Outputs of {layer}: {'; '.join(parts) or 'none is finite'}."
    note = "in each panel: the range of the outputs, to within a bin" + (f"; the axis is logarithmic beyond {bent:.2g}" if bent else "")
    return Drawing(figure, shows, finding, note)


def _outputs(arms, layer):
    """The `Outputs` of each arm, and the number from which on the axis is logarithmic; None if it is not."""
    histograms = [(arrays[f"activation/{layer}/counts"], arrays[f"activation/{layer}/edges"]) for arrays in arms]
    ranges = [np.array([_range(*stage) for stage in zip(counts.sum(axis=1), edges, strict=True)]) for counts, edges in histograms]
    widths = [width for width in (np.nanmax(np.abs(of_arm), initial=0.0) for of_arm in ranges) if width > 0]
    bent = None
    if widths and max(widths) > MOST_TIMES_WIDER * min(widths):
        bent = 2.0 ** max(round(np.log2(min(widths))), round(np.log2(max(widths))) - MOST_OCTAVES)
    if bent:
        joined = [_coarsened(*_joined([one]), bent / BINS_BEFORE_BEND) for one in histograms]
    else:
        counts, edges = _joined(histograms)
        joined = [(of_arm, edges) for of_arm in np.split(counts, len(arms))]
    return [Outputs(*one, of_arm) for one, of_arm in zip(joined, ranges, strict=True)], bent


def _joined(histograms):
    """Counts `(stages of all, bins)`, all seeds together, and the edges that they have in common."""
    stages = [stage for counts, edges in histograms for stage in zip(counts, edges, strict=True)]
    counts, edges = join_histograms(stages)
    ends = np.cumsum([len(members) for members, _ in stages])[:-1]
    return np.array([members.sum(axis=0) for members in np.split(counts, ends)]), edges


def _coarsened(counts, edges, width):
    """Counts and edges of bins at least so wide, a power of two, as all widths are."""
    if not edges[1] - edges[0] < width:  # nor where nothing is counted, and edges are NaN
        return counts, edges
    places = np.floor(edges[:-1] / width).astype(np.int64)
    coarse = np.zeros((len(counts), places[-1] - places[0] + 1), counts.dtype)
    np.add.at(coarse, (slice(None), places - places[0]), counts)
    return coarse, width * np.arange(places[0], places[-1] + 2)


def _range(counts, edges):
    filled = np.flatnonzero(counts)
    if not len(filled):
        return np.nan, np.nan
    single = math.frexp(edges[1] - edges[0])[0] != 0.5  # one value, the left edge of its bin: see kerascope.bins
    return edges[filled[0]], edges[filled[-1] + (not single)]


def _draw_outputs(ax, counts, edges, limits, rounding, zero):
    if not counts.any():
        explain_empty(ax)
        return
    text = f"{number(limits[0])} to {number(limits[1])}"
    shares = 100 * counts / counts.sum()
    if np.abs(limits).max() <= rounding:
        text = "0 to rounding" if limits.any() else "all exactly 0"
        shares, edges = [100.0], [-zero / 2, zero / 2]
    ax.stairs(shares, edges, fill=True, color=COLOR)
    ax.text(0.98, 0.97, text, transform=ax.transAxes, ha="right", va="top")


def _format_axis(ax, ranges, bent):
    """The x axis of all panels."""
    if not np.isfinite(ranges).any():
        return
    low, high = np.nanmin(ranges), np.nanmax(ranges)
    if bent is None:
        margin = 0.03 * (high - low) or 0.5
        ax.set_xlim(low - margin, high + margin)
        ax.locator_params(axis="x", nbins=4)
        return
    ax.set_xscale("symlog", linthresh=bent, linscale=1.25, base=2)
    top = 2.0 ** np.floor(np.log2(max(-low, high)))
    ticks = [tick for tick in (-top, -bent, 0, bent, top) if low <= tick <= high]
    if sum(len(_tick(tick)) for tick in ticks) > TICK_LETTERS:
        ticks = [tick for tick in ticks if abs(tick) != bent]
    ax.set_xticks(ticks, map(_tick, ticks))
    ax.minorticks_off()
    ax.set_xlim(low - 0.1 * bent, high + 0.1 * bent)


def _tick(value):
    return f"{value:g}" if abs(value) >= 1 else f"{value:.2g}"


def _in_words(label, arm, epochs):
    """An arm in words: the ranges of the first and of the last stage, and the last one's fullest bar if it stands out."""
    spans = [
        f"{number(low)} to {number(high)} {_at(epoch)}" for (low, high), epoch in zip(arm.ranges[[0, -1]], epochs[[0, -1]], strict=True)
    ]
    fullest, all_of_it = int(arm.counts[-1].argmax()), arm.counts[-1].sum()
    bar = f", {percent(arm.counts[-1, fullest] / all_of_it)} of these within {' to '.join(map(number, arm.edges[fullest : fullest + 2]))}"
    return f"{label}: {' and '.join(spans)}{bar if arm.counts[-1, fullest] >= STANDS_OUT * all_of_it else ''}"


def _at(epoch):
    return f"at epoch {epoch}" if epoch else stage_name(epoch)
