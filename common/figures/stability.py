"""The curvature of the loss over training, beside the largest curvature at which each learning rate is stable."""

from matplotlib.ticker import FormatStrFormatter, NullLocator

from common.experiment import formatting
from common.experiment.formatting import name_of, number
from common.experiment.measures import LOG_FLOOR
from common.figures.curves import draw_curves, finish, note_of
from common.figures.drawing import Drawing, fitted, new_figure
from common.figures.panels import Panel

DOTTED = {"linestyle": (0, (1, 1.5)), "linewidth": 1.4}
TICKS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
WIDENED_FROM = 5  # epochs: fewer have room as they are, and matplotlib 3.7 warns of a scale that is all but linear


def sharpness_figure(table, measure, styles, rows=()):
    """Sharpness over epochs, one line per learning rate with its limit dotted: one column per optimizer, one row per further setting.

    Args:
        table: rows of `sharpness.csv` of one dataset.
        measure: the `Measure` of its column of sharpness.
        styles: the `Styles` of its arms: the hue tells the panels of a row apart, the shade is the learning rate.
        rows: names of the columns that tell the rows apart. Defaults to none.

    Returns:
        A `Drawing`.
    """
    names = list(table[styles.color].unique())
    groups = list(table.groupby(list(rows), sort=False)) if rows else [((), table)]
    figure, axes = new_figure(len(groups), len(names), height=2.5, sharey=True)
    panel, all_curves, titles, nearest = Panel.of(measure)._replace(scale="log"), [], [], []
    for (setting, group), row in zip(groups, axes, strict=True):
        for name, ax in zip(names, row, strict=True):
            arms = group[group[styles.color] == name]
            all_curves.append(draw_curves(ax, arms, styles, panel))
            titles.append(formatting.arm((styles.color, *rows), (name, *setting)))
            for curve, (_, style, arm) in zip(all_curves[-1], styles.arms(arms), strict=True):
                limit = arm.groupby("epoch")["stability_limit"].first().reindex(curve.epochs)
                ax.plot(limit.index, limit.clip(lower=LOG_FLOOR), color=style["color"], **DOTTED)
                nearest += _shares(curve, limit.to_numpy(), f"{titles[-1]}, {curve.label}")
            _widen_early_epochs(ax, table["epoch"].max())
        row[0].set_ylabel(measure.label)
    finish(list(axes.flat), all_curves, [fitted(title, len(names)) for title in titles], "log")
    for ax in axes[:-1].flat:
        ax.set_xlabel("")
    shows = f"Against the limit of stability; columns: {', '.join(map(name_of, names))}."
    return Drawing(figure, shows, _finding(nearest), _note(table, styles.color, all_curves, panel), styles.legend(table))


def _shares(curve, limit, arm):
    """`(share of the limit, line, limit, epoch, arm)` of a drawn line at each epoch, a list; NaN where it has no limit."""
    shares = curve.center / limit
    return [(share, line, top, epoch, arm) for share, line, top, epoch in zip(shares, curve.center, limit, curve.epochs, strict=True)]


def _finding(nearest):
    nearest = [one for one in nearest if one[0] == one[0]]
    if not nearest:
        return "No line has a limit to compare with."
    share, line, limit, epoch, arm = max(nearest)
    place = "Nearest to its limit" if share <= 1 else "Farthest beyond its limit"
    return f"{place}: {arm}, at {number(line)}, where {number(limit)} is stable, after {epoch:g} epochs."


def _widen_early_epochs(ax, last):
    if last >= WIDENED_FROM:
        ax.set_xscale("symlog", linthresh=1, linscale=0.4)
    # Set here: the scale's own locator has powers of ten only, and ticks beyond the last epoch.
    ax.set_xticks([tick for tick in TICKS if tick <= last])
    ax.xaxis.set_major_formatter(FormatStrFormatter("%g"))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlim(left=0)


def _note(table, column, curves, panel):
    limit = "dotted: the curvature beyond which steps at that rate overshoot ever wider, 2/η, with momentum β (2 + 2β)/η"
    note = f"{note_of(curves, [panel])}; {limit}"
    without = [name_of(name) for name, rows in table.groupby(column, sort=False) if rows["stability_limit"].isna().all()]
    return note + (f"; {', '.join(without)} has no such limit" if without else "")
