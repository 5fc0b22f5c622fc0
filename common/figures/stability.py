"""How strongly the loss curves, beside what each learning rate allows."""

from matplotlib.ticker import NullLocator

from common.experiment.curves import LOG_FLOOR
from common.experiment.names import display, display_arm
from common.figures.curves import Panel, Styles, draw_curves
from common.figures.sheet import add_legend, new_sheet, save

DOTTED = {"linestyle": (0, (1, 1.5)), "linewidth": 1.4}


def sharpness_sheet(table, column, rows, title, note, path):
    """Sharpness over epochs, a line per learning rate with its limit dotted: a panel per optimizer, a row per setting of what else varies.

    Args:
        table: rows of `sharpness.csv` of one dataset.
        column: name of the column that tells the panels of a row apart.
        rows: names of the columns that tell the rows apart.
        title, note: heading and footer.
        path: where the PNG goes.
    """
    names = list(table[column].unique())
    groups = list(table.groupby(list(rows), sort=False))
    figure, axes = new_sheet(len(groups), len(names), title, note, sharey=True)
    styles = Styles(color="base_learning_rate")
    for (setting, of_row), row in zip(groups, axes, strict=True):
        for name, ax in zip(names, row, strict=True):
            of_panel = of_row[of_row[column] == name]
            draw_curves(ax, of_panel, styles, Panel("sharpness", "sharpness"))
            for _, style, of_arm in styles.arms(of_panel):
                limit = of_arm.groupby("epoch")["stability_limit"].first()
                ax.plot(limit.index, limit.clip(lower=LOG_FLOOR), color=style["color"], **DOTTED)
            ax.set_title(display_arm((column, *rows), (name, *setting)), fontsize=11)
            _early_epochs_wide(ax, int(table["epoch"].max()))
        row[0].set_ylabel("largest Hessian eigenvalue")
    handles, labels = _legend_of(axes)
    more = (
        "; line: geometric mean over seeds; band: 95 % interval (Student's t); dotted: the curvature beyond which steps at that rate "
        "overshoot ever wider, 2/η, with momentum β (2 + 2β)/η"
    )
    without = [display(name) for name, rows in table.groupby(column, sort=False) if rows["stability_limit"].isna().all()]
    more += f"; {', '.join(without)} has no such line" if without else ""
    add_legend(figure, handles, labels, more)
    return save(figure, path, f"Against the limit of stability; columns: {', '.join(map(display, names))}.", _finding(table, column))


def _early_epochs_wide(ax, last):
    ax.set_xscale("symlog", linthresh=1, linscale=0.4)
    ticks = [tick for tick in (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000) if tick <= last]
    ax.set_xticks(ticks, [f"{tick}" for tick in ticks])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlim(left=0)


def _legend_of(axes):
    entries = {}
    for ax in axes.flat:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            entries.setdefault(label.split(" (")[0], handle)
    return list(entries.values()), [f"rate {label}" for label in entries]


def _finding(table, column):
    """The run that came closest to its limit, or went beyond."""
    share = table["sharpness"] / table["stability_limit"]
    if not share.notna().any():
        return "No run has a limit to compare with."
    top = table.loc[share.idxmax()]
    return (
        f"Nearest to its limit: {display(top[column])} at rate {top['base_learning_rate']:g}, {share.max():.2g} of it after "
        f"{top['epoch']:g} epochs."
    )
