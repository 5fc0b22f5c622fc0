"""Quantities over epochs: one line per arm, mean over seeds, with the interval of the mean as a band."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from matplotlib.ticker import LogLocator, NullLocator, PercentFormatter

from common.experiment.curves import LOG_FLOOR
from common.experiment.names import display_arm
from common.figures import findings
from common.figures.sheet import COLORS, DASHES, MARKERS, add_legend, new_sheet, save
from common.stats import mean_curve

SMOOTHING_EPOCHS = 5
CLOSE_UP_EPOCHS = 20


def as_is(runs):
    return runs


def smoothed(runs):
    """The moving average of each run; `runs` is epochs x seeds."""
    return runs.rolling(SMOOTHING_EPOCHS, min_periods=1).mean()


def close_up(runs):
    """The last epochs."""
    return runs.iloc[-CLOSE_UP_EPOCHS:]


class Panel(NamedTuple):
    """One set of axes: a column of the table, how the axis is labelled, its scale (log, linear or percent), and what is done first."""

    column: str
    label: str
    scale: str = "log"
    prepare: Callable = as_is


FOUR_CURVES = (
    Panel("train_loss", "training loss"),
    Panel("test_loss", "test loss"),
    Panel("train_accuracy", "training accuracy", "percent"),
    Panel("test_accuracy", "test accuracy", "percent"),
)
OPTIMIZER_CURVES = (
    Panel("train_loss", "training loss"),
    Panel("test_accuracy", "test accuracy", "percent"),
    Panel("learning_rate", "learning rate"),
    Panel("train_grad_norm", "gradient norm, mean over minibatches"),
    Panel("train_loss", f"training loss, moving average of {SMOOTHING_EPOCHS} epochs", "log", smoothed),
    Panel("test_loss", f"test loss, last {CLOSE_UP_EPOCHS} epochs", "log", close_up),
)


@dataclass(frozen=True)
class Styles:
    """How arms look: one column of the tables decides colour and marker, others, if any, the dashes.

    Attributes:
        color: name of a column.
        dashes: names of columns.
        colors: the values of `color` in the order of the palette; None takes them as they come, as those of `dashes` are taken: the same
            for all figures only if all have the same values.
        dash_values: the same for `dashes`: a tuple of tuples.
    """

    color: str
    dashes: tuple = ()
    colors: tuple | None = None
    dash_values: tuple | None = None

    def arms(self, table):
        """The arms of a table, as `(label, style, rows)`."""
        keys = [self.color, *self.dashes]
        arms = table.groupby(keys, sort=False)
        colors = list(self.colors or table[self.color].unique())
        dashes = list(self.dash_values or dict.fromkeys(values[1:] for values, _ in arms))
        for values, rows in arms:
            i, j = colors.index(values[0]), dashes.index(values[1:])
            style = {"color": COLORS[i % len(COLORS)], "marker": MARKERS[i % len(MARKERS)], "linestyle": DASHES[j % len(DASHES)]}
            yield display_arm(keys, values), style, rows


def curves_sheet(history, styles, panels, title, note, path):
    """One panel after another over epochs, two or three in a row.

    Args:
        history: rows of `history.csv` of one dataset, with further columns if need be; one line per arm of `styles`, mean over seeds with
            the interval as a band.
        styles: Styles.
        panels: the Panels, 4 or a multiple of 3.
        title, note: heading and footer.
        path: where the PNG goes.
    """
    columns = 2 if len(panels) == 4 else 3
    figure, axes = new_sheet(len(panels) // columns, columns, title, note)
    for ax, panel in zip(axes.flat, panels, strict=True):
        draw_curves(ax, history, styles, panel)
        ax.set_ylabel(panel.label)
    shows = f"{len(panels)} panels over epochs: {', '.join(panel.label for panel in panels)}."
    return _finish(figure, axes, path, shows, findings.of_curves(history, [styles.color, *styles.dashes]))


def layers_sheet(layers, quantity, styles, title, note, path, scale="log"):
    """One panel per layer: a quantity of `layers.csv` over epochs; the layers share the axis."""
    measured = layers.groupby("layer")[quantity].transform(lambda values: values.notna().any())
    layers = layers[measured] if measured.any() else layers
    names = list(layers["layer"].unique())
    dashes = tuple(layers[list(styles.dashes)].drop_duplicates().itertuples(index=False, name=None))
    styles = replace(styles, dash_values=dashes or None)  # not all arms have all layers
    label = quantity.replace("grad_", "gradient_").replace("_", " ")
    figure, axes = new_sheet(1, len(names), title, note, sharey=True)
    for ax, name in zip(axes.flat, names, strict=True):
        draw_curves(ax, layers[layers["layer"] == name], styles, Panel(quantity, label, scale))
        ax.set_title(name, fontsize=11)
    axes.flat[0].set_ylabel(label)
    write = findings.percent if scale == "percent" else findings.number
    finding = findings.of_layers(layers, quantity, [styles.color, *styles.dashes], write)
    return _finish(figure, axes, path, f"One panel per layer: {', '.join(names)}.", finding)


def _finish(figure, axes, path, shows, finding):
    handles, labels = axes.flat[0].get_legend_handles_labels()
    more = "; line: mean over seeds, geometric on log axes; band: 95 % interval (Student's t)"
    if any("diverged" in label for label in labels):
        more += "; cross: where a run was last finite"
    add_legend(figure, handles, labels, more)
    return save(figure, path, shows, finding)


def draw_curves(ax, table, styles, panel):
    """One line per arm: the mean over the runs that stay finite, with its interval as a band; each diverged run thin, up to a cross.

    On a log axis the mean is the geometric one, and the interval that of the logarithms.
    """
    column, _, scale, prepare = panel
    if not np.isfinite(table[column]).any():
        ax.text(0.5, 0.5, "no run has a finite value", transform=ax.transAxes, ha="center", color="0.35")
        ax.set(xlim=(0.5, table["epoch"].max() + 0.5), yticks=[])
    elif scale == "log":
        ax.set_yscale("log")
    for label, style, rows in styles.arms(table):
        runs = prepare(rows.pivot(index="epoch", columns="seed", values=column))
        if scale == "log":
            runs = runs.clip(lower=LOG_FLOOR)
        finite = np.isfinite(runs).all(axis=0)
        whole, diverged = runs.loc[:, finite], runs.loc[:, ~finite]
        if diverged.shape[1]:
            label += f" ({diverged.shape[1]} of {runs.shape[1]} diverged)"
        for seed in diverged.columns:
            run = diverged[seed].where(np.isfinite(diverged[seed])).dropna()
            cross = {"marker": "x", "linestyle": "", "color": style["color"], "markersize": 9, "markeredgewidth": 2}
            if len(run):
                ax.plot(run.index, run, linewidth=0.7, color=style["color"], linestyle=style["linestyle"])
                ax.plot(run.index[-1:], run[-1:], **cross)
            else:  # never finite: a cross at the upper edge, where it begins
                ax.plot(runs.index[:1], [0.98], transform=ax.get_xaxis_transform(), **cross)
        mean, low, high = mean_curve(whole.to_numpy().T, log=scale == "log")
        if np.isfinite(low).any():
            ax.fill_between(runs.index, low, high, color=style["color"], alpha=0.18, linewidth=0)
        ax.plot(runs.index, mean, label=label, linewidth=1.6, markersize=5, markevery=_marks(len(runs), style["marker"]), **style)
    if ax.get_yscale() == "log":
        _label_plainly(ax)
    if scale == "percent":
        ax.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %", decimals=None))
        if not table[column].fillna(0).any():
            ax.set_ylim(-0.005, 0.1)  # matplotlib would put nothing but zeros into the middle, with negative shares below
    raised = scale == "log" and bool((table[column] < LOG_FLOOR).any())
    ax.set_xlabel(f"epoch; values below {LOG_FLOOR:g} are drawn there" if raised else "epoch")
    ax.xaxis.get_major_locator().set_params(integer=True)


def _label_plainly(ax):
    """Log axis with numbers as people write them; the fewer powers of ten there are, the more between them."""
    low, high = ax.get_ylim()
    if high < 100 * low:
        ax.yaxis.set_minor_locator(LogLocator(subs=range(2, 10) if high < 10 * low else (2, 5)))
        ax.yaxis.set_minor_formatter(lambda value, _: f"{value:g}")
    else:
        ax.yaxis.set_minor_locator(NullLocator())  # most of the drawing time went into marks that nobody reads
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")


def _marks(points, marker):
    """Where a line bears its marker: about eight times, each marker at places of its own, so that lines on top of each other show."""
    step = max(1, points // 8)
    return MARKERS.index(marker) * step // len(MARKERS), step
