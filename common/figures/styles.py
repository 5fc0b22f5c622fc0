"""The look of arms: one hue means one thing in all figures of a page."""

from dataclasses import dataclass, replace

import numpy as np
from matplotlib.colors import to_hex, to_rgb
from matplotlib.lines import Line2D

from common.experiment import formatting
from common.figures.drawing import COLORS, DASHES, MARKERS

NEUTRAL = "#666666"  # of lines that belong to no arm
DARKEST, LIGHTEST = 0.45, 0.42  # shares of black and of white in the first and the last shade; lighter would not be seen on white


@dataclass(frozen=True)
class Styles:
    """Colours, markers and dashes of arms: one column decides the hue, a second its lightness, further columns the dashes.

    Attributes:
        color: name of the column that decides the hue. None: all lines are grey.
        dashes: names of the columns that decide the dashes. Defaults to none: all lines are solid.
        colors: all values of `color`, in the order of the palette, so that an arm looks the same in all figures. Defaults to None: the
            values of each table, in their order.
        dash_values: the same for `dashes`, a tuple of tuples. Defaults to None.
        shade: name of the column that decides the lightness, and the marker, which else goes with the hue. Defaults to None.
        shades: all values of `shade`, from dark to light. Defaults to None: those of each table, in their order.

    Example:

    ```python
    Styles(color="optimizer", dashes=("schedule",), colors=("sgd", "momentum", "adam"), shade="base_learning_rate")
    ```
    """

    color: str | None
    dashes: tuple = ()
    colors: tuple | None = None
    dash_values: tuple | None = None
    shade: str | None = None
    shades: tuple | None = None

    @property
    def columns(self):
        """Names of all columns that tell arms apart."""
        return [*filter(None, (self.color, self.shade)), *self.dashes]

    def arms(self, table):
        """Yield `(label, style, rows)` for each arm of a table; `style` holds the keyword arguments of `Axes.plot`. Where lightness tells
        arms of one hue apart, their labels do without what they share."""
        arms = table.groupby(self.columns, sort=False)
        first = len(self.columns) - len(self.dashes)
        dashes = list(self.dash_values or dict.fromkeys(values[first:] for values, _ in arms))
        hues, shades = (list(all_ or (table[name].unique() if name else ())) for name, all_ in self._keys())
        named = self.columns[1:] if self.color and self.shade and table[self.color].nunique() == 1 else self.columns
        for values, rows in arms:
            value = dict(zip(self.columns, values, strict=True))
            hue = COLORS[hues.index(value[self.color]) % len(COLORS)] if self.color else NEUTRAL
            shade = shades.index(value[self.shade]) if self.shade else None
            mark = shade if self.shade else hues.index(value[self.color]) if self.color else 0
            rounds, dash = divmod(dashes.index(values[first:]), len(DASHES))
            style = {
                "color": hue if shade is None else shaded(hue, shade, len(shades)),
                "marker": MARKERS[mark % len(MARKERS)],
                "linestyle": DASHES[dash],
            }
            style |= {"markerfacecolor": "white"} if rounds % 2 else {}  # where there are more arms than dashes
            yield formatting.arm(named, map(value.__getitem__, named)), style, rows

    def legend(self, table):
        """`(handles, labels)` of a table's arms in grey, for panels of which each has a hue of its own."""
        grey = replace(self, color=None)
        arms = [(Line2D([], [], **style), label) for label, style, _ in grey.arms(table.drop_duplicates(grey.columns))]
        return tuple(map(list, zip(*arms, strict=True)))

    def _keys(self):
        return (self.color, self.colors), (self.shade, self.shades)


def shaded(hue, place, n):
    """One of n shades of a hue, from dark to light; the hue itself if there is but one.

    Args:
        hue: a colour of matplotlib.
        place: of the shade, from 0.
        n: the number of shades.

    Returns:
        A colour, `"#rrggbb"`.
    """
    if n < 2:
        return to_hex(hue)
    white = -DARKEST + (DARKEST + LIGHTEST) * place / (n - 1)  # below 0, black
    return to_hex(np.array(to_rgb(hue)) * (1 - abs(white)) + max(white, 0))
