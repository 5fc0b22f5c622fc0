"""Decision boundaries of two classes in the plane."""

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import ListedColormap

from common.experiment.formatting import percent
from common.figures import quantities
from common.figures.drawing import Drawing, new_figure

# Neither colour nor form alone tells the classes apart: brightness does, on a plane of middle brightness, and so do the edges.
CLASSES = (
    {"marker": "o", "facecolors": "white", "edgecolors": "black", "linewidths": 0.7},
    {"marker": "^", "facecolors": "black", "edgecolors": "white", "linewidths": 0.5},
)
PLANE = ListedColormap(colormaps["cividis"](np.linspace(0.25, 0.9, 256)))
AGREEMENT = ListedColormap(colormaps["Greys_r"](np.linspace(0.4, 1, 256)))


def boundaries_figure(arms, points, labels):
    """Decision boundaries, one column per arm: the probabilities of the first run above, the share of runs that agree below.

    Args:
        arms: list of `(label, seeds, arrays)`. The arrays are `x`, a square grid `(points, 2)`, row by row, and `outputs`, the logits
            `(seeds, points, 2)`.
        points, labels: the test samples `(samples, 2)` and their classes `(samples,)`.

    Returns:
        A `Drawing`.
    """
    figure, axes = new_figure(2, len(arms), height=2.3, grid=False, sharex=True, sharey=True)
    shares = {}
    for (label, seeds, arrays), (above, below) in zip(arms, axes.T, strict=True):
        x = arrays["x"]
        side = round(len(x) ** 0.5)
        grid = x.reshape(side, side, 2)
        probability = quantities.second_class_probability(arrays["outputs"]).reshape(-1, side, side)
        agreed = quantities.agreement(probability)
        shares[label] = quantities.unanimous_share(agreed)
        first = _draw_plane(above, grid, 100 * probability[0], cmap=PLANE, vmin=0, vmax=100)
        second = _draw_plane(below, grid, 100 * agreed, cmap=AGREEMENT, vmin=50, vmax=100)
        for run in probability:
            _draw_boundary(below, grid, run, linewidths=0.6, colors="black")
        _draw_boundary(above, grid, probability[0], linewidths=1.8, colors="black")
        _draw_points(above, points, labels)
        above.set_title(f"{label}: seed {seeds[0]}")
        below.set_title(_agreement_in_words(label, probability, shares[label]))
    for ax in axes[:, 0]:
        ax.set_ylabel("second feature")
    for ax in axes[-1]:
        ax.set_xlabel("first feature")
    figure.colorbar(first, ax=axes[0], label="probability of class 1, %", fraction=0.02, pad=0.01)
    figure.colorbar(second, ax=axes[1], label="seeds that agree, %", fraction=0.02, pad=0.01)
    shows = f"Columns: {', '.join(arm[0] for arm in arms)}; above one seed, below the agreement of all."
    parts = [f"{'unknown' if np.isnan(share) else percent(share)} ({label})" for label, share in shares.items()]
    finding = f"Share of the plane on which all seeds agree: {', '.join(parts)}."
    note = "features standardised; lines: where a run's classes meet"
    return Drawing(figure, shows, finding, note, axes[0, 0].get_legend_handles_labels())


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
        ax.scatter(*chosen.T, label=f"test points of class {value}", s=12, zorder=3, **style)


def _agreement_in_words(label, probability, share):
    diverged = int(np.isnan(probability).any(axis=(1, 2)).sum())
    if diverged:
        return f"{label}:\n{diverged} of {len(probability)} seeds diverged"
    return f"{label}: all {len(probability)} seeds\nagree on {percent(share)} of the plane"
