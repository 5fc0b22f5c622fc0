"""The figure of an experiment's claims: the interval of each, beside the margin that it needs and beside no effect."""

import textwrap

import numpy as np
from matplotlib.ticker import FormatStrFormatter, LogLocator, MaxNLocator, NullLocator

from common.course_report.axes import Axis, by_unit
from common.course_report.claims import VERDICTS, counts
from common.course_report.verdicts import confidences, in_words
from common.figures.drawing import COLORS, Drawing, new_figure

STYLES = {  # colour and marker of a verdict
    "supported": (COLORS[2], "o"),
    "smaller than claimed": (COLORS[5], "v"),
    "contradicted": (COLORS[1], "s"),
    "undecided": ("0.45", "D"),
}
LETTERS, LETTERS_RIGHT = 44, 27  # that fit into a line left and right of the axes
LINE, MARGINS = 0.135, 0.55  # inches: of a line of text; of the axis of a group
LONGEST = 8.0  # inches, of the rows of a figure


def pages(decided, measures):
    """The tested `Verdict`s in as many lists as make figures that fit a page: those of one unit together, as far as they do."""
    found, height = [[]], 0.0
    for rows in _rows_by_unit(decided, measures).values():
        height += MARGINS
        for row in rows:
            if found[-1] and height + LINE * row.lines > LONGEST:
                found.append([])
                height = MARGINS
            found[-1].append(row.verdict)
            height += LINE * row.lines
    return found


def _rows_by_unit(decided, measures):
    """`by_unit` with a `_Row` for each `Verdict`."""
    return {unit: [_Row(one, measures) for one in of_unit] for unit, of_unit in by_unit(decided, measures).items()}


def claims_figure(decided, measures):
    """A row per claim that was tested: its sentence, its interval with the margin that it needs, and its verdict. Claims of one unit share
    an axis, on which no effect is marked.

    Args:
        decided: the `Verdict`s on one dataset.
        measures: `{column: Measure}`.

    Returns:
        A `Drawing`.
    """
    tested, rows = [one for one in decided if one.tested], _rows_by_unit(decided, measures)
    heights = [MARGINS + LINE * sum(row.lines for row in of_unit) for of_unit in rows.values()]
    figure, axes = new_figure(len(rows), 1, sum(heights) / len(heights), height_ratios=heights)
    for ax, (unit, of_unit) in zip(axes.flat, rows.items(), strict=True):
        _draw_group(ax, unit, of_unit, measures)
    shows = "A row per claim: its interval, the margin that it needs, and no effect; claims of one unit share an axis."
    words = [one.verdict for one in tested]
    marks = "bars: the margin; dotted: the least that counts; line: no effect; arrows: beyond the axis"
    note = f"intervals of {confidences(tested)} confidence; {marks}"
    return Drawing(figure, shows, f"{counts(words)}.", note, _legend(axes.flat[0], words))


class _Row:
    """A claim's row: the lines of its sentence, `left`; those of its numbers, `right`, below the verdict; and the `lines` that it takes."""

    def __init__(self, one, measures):
        self.verdict, (found, margin) = one, in_words(one, measures)
        of_arms = f", {words}" if (words := one.deciding(measures)) and len(one.decides.arms) == 2 else ""
        self.left = textwrap.wrap(f"{one.claim.id}: {one.claim.sentence}", LETTERS, break_on_hyphens=False)
        self.right = [found, *textwrap.wrap(f"needs {margin}{of_arms}", LETTERS_RIGHT)]
        self.lines = 0.8 + max(len(self.left), 1 + len(self.right))


def _draw_group(ax, unit, rows, measures):
    axis = Axis.of(unit, [row.verdict for row in rows], measures)
    low, high, log, nothing = axis.low, axis.high, axis.log, axis.nothing
    if log:
        ax.set_xscale("log")
    ends = np.cumsum([0, *(row.lines for row in rows)])  # in lines of text, from above
    middles = (ends[1:] + ends[:-1]) / 2
    for row, middle in zip(rows, middles, strict=True):
        _draw_interval(ax, row.verdict, middle, axis.numbers(row.verdict), (low, high))
        _write_verdict(ax, row, middle)
    if nothing is not None:
        ax.axvline(nothing, color="0.2", linewidth=0.9, zorder=1)
    ax.set_xlim(low, high)
    ax.set_ylim(ends[-1], 0)
    ax.set_yticks(middles, ["\n".join(row.left) for row in rows], va="center")
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel(axis.unit)
    if log:
        few = LogLocator(subs=(1, 2, 5)) if high > 3 * low else MaxNLocator(4)
        ax.xaxis.set_major_locator(LogLocator() if high > 100 * low else few)
        ax.xaxis.set_major_formatter(FormatStrFormatter("%g"))
        ax.xaxis.set_minor_locator(NullLocator())


def _draw_interval(ax, one, row, values, ends):
    color, marker = STYLES[one.verdict]
    estimate, low, high, needs, least = values
    shown = np.clip([low, high], *ends)
    ax.plot(shown, [row, row], color=color, linewidth=1.4, zorder=2)
    for end, at, arrow in ((low, shown[0], "<"), (high, shown[1], ">")):
        ax.plot([at], [row], marker="|" if end == at else arrow, markersize=5, color=color, linestyle="", zorder=2, clip_on=False)
    if ends[0] <= estimate <= ends[1]:
        ax.plot([estimate], [row], marker=marker, markersize=5, color=color, linestyle="", zorder=3)
    ax.plot([needs, needs], [row - 0.9, row + 0.9], color="0.1", linewidth=1.6, zorder=2, solid_capstyle="butt")
    if least != needs:
        ax.plot([least, least], [row - 0.9, row + 0.9], color="0.1", linewidth=1, linestyle=":", zorder=2)


def _write_verdict(ax, row, middle):
    """The verdict and its numbers, right of the axes."""
    place = {"xycoords": ("axes fraction", "data"), "va": "center", "xytext": (4, 0), "textcoords": "offset points"}
    first = middle - len(row.right) / 2
    ax.annotate(row.verdict.verdict, (1, first), color=STYLES[row.verdict.verdict][0], weight="bold", **place)
    ax.annotate("\n".join(row.right), (1, middle + 0.5), **place)


def _legend(ax, words):
    for word in VERDICTS:
        if word in STYLES and word in words:
            color, marker = STYLES[word]
            ax.plot([], [], color=color, marker=marker, linestyle="", label=f"{words.count(word)} {word}")
    return ax.get_legend_handles_labels()
