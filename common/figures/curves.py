"""Quantities over epochs: one line per arm, the mean over seeds, with the interval of the mean as a band."""

from dataclasses import dataclass, replace

import numpy as np
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullLocator, PercentFormatter

from common.experiment import formatting
from common.experiment.measures import LOG_FLOOR
from common.figures import findings
from common.figures.drawing import COLORS, DASHES, MARKERS, Drawing, explain_empty, integer_epochs, new_figure
from common.figures.panels import Panel
from common.stats import describe, mean_curve

RUNS = "run by run"
KINDS = {"percent": "share", "log": "log"}  # of values that may end in two groups


@dataclass(frozen=True)
class Styles:
    """Colours, markers and dashes of arms: one column decides colour and marker, further columns decide the dashes.

    Attributes:
        color: name of the column that decides colour and marker.
        dashes: names of the columns that decide the dashes. Defaults to none: all lines are solid.
        colors: all values of `color`, in the order of the palette, so that an arm looks the same in all figures. Defaults to None: the
            values of each table, in their order.
        dash_values: the same for `dashes`, a tuple of tuples. Defaults to None.

    Example:

    ```python
    Styles(color="optimizer", dashes=("schedule",), colors=("sgd", "momentum", "adam"))
    ```
    """

    color: str
    dashes: tuple = ()
    colors: tuple | None = None
    dash_values: tuple | None = None

    @property
    def columns(self):
        """Names of all columns that tell arms apart."""
        return [self.color, *self.dashes]

    def arms(self, table):
        """Yield `(label, style, rows)` for each arm of a table; `style` holds the keyword arguments of `Axes.plot`."""
        arms = table.groupby(self.columns, sort=False)
        colors = list(self.colors or table[self.color].unique())
        dashes = list(self.dash_values or dict.fromkeys(values[1:] for values, _ in arms))
        for values, rows in arms:
            i, j = colors.index(values[0]), dashes.index(values[1:])
            style = {"color": COLORS[i % len(COLORS)], "marker": MARKERS[i % len(MARKERS)], "linestyle": DASHES[j % len(DASHES)]}
            yield formatting.arm(self.columns, values), style, rows


def curves_figure(history, styles, panels):
    """Several quantities over epochs, two or three panels in a row.

    Args:
        history: rows of `history.csv` of one dataset; it may have further columns.
        styles: the `Styles` of its arms.
        panels: the `Panel`s, 4 or a multiple of 3.

    Returns:
        A `Drawing`.

    Example:

    ```python
    drawing = curves_figure(history, Styles(color="optimizer"), [Panel("train_loss", "training loss")] * 4)
    drawing.figure.savefig("curves.png")
    ```
    """
    columns = 2 if len(panels) == 4 else 3
    figure, axes = new_figure(len(panels) // columns, columns)
    for ax, panel in zip(axes.flat, panels, strict=True):
        draw_curves(ax, history, styles, panel)
        ax.set_ylabel(panel.label)
    shows = f"{len(panels)} panels over epochs: {', '.join(panel.label for panel in panels)}."
    return _drawing(figure, axes, shows, findings.of_curves(history, styles.columns))


def layers_figure(layers, measure, styles):
    """One measure of all layers over epochs: one panel per layer, with a common y axis.

    Args:
        layers: rows of `layers.csv` of one dataset. Layers in which the measure has no value are left out.
        measure: the `Measure`, one of its columns.
        styles: the `Styles` of its arms.

    Returns:
        A `Drawing`.
    """
    measured = layers.groupby("layer")[measure.name].transform(lambda values: values.notna().any())
    layers = layers[measured] if measured.any() else layers
    names = list(layers["layer"].unique())
    dashes = tuple(layers[list(styles.dashes)].drop_duplicates().itertuples(index=False, name=None))
    styles = replace(styles, dash_values=dashes or None)  # of all layers, because some arms lack some of them
    figure, axes = new_figure(1, len(names), sharey=True)
    for ax, name in zip(axes.flat, names, strict=True):
        draw_curves(ax, layers[layers["layer"] == name], styles, Panel.of(measure))
        ax.set_title(name, fontsize=11)
    axes.flat[0].set_ylabel(measure.label)
    shows = f"One panel per layer: {', '.join(names)}."
    return _drawing(figure, axes, shows, findings.of_layers(layers, measure, styles.columns))


def draw_curves(ax, table, styles, panel):
    """Draw one line per arm: the mean over its finite runs with the interval as a band, and each diverged run as a thin line to a cross.

    Args:
        ax: the axes. On a log axis the mean is the geometric one, and the interval that of the logarithms.
        table: a table with a row per run and epoch.
        styles: the `Styles` of its arms.
        panel: the `Panel`.
    """
    log = panel.scale == "log"
    if not np.isfinite(table[panel.column]).any():
        explain_empty(ax, "no run has a finite value")
        ax.set(xlim=(0.5, table["epoch"].max() + 0.5), yticks=[])
    elif log:
        ax.set_yscale("log")
    for label, style, rows in styles.arms(table):
        runs = panel.prepare(rows.pivot(index="epoch", columns="seed", values=panel.column))
        if log:
            runs = runs.clip(lower=LOG_FLOOR)
        finite = np.isfinite(runs).all(axis=0)
        diverged = runs.loc[:, ~finite]
        _draw_diverged(ax, diverged, style)
        label += f" ({diverged.shape[1]} of {runs.shape[1]} diverged)" if diverged.shape[1] else ""
        if panel.scale in KINDS and describe(runs.loc[:, finite].iloc[-1], KINDS[panel.scale]).groups:
            _draw_runs(ax, runs.loc[:, finite], f"{label} ({RUNS})", style)
        else:
            _draw_mean(ax, runs.loc[:, finite], label, style, panel)
    _format_y(ax, table[panel.column], panel.scale)
    raised = log and bool((table[panel.column] < LOG_FLOOR).any())
    integer_epochs(ax, f"epoch; values below {LOG_FLOOR:g} are drawn there" if raised else "epoch")


def _drawing(figure, axes, shows, finding):
    handles, labels = axes.flat[0].get_legend_handles_labels()
    note = "line: mean over seeds, geometric on log axes; band: 95 % interval"
    if any(RUNS in label for ax in axes.flat for label in ax.get_legend_handles_labels()[1]):
        note += "; thin lines: single runs where they end in two groups"
    if any("diverged" in label for label in labels):
        note += "; cross: where a run was last finite"
    return Drawing(figure, shows, finding, note, (handles, labels))


def _draw_mean(ax, runs, label, style, panel):
    lowest = panel.lowest if panel.scale == "percent" else None
    mean, low, high = mean_curve(runs.to_numpy().T, panel.scale == "log", panel.correction, lowest)
    if np.isfinite(low).any():
        ax.fill_between(runs.index, low, high, color=style["color"], alpha=0.18, linewidth=0)
    # About eight markers a line, at places of their own for each marker, so that lines on top of each other show.
    step = max(1, len(runs) // 8)
    first = MARKERS.index(style["marker"]) * step // len(MARKERS)
    ax.plot(runs.index, mean, label=label, linewidth=1.6, markersize=5, markevery=(first, step), **style)


def _draw_runs(ax, runs, label, style):
    """Runs that end in two groups, one by one."""
    ax.plot(runs.index, runs.iloc[:, 0], label=label, linewidth=0.8, **{**style, "marker": ""})
    ax.plot(runs.index, runs.iloc[:, 1:], linewidth=0.8, **{**style, "marker": ""})


def _draw_diverged(ax, runs, style):
    cross = {"marker": "x", "linestyle": "", "color": style["color"], "markersize": 9, "markeredgewidth": 2}
    for seed in runs.columns:
        run = runs[seed].where(np.isfinite(runs[seed])).dropna()
        if len(run):
            ax.plot(run.index, run, linewidth=0.7, color=style["color"], linestyle=style["linestyle"])
            ax.plot(run.index[-1:], run[-1:], **cross)
        else:  # never finite: a cross at the upper edge, above the first epoch
            ax.plot(runs.index[:1], [0.98], transform=ax.get_xaxis_transform(), **cross)


def _format_y(ax, values, scale):
    if ax.get_yscale() == "log":
        # Plain numbers, more of them the fewer powers of ten there are: matplotlib's own formatters write 0.3 as 3e-01.
        low, high = ax.get_ylim()
        if high < 100 * low:
            ax.yaxis.set_minor_locator(LogLocator(subs=range(2, 10) if high < 10 * low else (2, 5)))
            ax.yaxis.set_minor_formatter(FormatStrFormatter("%g"))
        else:
            ax.yaxis.set_minor_locator(NullLocator())  # minor ticks would take most of the drawing time
        ax.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    if scale == "percent":
        ax.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %", decimals=None))
        if not values.fillna(0).any():
            ax.set_ylim(-0.005, 0.1)  # matplotlib would centre a line of zeros and show negative shares
