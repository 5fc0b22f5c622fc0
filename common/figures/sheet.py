"""What all figures share: colours, the frame of a sheet, and the way to disk."""

import io
import textwrap
from typing import NamedTuple

from matplotlib.figure import Figure

from common.store.files import write_whole

# Okabe & Ito's colours for the colour-blind, those that also differ in brightness; markers and dashes tell lines apart without colour.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES = ("-", (0, (4, 2)), (0, (1, 1)), (0, (5, 1, 1, 1)))
DPI = 110
SOFTWARE = "How a small network trains"  # stands in each PNG, so that figures can be told from what else lies in their folder
NOTE_SIZE = 9  # points
LETTERS_PER_INCH = 14  # of text of that size


def new_sheet(rows, columns, title, note, size=None, panel=(4.6, 3.4), grid=True, **subplots):
    """A figure with `rows` x `columns` axes, a heading and a footer; returns `(figure, axes)`, axes as a 2-D array.

    Args:
        size: of the whole figure in inches; by default that of its panels, `panel`, and the margins.
        grid: whether the panels have a grid and no box; pictures want the reverse.
        **subplots: further arguments of `Figure.subplots`.
    """
    figure = Figure(figsize=size or (panel[0] * columns, panel[1] * rows + 1.3), dpi=DPI, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **subplots)
    figure.suptitle(title, fontsize=13, fontweight="bold")
    figure.supxlabel(_wrapped(figure, note), fontsize=NOTE_SIZE, color="0.35")
    figure.get_layout_engine().set(h_pad=0.08, w_pad=0.08)
    for ax in axes.flat if grid else ():
        ax.grid(color="0.9", linewidth=0.8)
        ax.set_axisbelow(True)
        ax.spines[["top", "right"]].set_visible(False)
    return figure, axes


def add_legend(figure, handles, labels, more=""):
    """One legend for all panels, below them; `more` is added to the footer."""
    # The footer becomes the legend's title, for constrained layout would put both into the same place.
    footer = _wrapped(figure, figure.get_supxlabel().replace("\n", " ") + more)
    figure.supxlabel("")
    inches_per_entry = 0.9 + 0.09 * max(map(len, labels), default=0)
    columns = max(1, min(len(labels), int(figure.get_figwidth() / inches_per_entry)))
    place = {"loc": "outside lower center", "ncols": columns, "frameon": False}
    figure.legend(handles, labels, title=footer, title_fontsize=NOTE_SIZE, fontsize=10, handlelength=3.5, **place)


def is_sheet(path):
    """Whether a PNG was written by `save`."""
    with path.open("rb") as file:
        return SOFTWARE.encode() in file.read(1024)


def _wrapped(figure, note):
    return textwrap.fill(note, int(LETTERS_PER_INCH * figure.get_figwidth()))


class Sheet(NamedTuple):
    """A figure on disk.

    Attributes:
        name: of the PNG.
        title: its heading.
        shows: what is drawn, in words.
        finding: what it shows, in a sentence.
    """

    name: str
    title: str
    shows: str
    finding: str


def save(figure, path, shows, finding):
    """Write the PNG, all of it or nothing; returns the Sheet."""
    title = figure.get_suptitle()
    # The layout once, now: savefig would draw the whole figure for its sake, and then again for the picture.
    figure.get_layout_engine().execute(figure)
    figure.set_layout_engine(None)
    content = io.BytesIO()
    figure.savefig(content, format="png", metadata={"Software": SOFTWARE})
    write_whole(path, content.getvalue())
    return Sheet(path.name, title, shows, finding)
