"""Momentum beside SGD at the rate to which its steps add up."""

import pandas as pd

from common.experiment.formatting import exact, number
from common.figures.curves import draw_curves, finish, legend_of, note_of
from common.figures.drawing import Drawing, new_figure
from common.figures.quantities import decades_apart


def matched_figure(history, pairs, styles, panel):
    """Momentum's loss curve on that of SGD at the rate to which its steps add up, with SGD at momentum's own rate: one panel per pair.

    Args:
        history: rows of `history.csv` of one dataset, with one schedule.
        pairs: list of `(momentum's rate, SGD's)`, one or two.
        styles: the `Styles` of its arms: the hue is the optimizer, the shade the learning rate.
        panel: the `Panel` of a positive column.

    Returns:
        A `Drawing`.
    """
    figure, axes = new_figure(1, len(pairs), height=2.9, sharey=True)
    drawn, told = [], []
    for ax, (slow, fast) in zip(axes.flat, pairs, strict=True):
        arms = ("sgd", fast), ("sgd", slow), ("momentum", slow)
        rows = [history[(history[styles.color] == name) & (history[styles.shade] == rate)] for name, rate in arms]
        curves = draw_curves(ax, pd.concat(rows), styles, panel)
        matched, same, momentum = (of.pivot(index="seed", columns="epoch", values=panel.column) for of in rows)
        distances = [number(decades_apart(momentum, other)) for other in (matched, same)]
        drawn.append(curves)
        finish([ax], [curves], [""], panel.scale)
        ax.set_title(f"momentum {exact(slow)}: {distances[0]} decades from SGD {exact(fast)},\n{distances[1]} from SGD {exact(slow)}")
        told.append(
            f"momentum at {exact(slow)} lies {distances[0]} decades from SGD at {exact(fast)}, {distances[1]} from SGD at {exact(slow)}"
        )
    axes.flat[0].set_ylabel(panel.label)
    finding = "; ".join(told)
    note = f"{note_of(drawn, [panel] * len(pairs))}; distance: median over epochs of |log10 of the ratio|, mean over seeds"
    shows = f"{panel.label[:1].upper()}{panel.label[1:]} over epochs, a panel per rate of momentum."
    return Drawing(figure, shows, f"{finding[0].upper()}{finding[1:]}.", note, legend_of(axes.flat))
