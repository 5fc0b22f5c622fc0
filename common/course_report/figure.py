"""The figure of an experiment's claims: the estimate for each, beside the value that it needs."""

import numpy as np

from common.course_report.claims import counts
from common.course_report.verdicts import confidences, in_short
from common.figures.drawing import COLORS, Drawing, new_figure, whiskers

STYLES = {"supported": (COLORS[2], "o"), "inconclusive": ("0.45", "D"), "contradicted": (COLORS[1], "s")}


def claims_figure(decided, measures):
    """A row per claim: its interval on a scale of its own. The claim needs 0; what lies right of it speaks for the claim.

    Args:
        decided: the `Verdict`s on one dataset. A claim that is not decided is named, with the reason.
        measures: `{column: Measure}`.

    Returns:
        A `Drawing`.
    """
    figure, axes = new_figure(1, 1, size=(11, 2.2 + 0.42 * len(decided)))
    (ax,) = axes.flat
    for row, verdict in enumerate(decided):
        _draw_verdict(ax, row, verdict, measures)
    ax.axvline(0, color="0.2", linestyle="--", linewidth=1.2)
    ax.set_yticks(range(len(decided)), [verdict.claim.id for verdict in decided])
    ax.set_xlim(-1.1, 1.1)
    ax.set_xticks([-0.55, 0.55], ["against the claim", "for the claim"])
    ax.tick_params(axis="x", length=0)
    ax.set_ylim(len(decided) - 0.4, -0.6)
    ax.grid(axis="x", visible=False)
    shows = "A row per claim: its interval, on a scale of its own, beside the margin that it needs."
    of = confidences(decided)
    note = f"dashed: the margin that each claim needs; intervals{' of' * bool(of)} {of}, each on a scale of its own, logarithmic for ratios"
    finding = f"Of {len(decided)} claims {counts([verdict.verdict for verdict in decided])}."
    return Drawing(figure, shows, finding, note)


def _draw_verdict(ax, row, verdict, measures):
    color, marker = STYLES[verdict.verdict]
    if not verdict.note:
        estimate, low, high = _around_the_margin(verdict)
        ax.errorbar(estimate, row, xerr=whiskers(estimate, low, high), fmt=marker, ms=7, color=color, capsize=4)
    place = {"xycoords": ("axes fraction", "data"), "va": "center"}
    ax.annotate(verdict.verdict, (1.01, row - 0.16), color=color, weight="bold", **place)
    ax.annotate(in_short(verdict, measures), (1.01, row + 0.22), fontsize=9, **place)


def _around_the_margin(verdict):
    """`(estimate, low, high)`: distances from the margin, positive for the claim, divided by the largest."""
    values = np.array([verdict.estimate, verdict.ci_low, verdict.ci_high, verdict.needs])
    if verdict.decides.times is not None:
        values = np.log(np.maximum(values, 1e-12))
    values = np.nan_to_num(values[:3] - values[3], nan=0.0, posinf=1e6, neginf=-1e6) * verdict.decides.sign
    estimate, *ends = values / max(np.abs(values).max(), 1e-12)
    return estimate, min(ends), max(ends)
