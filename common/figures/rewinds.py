"""A heatmap of layers set back to earlier epochs: whose training a network needs, and up to when."""

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import ListedColormap

from common.figures.drawing import Drawing, new_figure

COLOR_MAP = ListedColormap(colormaps["viridis_r"](np.linspace(0.05, 1, 256))).with_extremes(bad="#E69F00")  # from light, nothing lost
ROW = 0.24  # inches, of a layer's
LEAST_RANGE = 10.0  # points, of the colours: less is not to look like much


def rewinds_figure(rewinds, note=""):
    """The test accuracy that is lost if one layer is set back to an earlier epoch, means over seeds: a row per arm and layer, a column per
    epoch.

    Args:
        rewinds: DataFrame with a row per `arm`, `seed`, `layer` and `rewound_to` (epoch; 0 is before training), with `lost`, a share.
        note: words for the footer. Defaults to none.

    Returns:
        A `Drawing`.

    Example:

    ```python
    rewinds_figure(rewinds.assign(arm="ReLU", lost=rewinds["trained_accuracy"] - rewinds["rewound_accuracy"]))
    ```
    """
    points = 100 * rewinds.groupby(["arm", "layer", "rewound_to"], sort=False)["lost"].mean().unstack()
    points = points[sorted(points)]
    figure, ((ax,),) = new_figure(1, 1, height=ROW * len(points), grid=False)
    values = points.to_numpy()
    top = max(LEAST_RANGE, float(np.nanmax(values, initial=0.0)))
    image = ax.imshow(values, aspect="auto", interpolation="nearest", cmap=COLOR_MAP, vmin=0, vmax=top)
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            ax.text(column, row, _written(value), ha="center", va="center", color="white" if value > top / 2 else "black")
    ax.set_yticks(range(len(points)), [f"{arm}, {layer}" for arm, layer in points.index])
    ax.set_xticks(range(len(points.columns)), [f"{epoch}" for epoch in points.columns])
    ax.tick_params(length=0)
    ax.set_xlabel("set back to the end of epoch (0: before training)")
    of_rows = list(points.index.get_level_values("arm"))
    arms = list(dict.fromkeys(of_rows))
    for arm in arms[1:]:
        ax.axhline(of_rows.index(arm) - 0.5, color="white", linewidth=2)
    figure.colorbar(image, ax=ax, label="accuracy lost, points", fraction=0.05, pad=0.02)
    layers = ", ".join(dict.fromkeys(points.index.get_level_values("layer")))
    shows = f"Accuracy lost with one layer set back to an earlier epoch; rows: layers ({layers}) of {', '.join(arms)}."
    first = points[points.columns[0]]
    parts = [f"{', '.join(map(_written, first.loc[arm]))} ({arm})" for arm in arms]
    finding = f"Points of test accuracy lost with {layers} as before training: {'; '.join(parts)}."
    return Drawing(figure, shows, finding, "; ".join(filter(None, [note, "means over seeds"])))


def _written(value):
    return "-" if np.isnan(value) else f"{round(value):d}"
