"""Heatmaps over epochs: one row per layer, or one row per unit."""

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import LogNorm, Normalize

from common.experiment import formatting
from common.figures import findings, quantities
from common.figures.drawing import Drawing, integer_epochs, new_figure

OFF = "#B3003C"  # a unit that no sample switches on; outside the colour map, so that a single sample makes a visible difference
COLOR_MAP = colormaps["viridis"].with_extremes(under=OFF, bad="0.8")


def layers_heatmap(arms, measures):
    """Measures by layer and epoch, means over seeds: one column per arm, one row per measure, one colour scale per row.

    Args:
        arms: list of `(label, rows of layers.csv)`.
        measures: the `Measure`s; the colour scale of one that is no share is logarithmic.

    Returns:
        A `Drawing`.

    Example:

    ```python
    layers_heatmap([("ReLU", layers)], [share("dead_fraction", "dead units")])
    ```
    """
    layers = list(arms[0][1]["layer"].unique())
    figure, axes = new_figure(len(measures), len(arms), panel=(4.4, 0.55 + 0.42 * len(layers)), grid=False, sharex=True, sharey=True)
    for row, measure in zip(axes, measures, strict=True):
        percent = measure.unit == "share"
        images = [quantities.layer_image(rows, measure, layers) * (100 if percent else 1) for _, rows in arms]
        norm = Normalize(0, 100) if percent else _log_norm(images)
        for ax, image in zip(row, images, strict=True):
            drawn = _draw_image(ax, image.to_numpy(), image.columns, norm=norm)
            ax.set_yticks(range(len(layers)), layers)
            for position, value in enumerate(image.iloc[:, -1]):
                text = f"{value:.0f} %" if percent and not np.isnan(value) else formatting.number(value)
                ax.annotate(text, (1.01, position), xycoords=("axes fraction", "data"), va="center", fontsize=8)
        figure.colorbar(drawn, ax=row, label=measure.label + ", %" * percent, pad=0.06, fraction=0.04, aspect=8)
    for (arm, rows), above, below in zip(arms, axes[0], axes[-1], strict=True):
        diverged = rows.loc[rows[[measure.name for measure in measures]].isna().any(axis=1), "seed"].nunique()
        above.set_title(arm + (f" ({diverged} of {rows['seed'].nunique()} diverged, left out)" if diverged else ""), fontsize=11)
        integer_epochs(below)
    shows = f"Rows: {', '.join(measure.label for measure in measures)}; columns: {', '.join(arm for arm, _ in arms)}."
    note = "colour: mean over seeds, geometric unless a share; at the right: after the last epoch"
    return Drawing(figure, shows, findings.of_heatmap(arms, measures), note)


def units_heatmap(arms):
    """Share of probe samples that switch each unit on, by unit and epoch, in one run: one column per arm, one row per layer.

    Units are sorted by the epoch at which they last were on, then by their share at the end. A unit that no sample switches on is red.

    Args:
        arms: list of `(label, arrays of units.npz, rows of units.csv)`; the first seed is drawn.

    Returns:
        A `Drawing`.
    """
    layers = [name for name in arms[0][1] if name != "epochs"]
    figure, axes = new_figure(len(layers), len(arms), panel=(4.4, 3.6), grid=False, sharex=True)
    first_runs = {label: units[units["seed"] == units["seed"].iloc[0]] for label, _, units in arms}
    for column, (label, arrays, _) in enumerate(arms):
        for ax, layer in zip(axes[:, column], layers, strict=True):
            on = arrays[layer][0]
            image = on[:, quantities.last_on_order(on)].T
            percent = np.where(image == 0, -1, 100 * image)  # -1 is below the colour map's range
            drawn = _draw_image(ax, percent, arrays["epochs"], vmin=0, vmax=100)
            ever, back, last = quantities.unit_fates(first_runs[label].query("layer == @layer"))
            fates = f"{ever} of {len(image)} units were off\nat some epoch, {back} came back, {last} are off at the end"
            ax.set_title(f"{label}, {layer}: {fates}", fontsize=9)
            ax.set_ylabel("unit, sorted" if column == 0 else "")
    for ax in axes[-1]:
        integer_epochs(ax, "epoch (0: before training)")
    figure.colorbar(drawn, ax=axes, label="samples that switch the unit on, %; red: none; grey: not finite", fraction=0.02, pad=0.01)
    return Drawing(figure, "One row per unit; red where no sample of the probe switches it on.", findings.of_units(first_runs))


def _draw_image(ax, values, epochs, **style):
    extent = (epochs[0] - 0.5, epochs[-1] + 0.5, len(values) - 0.5, -0.5)
    return ax.imshow(values, aspect="auto", interpolation="nearest", cmap=COLOR_MAP, extent=extent, **style)


def _log_norm(images):
    """One logarithmic colour scale for several images; LogNorm itself has none for images without two positive values."""
    values = np.concatenate([image.to_numpy().ravel() for image in images])
    values = values[np.isfinite(values) & (values > 0)]
    return LogNorm(values.min(), values.max()) if len(values) and values.min() < values.max() else LogNorm(1e-3, 1)
