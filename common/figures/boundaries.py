"""Decision boundaries in the plane: of one run, and how far the runs agree."""

import numpy as np

from common.figures import findings
from common.figures.sheet import COLORS, add_legend, new_sheet, save

MARKS = ("o", "^")


def boundaries_sheet(arms, points, labels, title, note, path):
    """Two classes in the plane: one column per arm; above the first run's probabilities, below the share of runs that agree.

    Args:
        arms: list of `(label, seeds, arrays)`: `x` `(points, 2)`, a square grid, row by row, and `outputs`, logits `(members, points, 2)`.
        points, labels: the test samples `(samples, 2)` and their classes `(samples,)`.
        title, note: heading and footer.
        path: where the PNG goes.
    """
    figure, axes = new_sheet(2, len(arms), title, note, panel=(4.2, 3.9), grid=False, sharex=True, sharey=True)
    shares = {}
    for column, (label, seeds, arrays) in enumerate(arms):
        x, logits = arrays["x"], arrays["outputs"]
        side = round(len(x) ** 0.5)
        grid = x.reshape(side, side, 2)
        # Of two classes the second's probability; a difference of logits too large for exp is certainty.
        probability = 1 / (1 + np.exp(np.clip(logits[..., 0] - logits[..., 1], -80, 80))).reshape(-1, side, side)
        votes = np.where(np.isfinite(probability), probability > 0.5, np.nan).mean(axis=0)
        above, below = axes[:, column]
        place = {"origin": "lower", "extent": (x[0, 0], x[-1, 0], x[0, 1], x[-1, 1]), "aspect": "auto"}
        first = above.imshow(100 * probability[0], cmap="PuOr", vmin=0, vmax=100, alpha=0.8, **place)
        second = below.imshow(100 * np.maximum(votes, 1 - votes), cmap="cividis", vmin=50, vmax=100, **place)
        for of_run in probability:
            _boundary(below, grid, of_run, linewidths=0.8, colors="white")
        _boundary(above, grid, probability[0], linewidths=1.6, colors="black")
        for ax in (above, below):
            for value in (0, 1):
                chosen = points[labels == value]
                style = {"s": 12, "marker": MARKS[value], "facecolors": COLORS[(5, 0)[value]], "edgecolors": "black", "linewidths": 0.4}
                ax.scatter(*chosen.T, label=f"test points of class {value}", **style)
        above.set_title(f"{label}: seed {seeds[0]}", fontsize=11)
        diverged = int(np.isnan(probability).any(axis=(1, 2)).sum())
        agreed = np.mean((votes == 0) | (votes == 1))
        shares[label] = np.nan if diverged else agreed
        finding = (
            f"{diverged} of {len(seeds)} seeds diverged" if diverged else f"seeds ({len(seeds)}) agree on {100 * agreed:.0f} % of the plane"
        )
        below.set_title(f"{label}: {finding}", fontsize=10)
        below.set_xlabel("first feature, standardised")
    for ax in axes[:, 0]:
        ax.set_ylabel("second feature, standardised")
    figure.colorbar(first, ax=axes[0], label="probability of class 1, %", fraction=0.02, pad=0.01)
    figure.colorbar(second, ax=axes[1], label="seeds that agree, %", fraction=0.02, pad=0.01)
    add_legend(figure, *axes[0, 0].get_legend_handles_labels(), "; lines: where a run's classes meet")
    shows = f"Columns: {', '.join(arm[0] for arm in arms)}; above one seed, below the agreement of all."
    return save(figure, path, shows, findings.of_boundaries(shares))


def _boundary(ax, grid, probability, **style):
    if (probability < 0.5).any() and (probability > 0.5).any():  # else there is none, and contour would warn
        ax.contour(grid[..., 0], grid[..., 1], probability, levels=[0.5], **style)
