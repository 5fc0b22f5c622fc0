"""The curvature of the loss over training, beside the largest curvature at which each learning rate is stable."""

from matplotlib.ticker import FormatStrFormatter, NullLocator

from common.experiment import formatting
from common.experiment.measures import LOG_FLOOR
from common.figures import findings
from common.figures.curves import Styles, draw_curves
from common.figures.drawing import Drawing, new_figure
from common.figures.panels import Panel

DOTTED = {"linestyle": (0, (1, 1.5)), "linewidth": 1.4}
TICKS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
WIDENED_FROM = 5  # epochs: fewer have room as they are, and matplotlib 3.7 warns of a scale that is all but linear


def sharpness_figure(table, measure, column, rows):
    """Sharpness over epochs, one line per learning rate with its limit dotted: one column per optimizer, one row per further setting.

    Args:
        table: rows of `sharpness.csv` of one dataset.
        measure: the `Measure` of its column of sharpness.
        column: name of the column that tells the panels of a row apart.
        rows: names of the columns that tell the rows apart.

    Returns:
        A `Drawing`.
    """
    names = list(table[column].unique())
    groups = list(table.groupby(list(rows), sort=False))
    figure, axes = new_figure(len(groups), len(names), sharey=True)
    styles = Styles(color="base_learning_rate")
    for (setting, group), row in zip(groups, axes, strict=True):
        for name, ax in zip(names, row, strict=True):
            panel = group[group[column] == name]
            draw_curves(ax, panel, styles, Panel.of(measure)._replace(scale="log"))
            for _, style, arm in styles.arms(panel):
                limit = arm.groupby("epoch")["stability_limit"].first()
                ax.plot(limit.index, limit.clip(lower=LOG_FLOOR), color=style["color"], **DOTTED)
            ax.set_title(formatting.arm((column, *rows), (name, *setting)), fontsize=11)
            _widen_early_epochs(ax, table["epoch"].max())
        row[0].set_ylabel(measure.label)
    shows = f"Against the limit of stability; columns: {', '.join(map(formatting.name_of, names))}."
    return Drawing(figure, shows, findings.of_sharpness(table, column), _note(table, column), _legend(axes))


def _widen_early_epochs(ax, last):
    if last >= WIDENED_FROM:
        ax.set_xscale("symlog", linthresh=1, linscale=0.4)
    # Set here: the scale's own locator has powers of ten only, and ticks beyond the last epoch.
    ax.set_xticks([tick for tick in TICKS if tick <= last])
    ax.xaxis.set_major_formatter(FormatStrFormatter("%g"))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlim(left=0)


def _note(table, column):
    note = (
        "line: geometric mean over seeds; band: 95 % interval (Student's t); dotted: the curvature beyond which steps at that rate "
        "overshoot ever wider, 2/η, with momentum β (2 + 2β)/η"
    )
    without = [formatting.name_of(name) for name, rows in table.groupby(column, sort=False) if rows["stability_limit"].isna().all()]
    return note + (f"; {', '.join(without)} has no such limit" if without else "")


def _legend(axes):
    """One entry per learning rate of any panel, without the number of diverged runs, which differs between panels."""
    entries = {}
    for ax in axes.flat:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            entries.setdefault(label.split(" (")[0], handle)
    return list(entries.values()), list(entries)
