"""Tables in, figures out. Nothing here trains or measures; every function draws one figure and returns `(file name, what it shows)`."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from common.stats import mean_interval

NAMES = {"fashion_mnist": "Fashion-MNIST", "digits": "Digits", "moons": "Two moons", "circles": "Two circles", "sgd": "SGD", "adam": "Adam"}
# Okabe & Ito's colours for the colour-blind, those that also differ in brightness; markers and dashes tell lines apart without colour.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES = ("-", (0, (4, 2)), (0, (1, 1)), (0, (5, 1, 1, 1)))
SMOOTHING_EPOCHS = 5
CLOSE_UP_EPOCHS = 20
LOG_FLOOR = 1e-12  # where values that a log axis cannot show, zero above all, are drawn
DPI = 110


def display(value):
    """How a value of the tables is written in titles and legends."""
    if isinstance(value, str):
        return NAMES.get(value, value.replace("_", " "))
    return f"{value:g}"


def of_dataset(table, dataset):
    """The rows of one dataset."""
    return table[table["dataset"] == dataset]


@dataclass(frozen=True)
class Styles:
    """How arms look: one column of the tables decides colour and marker, another the dashes.

    Attributes:
        color, dashes: names of the columns.
        colors, dash_values: their values in the order of the palettes; None takes them as they come, which is the same for all figures only
            if all have the same values.
    """

    color: str
    dashes: str
    colors: tuple | None = None
    dash_values: tuple | None = None

    def arms(self, table):
        """The arms of a table, as `(label, style, rows)`."""
        colors = list(self.colors or table[self.color].unique())
        dash_values = list(self.dash_values or table[self.dashes].unique())
        for (color, dashes), rows in table.groupby([self.color, self.dashes], sort=False):
            i, j = colors.index(color), dash_values.index(dashes)
            style = {"color": COLORS[i % len(COLORS)], "marker": MARKERS[i % len(MARKERS)], "linestyle": DASHES[j % len(DASHES)]}
            yield f"{display(color)}, {display(dashes)}", style, rows


def curves_sheet(history, styles, title, note, path):
    """Six panels over epochs: training loss, test accuracy, learning rate, gradient norm, smoothed loss, the end of the test loss.

    Args:
        history: rows of `history.csv` of one dataset; one line per arm of `styles`, mean over seeds with the interval as a band.
        styles: Styles.
        title, note: heading and footer.
        path: where the PNG goes.
    """
    figure, axes = _figure(2, 3, title, note)
    panels = [
        ("train_loss", "training loss", "log", _as_is),
        ("test_accuracy", "test accuracy", "percent", _as_is),
        ("learning_rate", "learning rate", "log", _as_is),
        ("train_grad_norm", "gradient norm, mean over minibatches", "log", _as_is),
        ("train_loss", f"training loss, moving average of {SMOOTHING_EPOCHS} epochs", "log", _smoothed),
        ("test_loss", f"test loss, last {CLOSE_UP_EPOCHS} epochs", "log", _close_up),
    ]
    for ax, (column, label, scale, prepare) in zip(axes.flat, panels, strict=True):
        _curves(ax, history, styles, column, scale, prepare)
        ax.set_ylabel(label)
    return _finish(figure, axes, path, f"{title}. Six panels over epochs: loss, accuracy, learning rate, gradient norm.")


def layers_sheet(layers, quantity, styles, title, note, path):
    """One panel per layer: a quantity of `layers.csv` over epochs, on a log axis; the layers share the axis."""
    names = list(layers["layer"].unique())
    figure, axes = _figure(1, len(names), title, note, sharey=True)
    for ax, name in zip(axes.flat, names, strict=True):
        _curves(ax, layers[layers["layer"] == name], styles, quantity, "log", _as_is)
        ax.set_title(name, fontsize=11)
    axes.flat[0].set_ylabel(quantity.replace("grad_", "gradient_").replace("_", " "))
    return _finish(figure, axes, path, f"{title}. One panel per layer: {', '.join(names)}.")


def accuracy_sheet(summary, arm_columns, title, note, path):
    """Final test accuracy of every cell: each run as a dot, the mean and its interval beside them and in figures."""
    cells = list(summary.groupby(list(arm_columns), sort=False))
    figure, axes = _figure(1, 1, title, note, size=(9, 1.8 + 0.34 * len(cells)))
    ax = axes.flat[0]
    families = list(dict.fromkeys(arm[0] for arm, _ in cells))
    for row, (arm, runs) in enumerate(cells):
        values = 100 * runs["final_test_accuracy"].to_numpy()
        mean, _, low, high = mean_interval(values)
        ax.scatter(values, np.full(len(values), row - 0.18), s=14, facecolors="none", edgecolors="0.45", zorder=2)
        color = COLORS[families.index(arm[0]) % len(COLORS)]
        ax.errorbar(mean, row + 0.12, xerr=[[mean - low], [high - mean]], fmt="D", ms=5, color=color, capsize=3, zorder=3)
        diverged = int(runs["diverged"].astype(bool).sum())
        text = f"{mean:.1f}" + (f"  [{low:.1f}, {high:.1f}]" if np.isfinite(low) else "") + (f"  {diverged} diverged" if diverged else "")
        ax.annotate(text, (1.01, row), xycoords=("axes fraction", "data"), va="center", fontsize=9)
    ax.set_yticks(range(len(cells)), [", ".join(map(display, arm)) for arm, _ in cells])
    ax.invert_yaxis()
    ax.set_xlim(min(ax.get_xlim()[0], 0), 100)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("test accuracy after the last epoch, %   (dots: runs; diamond: mean and 95 % interval)")
    best_arm, best = max(cells, key=lambda cell: cell[1]["final_test_accuracy"].mean())
    finding = f"highest mean {100 * best['final_test_accuracy'].mean():.1f} % with {', '.join(map(display, best_arm))}"
    return _finish(figure, axes, path, f"{title} of {len(cells)} cells; {finding}.", legend=False)


def _figure(rows, columns, title, note, sharey=False, size=None):
    figure = Figure(figsize=size or (4.6 * columns, 3.4 * rows + 1.3), dpi=DPI, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharey=sharey)
    figure.suptitle(title, fontsize=13, fontweight="bold")
    figure.supxlabel(note, fontsize=9, color="0.35")
    figure.get_layout_engine().set(h_pad=0.08, w_pad=0.08)
    for ax in axes.flat:
        ax.grid(color="0.9", linewidth=0.8)
        ax.set_axisbelow(True)
        ax.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _finish(figure, axes, path, what, legend=True):
    if legend:
        # One legend for all panels; the footer is its title, for constrained layout would put both into the same place.
        handles, labels = axes.flat[0].get_legend_handles_labels()
        footer = figure.get_supxlabel()
        figure.supxlabel("")
        footer += "; line: mean over seeds, geometric on log axes; band: 95 % interval (Student's t)"
        if any("diverged" in label for label in labels):
            footer += "; cross: where a run was last finite"
        place = {"loc": "outside lower center", "ncols": min(len(labels), 6), "frameon": False}
        figure.legend(handles, labels, title=footer, title_fontsize=9, fontsize=10, handlelength=3.5, **place)
    unfinished = path.with_name(f".unfinished-{path.name}")
    try:
        figure.savefig(unfinished, format="png", metadata={"Software": None})
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path.name, what


def _curves(ax, table, styles, column, scale, prepare):
    """One line per arm: the mean over the runs that stay finite, with its interval as a band; each diverged run thin, up to a cross.

    On a log axis the mean is the geometric one, and the interval that of the logarithms.
    """
    if not np.isfinite(table[column]).any():
        ax.text(0.5, 0.5, "no run has a finite value", transform=ax.transAxes, ha="center", color="0.35")
    elif scale == "log":
        ax.set_yscale("log")
        _label_plainly(ax)
    for label, style, rows in styles.arms(table):
        runs = prepare(rows.pivot(index="epoch", columns="seed", values=column))
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
        mean, low, high = _mean_and_band(whole, log=scale == "log")
        ax.fill_between(runs.index, low, high, color=style["color"], alpha=0.18, linewidth=0)
        ax.plot(runs.index, mean, label=label, linewidth=1.6, markersize=5, markevery=_marks(len(runs), style["marker"]), **style)
    if scale == "percent":
        ax.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %", decimals=None))
    raised = scale == "log" and bool((table[column] < LOG_FLOOR).any())
    ax.set_xlabel(f"epoch; values below {LOG_FLOOR:g} are drawn there" if raised else "epoch")
    ax.xaxis.get_major_locator().set_params(integer=True)


def _label_plainly(ax):
    """Log axis with numbers as people write them; the fewer powers of ten there are, the more between them."""

    def between(value, _):
        low, high = ax.get_ylim()
        digit = round(value / 10 ** np.floor(np.log10(value) + 1e-9))
        return f"{value:g}" if high < 10 * low or (high < 100 * low and digit in (2, 5)) else ""

    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.yaxis.set_minor_formatter(between)


def _mean_and_band(runs, log):
    """Mean, low and high over the columns of `runs` (epochs x seeds)."""
    if not runs.shape[1]:
        return [np.full(len(runs), np.nan)] * 3
    values = runs.to_numpy().T
    if (values == values[0]).all():
        return [values[0]] * 3  # a schedule, say: no rounding shall give it a spread
    mean, _, low, high = mean_interval(np.log(np.maximum(values, LOG_FLOOR)) if log else values)
    return [np.exp(part) if log else part for part in (mean, low, high)]


def _marks(points, marker):
    """Where a line bears its marker: about eight times, each marker at places of its own, so that lines on top of each other show."""
    step = max(1, points // 8)
    return MARKERS.index(marker) * step // len(MARKERS), step


def _as_is(runs):
    return runs


def _smoothed(runs):
    return runs.rolling(SMOOTHING_EPOCHS, min_periods=1).mean()


def _close_up(runs):
    return runs.iloc[-CLOSE_UP_EPOCHS:]
