"""Quantities over epochs, one line per arm."""

import textwrap
from dataclasses import replace

import numpy as np
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullLocator

from common.experiment.measures import LOG_FLOOR
from common.figures.arms import draw_arm, draw_strip, make_room
from common.figures.drawing import Drawing, explain_empty, fitted, format_percent, integer_epochs, new_figure
from common.figures.panels import Panel, apart, close_up
from common.figures.words import End, compared, first_of, named

COLUMNS = 3  # of panels, at most
OUTCOME = "test_accuracy"  # the column that a caption of curves is about, where it is drawn
INCHES_PER_LINE = 0.15
LETTERS_UPRIGHT = 32  # that fit along a panel


def curves_figure(history, styles, panels):
    """Several quantities over epochs, up to three panels in a row.

    Args:
        history: rows of `history.csv` of one dataset; it may have further columns.
        styles: the `Styles` of its arms.
        panels: the `Panel`s.

    Returns:
        A `Drawing`.

    Example:

    ```python
    drawing = curves_figure(history, Styles(color="optimizer"), [Panel("train_loss", "training loss")] * 4)
    drawing.figure.savefig("curves.png")
    ```
    """
    columns = 2 if len(panels) == 4 else min(len(panels), COLUMNS)
    figure, axes = new_figure(-(-len(panels) // columns), columns)
    drawn = {}
    for ax, panel in zip(axes.flat, panels, strict=False):
        curves = draw_curves(ax, history, styles, panel)
        finish([ax], [curves], [fitted(panel.label, columns)], panel.scale)
        drawn.setdefault(panel.column, (panel, curves))
    for ax in axes.flat[len(panels) :]:
        ax.remove()
    _heighten(figure, axes)
    panel, curves = drawn.get(OUTCOME) or next(iter(drawn.values()))
    shows = f"{len(panels)} panels over epochs: {', '.join(panel.label for panel in panels)}."
    finding = f"{_ends(panel.label, curves, 'share' if panel.scale == 'percent' else '')}{_diverged(curves)}"
    return Drawing(figure, shows, finding, note_of([curves for _, curves in drawn.values()], panels), legend_of(figure.axes))


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
    columns = min(len(names), COLUMNS)
    figure, axes = new_figure(-(-len(names) // columns), columns, height=2.5, sharey=True)
    panel = Panel.of(measure)
    tables = [layers[layers["layer"] == name] for name in names]
    by_run = {label for table in tables for label, _, runs in _arms(table, styles, panel) if apart(runs, panel)}  # alike in all layers
    curves = [draw_curves(ax, table, styles, panel, by_run) for ax, table in zip(axes.flat, tables, strict=False)]
    for ax in axes.flat[len(names) :]:
        ax.remove()
    shown = list(axes.flat[: len(names)])
    finish(shown, curves, names, measure.scale)
    _heighten(figure, axes)
    for ax in shown[::columns]:
        ax.set_ylabel(textwrap.fill(measure.label, LETTERS_UPRIGHT))
    at_layer = [curve._replace(label=f"{name} under {curve.label}") for name, of in zip(names, curves, strict=True) for curve in of]
    shows = f"One panel per layer: {', '.join(names)}."
    return Drawing(figure, shows, _ends(measure.label, at_layer, measure.unit), note_of(curves, [panel]), legend_of(shown))


def draw_curves(ax, table, styles, panel, by_run=None):
    """Draw one line per arm: the mean over its finite runs with the interval as a band, or the runs one by one and their median, see
    `Curve`; and each diverged run as a thin line to a cross.

    Args:
        ax: the axes. On a log axis the mean is the geometric one, and the interval that of the logarithms.
        table: a table with a row per run and epoch.
        styles: the `Styles` of its arms.
        panel: the `Panel`.
        by_run: the labels of the arms to be drawn run by run. Defaults to None: those that `panels.apart` says.

    Returns:
        List of `Curve`s.
    """
    values = table[panel.column]
    if not np.isfinite(values).any():
        explain_empty(ax, "no run has a finite value")
        ax.set(xlim=(0.5, table["epoch"].max() + 0.5), yticks=[])
    elif panel.scale == "log":
        ax.set_yscale("log")
        if not (values[np.isfinite(values)] >= LOG_FLOOR).any():  # only what the strip shows: the axis needs limits all the same
            ax.update_datalim([(1, LOG_FLOOR), (1, 1)])
    curves = [
        draw_arm(ax, runs, label, style, panel, None if by_run is None else label in by_run)
        for label, style, runs in _arms(table, styles, panel)
    ]
    integer_epochs(ax)
    return curves


def _arms(table, styles, panel):
    """`(label, style, runs)` of each arm, `runs` a DataFrame `(epochs, seeds)`."""
    return [(label, style, rows.pivot(index="epoch", columns="seed", values=panel.column)) for label, style, rows in styles.arms(table)]


def finish(axes, curves, titles, scale):
    """Give panels, once all is drawn, limits, ticks, the strip of zeros, and titles.

    Args:
        axes: those that share a y axis.
        curves: for each of them its list of `Curve`s.
        titles: for each its title, to which the zeros are added in words.
        scale: of the `Panel`s.
    """
    below = {curve.zero for of in curves for curve in of if curve.zeros}
    if below:
        make_room(axes[0])
    for ax, of, title in zip(axes, curves, titles, strict=True):
        if below:
            first = ax is axes[0] or ax.get_subplotspec().is_first_col()
            draw_strip(ax, ("0" if below == {"exactly 0"} else f"<{LOG_FLOOR:g}") * first)
        _format_log(ax, minor=not below)
        if scale == "percent":
            _format_percent(ax, of)
        zeros = [f"{curve.zero} in {curve.zeros} of {curve.runs} runs: {curve.label}" for curve in of if curve.zeros]
        columns = round(ax.get_gridspec().ncols)
        ax.set_title("\n".join([title, *(fitted(words, columns) for words in first_of(zeros))]).strip())


def _heighten(figure, axes):
    """Give titles of more than two lines the height that their panels would lose."""
    lines = sum(max(0, max(ax.get_title().count("\n") for ax in row) - 1) for row in axes)
    figure.set_figheight(figure.get_figheight() + INCHES_PER_LINE * lines)


def legend_of(axes):
    """`(handles, labels)` of one legend for several panels: an entry per arm, the one that also counts diverged runs if there is one."""
    entries = {}
    for ax in axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            arm = label.split(" (")[0]
            if len(label) > len(entries.get(arm, (None, ""))[1]):
                entries[arm] = handle, label
    return tuple(map(list, zip(*entries.values(), strict=True))) or ([], [])


def _ends(label, curves, unit):
    """The values at the end, compared: means with their intervals, and the medians and ranges of what is drawn run by run."""
    zeros = [curve.label for curve in curves if curve.zeros and not curve.center[-1] >= LOG_FLOOR]
    ends = [End(curve.label, curve.center[-1], curve.low[-1], curve.high[-1]) for curve in curves if curve.label not in zeros]
    medians = [curve.label for curve in curves if curve.by_run and curve.label not in zeros]
    note = f" Of {named(medians)} the median." if medians else ""
    at_zero = f" The median is 0 or nearly: {named(zeros)}." if zeros else ""
    return f"{label[:1].upper()}{label[1:]} at the end: {compared(ends, unit)}.{note}{at_zero}{_zeros(curves)}"


def _zeros(curves):
    counts = [f"{curve.zero} in {curve.zeros} of {curve.runs} runs of {curve.label}" for curve in curves if curve.zeros]
    return f" At some epoch {named(counts)}." if counts else ""


def _diverged(curves):
    counts = [f"{curve.diverged} of {curve.runs} runs under {curve.label}" for curve in curves if curve.diverged]
    return f" Diverged: {named(counts)}." if counts else ""


def note_of(curves, panels):
    """The footer on what the lines of these lists of `Curve`s are."""
    curves, notes = [curve for of in curves for curve in of], []
    if not all(curve.by_run for curve in curves):
        geometric = ", geometric on log axes" if any(panel.scale == "log" for panel in panels) else ""
        notes.append(f"line: mean over seeds{geometric}; band: 95 % interval")
    if any(curve.by_run for curve in curves):
        zeros = any(curve.zeros for curve in curves)
        notes.append(f"thin: single runs, with their median, where they fall into two groups{' or reach 0' if zeros else ''}")
    if any(panel.prepare is close_up for panel in panels):
        notes.append("about its trend, an exponential: the run of median spread")
    if any(curve.diverged for curve in curves):
        notes.append("cross: where a run was last finite")
    return "; ".join(notes)


def _format_log(ax, minor):
    if ax.get_yscale() == "log":
        # Plain numbers, more of them the fewer powers of ten there are: matplotlib's own formatters write 0.3 as 3e-01.
        low, high = ax.get_ylim()
        if minor and high < 100 * low:
            steps = np.arange(1, 10, 0.5) if high < 3 * low else (2, 3, 5, 7) if high < 10 * low else (2, 5)
            ax.yaxis.set_minor_locator(LogLocator(subs=steps))
            ax.yaxis.set_minor_formatter(FormatStrFormatter("%g"))
        else:
            ax.yaxis.set_minor_locator(NullLocator())  # minor ticks would take most of the drawing time
        ax.yaxis.set_major_formatter(FormatStrFormatter("%g"))


def _format_percent(ax, curves):
    format_percent(ax.yaxis)
    if not any(np.nan_to_num(curve.high).any() or np.nan_to_num(curve.center).any() for curve in curves):
        ax.set_ylim(-0.005, 0.1)  # matplotlib would centre a line of zeros and show negative shares
