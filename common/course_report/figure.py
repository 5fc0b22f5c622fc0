"""The figure of an experiment's claims: the estimate for each, beside the value that it needs."""

import numpy as np

from common.course_report.verdicts import in_words
from common.figures.drawing import COLORS, Drawing, new_figure

VERDICTS = {"supported": (COLORS[2], "o"), "inconclusive": ("0.45", "D"), "contradicted": (COLORS[1], "s")}


def claims_figure(claims):
    """A row per claim: its interval on a scale of its own. The claim needs 0; what lies right of it speaks for the claim.

    Args:
        claims: rows of `claims.csv` of one dataset. A claim without an estimate is named, with the reason.

    Returns:
        A `Drawing`.
    """
    figure, axes = new_figure(1, 1, size=(11, 2.2 + 0.42 * len(claims)))
    (ax,) = axes.flat
    for row, claim in enumerate(claims.to_dict("records")):
        _draw_claim(ax, row, claim)
    ax.axvline(0, color="0.2", linestyle="--", linewidth=1.2)
    ax.set_yticks(range(len(claims)), list(claims["id"]))
    ax.set_xlim(-1.1, 1.1)
    ax.set_xticks([-0.55, 0.55], ["against the claim", "for the claim"])
    ax.tick_params(axis="x", length=0)
    ax.set_ylim(len(claims) - 0.4, -0.6)
    ax.grid(axis="x", visible=False)
    shows = "A row per claim: its interval, on a scale of its own, beside the margin that it needs."
    note = "dashed: the margin that each claim needs; each interval on a scale of its own, logarithmic for ratios"
    return Drawing(figure, shows, _finding(claims), note)


def _draw_claim(ax, row, claim):
    color, marker = VERDICTS[claim["verdict"]]
    if claim["note"]:
        text = claim["note"]
    else:
        estimate, low, high = _around_the_margin(claim)
        ax.errorbar(estimate, row, xerr=[[estimate - low], [high - estimate]], fmt=marker, ms=7, color=color, capsize=4)
        found, needs = in_words(claim)
        text = f"{found}, needs {needs}"
    place = {"xycoords": ("axes fraction", "data"), "va": "center"}
    ax.annotate(claim["verdict"], (1.01, row - 0.16), color=color, weight="bold", **place)
    ax.annotate(text, (1.01, row + 0.22), fontsize=9, **place)


def _finding(claims):
    counts = claims["verdict"].value_counts()
    return f"Of {len(claims)} claims {', '.join(f'{counts[name]} {name}' for name in VERDICTS if name in counts)}."


def _around_the_margin(claim):
    """`(estimate, low, high)`: distances from the margin, positive for the claim, divided by the largest."""
    sign, needs = claim["needs"].split()
    values = np.array([claim["estimate"], claim["ci_low"], claim["ci_high"], float(needs)])
    if ") / " in claim["statistic"]:
        values = np.log(np.maximum(values, 1e-12))
    values = np.nan_to_num(values[:3] - values[3], nan=0.0, posinf=1e6, neginf=-1e6) * (1 if sign == ">" else -1)
    estimate, *ends = values / max(np.abs(values).max(), 1e-12)
    return estimate, min(ends), max(ends)
