"""One quantity over epochs, with a panel for each of several conditions: what a control changes."""

import textwrap

from common.figures.curves import LETTERS_UPRIGHT, draw_curves, finish, legend_of, note_of
from common.figures.drawing import Drawing, fitted, new_figure
from common.figures.panels import Panel
from common.figures.words import End, compared


def side_by_side_figure(table, measure, styles, split):
    """A measure over epochs: one panel per value of a column, with a common y axis, and one line per arm.

    Args:
        table: a table of one dataset with a row per run and epoch.
        measure: the `Measure`, one of its columns.
        styles: the `Styles` of its arms. Where the panels have a hue each, the legend is grey.
        split: the column whose values, words, are the panels' titles.

    Returns:
        A `Drawing`.
    """
    parts = dict(iter(table.groupby(split, sort=False)))
    figure, axes = new_figure(1, len(parts), height=2.6, sharey=True)
    panel = Panel.of(measure)
    curves = [draw_curves(ax, rows, styles, panel) for ax, rows in zip(axes.flat, parts.values(), strict=True)]
    finish(list(axes.flat), curves, [fitted(name, len(parts)) for name in parts], measure.scale)
    axes[0, 0].set_ylabel(textwrap.fill(measure.label, LETTERS_UPRIGHT))
    ends = [compared([End(one.label, one.center[-1], one.low[-1], one.high[-1]) for one in of], measure.unit) for of in curves]
    finding = "; ".join(f"{name}: {end}" if len(parts) > 1 else end for name, end in zip(parts, ends, strict=True))
    apart = styles.color is not None and (table.groupby(split)[styles.color].nunique() == 1).all() and table[styles.color].nunique() > 1
    return Drawing(
        figure,
        f"Panels: {'; '.join(parts)}." if len(parts) > 1 else f"{measure.label[:1].upper()}{measure.label[1:]} over epochs.",
        f"{measure.label[:1].upper()}{measure.label[1:]} at the end: {finding}.",
        note_of(curves, [panel]),
        styles.legend(table) if apart else legend_of(axes.flat),
    )
