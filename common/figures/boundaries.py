"""Decision boundaries of two classes in the plane."""

import numpy as np

from common.figures import findings, quantities
from common.figures.drawing import COLORS, Drawing, new_figure

CLASSES = ({"marker": "o", "facecolors": COLORS[5]}, {"marker": "^", "facecolors": COLORS[0]})


def boundaries_figure(arms, points, labels):
    """Decision boundaries, one column per arm: the probabilities of the first run above, the share of runs that agree below.

    Args:
        arms: list of `(label, seeds, arrays)`. The arrays are `x`, a square grid `(points, 2)`, row by row, and `outputs`, the logits
            `(seeds, points, 2)`.
        points, labels: the test samples `(samples, 2)` and their classes `(samples,)`.

    Returns:
        A `Drawing`.
    """
    figure, axes = new_figure(2, len(arms), panel=(4.2, 3.9), grid=False, sharex=True, sharey=True)
    shares = {}
    for (label, seeds, arrays), (above, below) in zip(arms, axes.T, strict=True):
        x = arrays["x"]
        side = round(len(x) ** 0.5)
        grid = x.reshape(side, side, 2)
        probability = quantities.second_class_probability(arrays["outputs"]).reshape(-1, side, side)
        agreed = quantities.agreement(probability)
        shares[label] = quantities.unanimous_share(agreed)
        first = _draw_plane(above, grid, 100 * probability[0], cmap="PuOr", vmin=0, vmax=100, alpha=0.8)
        second = _draw_plane(below, grid, 100 * agreed, cmap="cividis", vmin=50, vmax=100)
        for run in probability:
            _draw_boundary(below, grid, run, linewidths=0.8, colors="white")
        _draw_boundary(above, grid, probability[0], linewidths=1.6, colors="black")
        for ax in (above, below):
            _draw_points(ax, points, labels)
        above.set_title(f"{label}: seed {seeds[0]}", fontsize=11)
        below.set_title(f"{label}: {_agreement_in_words(probability, shares[label])}", fontsize=10)
        below.set_xlabel("first feature, standardised")
    for ax in axes[:, 0]:
        ax.set_ylabel("second feature, standardised")
    figure.colorbar(first, ax=axes[0], label="probability of class 1, %", fraction=0.02, pad=0.01)
    figure.colorbar(second, ax=axes[1], label="seeds that agree, %", fraction=0.02, pad=0.01)
    shows = f"Columns: {', '.join(arm[0] for arm in arms)}; above one seed, below the agreement of all."
    legend = axes[0, 0].get_legend_handles_labels()
    return Drawing(figure, shows, findings.of_boundaries(shares), "lines: where a run's classes meet", legend)


def _draw_plane(ax, grid, values, **style):
    (left, bottom), (right, top) = grid[0, 0], grid[-1, -1]
    ax.set(xlim=(left, right), ylim=(bottom, top))  # points of another seed may lie beyond
    return ax.imshow(values, origin="lower", extent=(left, right, bottom, top), aspect="auto", **style)


def _draw_boundary(ax, grid, probability, **style):
    if (probability < 0.5).any() and (probability > 0.5).any():  # otherwise there is no boundary, and contour would warn
        ax.contour(grid[..., 0], grid[..., 1], probability, levels=[0.5], **style)


def _draw_points(ax, points, labels):
    for value, style in enumerate(CLASSES):
        chosen = points[labels == value]
        ax.scatter(*chosen.T, label=f"test points of class {value}", s=12, edgecolors="black", linewidths=0.4, **style)


def _agreement_in_words(probability, share):
    diverged = int(np.isnan(probability).any(axis=(1, 2)).sum())
    if diverged:
        return f"{diverged} of {len(probability)} seeds diverged"
    return f"seeds ({len(probability)}) agree on {100 * share:.0f} % of the plane"
