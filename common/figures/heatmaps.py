"""Heatmaps over epochs: one row per layer, or one row per unit."""

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import ListedColormap

from common.experiment.formatting import percent
from common.figures import quantities
from common.figures.drawing import Drawing, explain_empty, integer_epochs, new_figure
from common.stats import describe

# Without its lightest part: white, which stands for units that are off, differs from all of it in brightness too. What is not finite is
# orange, which the map does not have.
COLOR_MAP = ListedColormap(colormaps["viridis"](np.linspace(0, 0.85, 256))).with_extremes(under="white", bad="#E69F00")
ROW = 0.19  # inches, of a layer's
LEAST = 2  # percent, which a row reaches at some epoch: others would be dark throughout
ALIKE = 5  # points, by which rows must differ for a caption to name one
GROUPS = "*"  # marks a mean over runs that fall into two groups


def layers_heatmap(arms, measures):
    """Shares by layer and epoch, means over seeds: one panel per measure, in it a row per arm and layer.

    Arms and layers in which a measure never reaches 2 % have no row, and the title names them; nor have those in which it is
    not measured.

    Args:
        arms: list of `(label, rows of layers.csv)`.
        measures: the `Measure`s, shares.

    Returns:
        A `Drawing`.

    Example:

    ```python
    layers_heatmap([("ReLU", layers)], [share("dead_fraction", "dead units")])
    ```
    """
    panels = [(measure, *_rows_of(measure, arms)) for measure in measures]
    shown = [panel for panel in panels if panel[1]] or panels[:1]
    heights = [max(len(rows), 1) + 1.6 for _, rows, _ in shown]
    grid = {"height_ratios": heights}
    figure, axes = new_figure(len(shown), 1, height=ROW * sum(heights) / len(shown), grid=False, sharex=True, gridspec_kw=grid)
    findings, images = [], []
    for ax, (measure, rows, low) in zip(axes.flat, shown, strict=True):
        images.append(_draw_rows(ax, rows))
        left_out = f" (below {LEAST} % throughout: {'; '.join(low)})" if low else ""
        ax.set_title(f"{measure.label}, %{left_out}", loc="left")
        findings.append(f"{measure.label} {_extremes(rows)}")
    integer_epochs(axes[-1, 0])
    if any(images):
        figure.colorbar(next(filter(None, images)), ax=axes, label="mean over seeds, %", fraction=0.03, pad=0.02, aspect=40)
    shows = f"Panels: {', '.join(measure.label for measure, *_ in shown)}; rows: layers of {', '.join(arm for arm, _ in arms)}."
    note = "at the right: after the last epoch"
    if any(GROUPS in end for _, rows, _ in shown for _, end in rows.values()):
        note += f"; {GROUPS}: the runs end in two groups"
    if len(shown) < len(panels):
        note += f"; below {LEAST} % everywhere, or not measured: {', '.join(measure.label for measure, rows, _ in panels if not rows)}"
    if any(np.ma.getmaskarray(image.get_array()).any() for image in filter(None, images)):
        note += "; orange: not finite"
    return Drawing(figure, shows, f"After the last epoch: {'; '.join(findings)}.", note)


def units_heatmap(arms):
    """Share of probe samples that switch each unit on, by unit and epoch, in one run: one column per arm, one row per layer.

    Units are sorted by the epoch at which they last were on, then by their share at the end. A unit that no sample switches on is white.
    An activation that saturates has no such state: its panels show the share of the layer's outputs that are saturated.

    Args:
        arms: list of `(label, arrays of units.npz, rows of units.csv, rows of layers.csv)`; the first seed is drawn.

    Returns:
        A `Drawing`.
    """
    layers = [name for name in arms[0][1] if name != "epochs"]
    figure, axes = new_figure(len(layers), len(arms), height=2.3, grid=False, sharex=True)
    maps, parts = [], []
    for column, (label, arrays, units, measured) in zip(axes.T, arms, strict=True):
        seed = units["seed"].iloc[0]
        units, measured = units[units["seed"] == seed], measured[measured["seed"] == seed]
        saturates = measured["saturated_fraction"].notna().any()
        for ax, layer in zip(column, layers, strict=True):
            rows = measured[measured["layer"] == layer]
            fates = quantities.unit_fates(units[units["layer"] == layer])
            end, more = _draw_saturation(ax, rows, fates) if saturates else _draw_units(ax, arrays, layer, fates, maps)
            ax.set_title(f"{label}, {layer}:\n{end}{more}")
            parts.append(f"{end} ({label}, {layer})")
    for ax in axes[-1]:
        integer_epochs(ax)
    if maps:
        on = "samples that switch the unit on, %; white: none"
        on += "; orange: not finite" if any(np.ma.getmaskarray(image.get_array()).any() for image in maps) else ""
        figure.colorbar(maps[0], ax=axes, label=on, location="bottom", fraction=0.03, pad=0.02, aspect=50)
    shows = "One row per unit, white where no sample of the probe switches it on; of an activation that saturates, the saturated share."
    return Drawing(figure, shows, f"At the end of this run: {'; '.join(parts)}.", "epoch 0: before training")


def _rows_of(measure, arms):
    """The rows of a panel, `{row in words: (mean over seeds by epoch as a Series, the last in words)}`, and those left out, in words."""
    rows, low = {}, {}
    for arm, table in arms:
        if measure.missing == "not measured":
            table = table[table.groupby("layer")[measure.name].transform(lambda values: values.notna().any())]
        last = table[(table["epoch"] == table["epoch"].max()) & np.isfinite(table[measure.name])]
        split = {layer for layer, values in last.groupby("layer")[measure.name] if describe(values, measure.kind).groups}
        for layer, of_layer in table.groupby("layer", sort=False):
            means = 100 * of_layer.groupby("epoch")[measure.name].mean()
            diverged = of_layer.loc[of_layer[measure.name].isna(), "seed"].nunique()
            if means.max() < LEAST and not diverged:
                low.setdefault(arm, []).append(layer)
                continue
            end = "-" if np.isnan(means.iloc[-1]) else f"{means.iloc[-1]:.0f} %"
            left_out = f" ({diverged} of {of_layer['seed'].nunique()} diverged)" if diverged else ""
            rows[f"{arm}, {layer}{left_out}"] = means, end + GROUPS * (layer in split)
    measured = {arm: table.loc[table[measure.name].notna(), "layer"].nunique() for arm, table in arms}
    return rows, [arm if len(of_arm) == measured[arm] else f"{arm}, {', '.join(of_arm)}" for arm, of_arm in low.items()]


def _draw_rows(ax, rows):
    """Draw a panel of `layers_heatmap`; returns the image, None of a panel without rows."""
    if not rows:
        explain_empty(ax, "no row")
        ax.set_yticks([])
        return None
    epochs = next(iter(rows.values()))[0].index
    image = _draw_image(ax, np.array([means.reindex(epochs) for means, _ in rows.values()]), epochs)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.tick_params(axis="y", length=0)
    for position, (_, end) in enumerate(rows.values()):
        ax.annotate(end, (1.01, position), xycoords=("axes fraction", "data"), va="center", annotation_clip=False)
    return image


def _extremes(rows):
    """The rows with the highest and the lowest mean at the end, as the panel writes them; without those whose runs fall into two groups."""
    if not rows:
        return f"below {LEAST} %"
    ends = {name: means.iloc[-1] for name, (means, end) in rows.items() if np.isfinite(means.iloc[-1]) and GROUPS not in end}
    if not ends:
        return "without a mean that stands for all runs"
    low, high = min(ends, key=ends.get), max(ends, key=ends.get)
    if len(ends) > 1 and ends[high] - ends[low] < ALIKE:
        return f"{ends[low]:.0f} to {ends[high]:.0f} % in each row" + f" without {GROUPS}" * (len(ends) < len(rows))
    return f"between {ends[low]:.0f} % ({low}) and {ends[high]:.0f} % ({high})" if len(ends) > 1 else f"{ends[high]:.0f} % ({high})"


def _draw_units(ax, arrays, layer, fates, maps):
    """Draw the units of a layer, and add the image to `maps`; returns their fates in words, those of
    the end first."""
    on = arrays[layer][0]
    image = on[:, quantities.last_on_order(on)].T
    maps.append(_draw_image(ax, np.where(image == 0, -1, 100 * image), arrays["epochs"]))  # -1 is below the colour map's range
    ax.set_ylabel("unit, sorted")
    ever, back, last = fates
    return f"{last} of {len(image)} units off", f" at the end\n{ever} ever off, {back} came back"


def _draw_saturation(ax, rows, fates):
    """Draw the saturated share of a layer's outputs; returns that of the end in words, and more."""
    shares = 100 * rows["saturated_fraction"].to_numpy()
    ax.plot(rows["epoch"], shares, color="black")
    ax.set(ylim=(-3, 103), ylabel="saturated outputs, %")
    ax.grid(color="0.9", linewidth=0.6)
    share = percent(shares[-1] / 100) if np.isfinite(shares[-1]) else "unknown share"
    return f"{share} of outputs saturated", f" at\nthe end; {fates[0]} units ever off"


def _draw_image(ax, values, epochs):
    extent = (epochs[0] - 0.5, epochs[-1] + 0.5, len(values) - 0.5, -0.5)
    return ax.imshow(values, aspect="auto", interpolation="nearest", cmap=COLOR_MAP, vmin=0, vmax=100, extent=extent)
