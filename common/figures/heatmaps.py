"""Heatmaps over epochs: of layers, one row a layer; and of single units, one row a unit."""

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import LogNorm, Normalize

from common.figures import findings
from common.figures.sheet import new_sheet, save

OFF = "#B3003C"  # a unit that no sample switches on: outside the colour map, so that one sample more shows
COLOR_MAP = colormaps["viridis"].with_extremes(under=OFF, bad="0.8")


def layers_heatmap(arms, quantities, title, note, path, log=False):
    """Layer x epoch, one column per arm and one row per quantity; colour: the mean over seeds, on one scale per quantity.

    Args:
        arms: list of `(label, rows of layers.csv)`.
        quantities: `{column: label}`; fractions, shown in percent, unless `log`.
        title, note: heading and footer.
        path: where the PNG goes.
        log: colours on a logarithmic scale, numbers as they are.
    """
    names = list(arms[0][1]["layer"].unique())
    note += "; colour: mean over seeds; at the right: after the last epoch"
    height = 0.55 + 0.42 * len(names)
    figure, axes = new_sheet(len(quantities), len(arms), title, note, panel=(4.4, height), grid=False, sharex=True, sharey=True)
    for row, (quantity, label) in zip(axes, quantities.items(), strict=True):
        images = [rows.groupby(["layer", "epoch"], sort=False)[quantity].mean().unstack().loc[names] for _, rows in arms]
        norm = _norm(images, log)
        for ax, image in zip(row, images, strict=True):
            epochs = image.columns
            extent = (epochs[0] - 0.5, epochs[-1] + 0.5, len(names) - 0.5, -0.5)
            values = image.to_numpy() if log else 100 * image.to_numpy()
            drawn = ax.imshow(values, aspect="auto", interpolation="nearest", cmap=COLOR_MAP, norm=norm, extent=extent)
            ax.set_yticks(range(len(names)), names)
            for position, value in enumerate(values[:, -1]):
                text = "-" if np.isnan(value) else f"{value:.2g}" if log else f"{value:.0f} %"
                ax.annotate(text, (1.01, position), xycoords=("axes fraction", "data"), va="center", fontsize=8)
        figure.colorbar(drawn, ax=row, label=label, pad=0.06, fraction=0.04, aspect=8)
    for (arm, rows), above, below in zip(arms, axes[0], axes[-1], strict=True):
        diverged = rows.loc[rows[list(quantities)].isna().any(axis=1), "seed"].nunique()
        above.set_title(arm + (f" ({diverged} of {rows['seed'].nunique()} diverged, left out)" if diverged else ""), fontsize=11)
        below.set_xlabel("epoch")
        below.xaxis.get_major_locator().set_params(integer=True)
    finding = findings.of_heatmap(arms, quantities, findings.number if log else findings.percent)
    return save(figure, path, f"Rows: {', '.join(quantities.values())}; columns: {', '.join(arm for arm, _ in arms)}.", finding)


def units_heatmap(arms, title, note, path):
    """Unit x epoch: the share of probe samples that switch each unit on, in one run; one column per arm, one row per layer.

    Units are sorted by when they last were on, then by how much they are on at the end. Where no sample switches a unit on, it is red.

    Args:
        arms: list of `(label, arrays of units.npz, rows of units.csv)`, of which the first seed is drawn.
        title, note: heading and footer.
        path: where the PNG goes.
    """
    layers = [name for name in arms[0][1] if name != "epochs"]
    figure, axes = new_sheet(len(layers), len(arms), title, note, panel=(4.4, 3.6), grid=False, sharex=True)
    first_runs = {}
    for column, (label, arrays, units) in enumerate(arms):
        epochs = arrays["epochs"]
        of_first = first_runs[label] = units[units["seed"] == units["seed"].iloc[0]]
        for ax, layer in zip(axes[:, column], layers, strict=True):
            on = arrays[layer][0]
            last_on = ((on > 0) * np.arange(1, len(on) + 1)[:, None]).max(axis=0)
            image = on[:, np.lexsort((on[-1], last_on))].T
            extent = (epochs[0] - 0.5, epochs[-1] + 0.5, on.shape[1] - 0.5, -0.5)
            percent = np.where(image == 0, -1, 100 * image)  # below the colour map's range
            drawn = ax.imshow(percent, aspect="auto", interpolation="nearest", cmap=COLOR_MAP, vmin=0, vmax=100, extent=extent)
            fates = of_first[of_first["layer"] == layer]
            ever, back, last = (int(n) for n in ((fates["off_epochs"] > 0).sum(), (fates["revivals"] > 0).sum(), fates["off_at_end"].sum()))
            ax.set_title(
                f"{label}, {layer}: {ever} of {on.shape[1]} units were off\nat some epoch, {back} came back, {last} are off at the end",
                fontsize=9,
            )
            ax.set_ylabel("unit, sorted" if column == 0 else "")
    for ax in axes[-1]:
        ax.set_xlabel("epoch (0: before training)")
        ax.xaxis.get_major_locator().set_params(integer=True)
    figure.colorbar(drawn, ax=axes, label="samples that switch the unit on, %; red: none; grey: not finite", fraction=0.02, pad=0.01)
    finding = findings.of_units(first_runs)
    return save(figure, path, "One row per unit; red where no sample of the probe switches it on.", finding)


def _norm(images, log):
    if not log:
        return Normalize(0, 100)
    values = np.concatenate([image.to_numpy().ravel() for image in images])
    values = values[np.isfinite(values) & (values > 0)]
    return LogNorm(values.min(), values.max()) if len(values) and values.min() < values.max() else LogNorm(1e-3, 1)
