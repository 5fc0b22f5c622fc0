"""The one place where a drawing gets its title and footer, is laid out, and is written to disk; and from where it is taken again."""

import hashlib
import io
import json
import struct
import textwrap
import zlib
from typing import NamedTuple

from common.figures.drawing import STYLE, TEXT, WIDTH
from common.lazy import LazyModule
from common.store.files import write_whole

matplotlib = LazyModule("matplotlib")

SOFTWARE = "How a small network trains"  # in the metadata of each file: tells figures from other files of their folder
NOTE = b"tEXtMade\0"  # begins the chunk of a PNG, the last but one, that tells what it was made of
END = struct.pack(">I4sI", 0, b"IEND", zlib.crc32(b"IEND"))
TITLE_SIZE = 10  # points
TITLE_LETTERS, FOOTER_LETTERS = int(11 * WIDTH), int(15 * WIDTH)  # that fit in a line
INCHES_PER_LINE = 0.15
FREE_INCHES = 0.5  # for title, legend and footer, beside the panels; what they need beyond is added
MOST_BYTES = 300_000  # of an SVG; of a larger one the curves become a picture in it
PICTURE_DPI = 120  # of that picture
HEAD = 2048  # bytes of a file, in which SOFTWARE stands


class SavedFigure(NamedTuple):
    """A figure on disk, a PNG with an SVG beside it.

    Attributes:
        name: file name of the PNG.
        title: heading of the figure.
        shows: the panels, in words.
        finding: the result, in a sentence.
    """

    name: str
    title: str
    shows: str
    finding: str


def png_of(drawing, title, note):
    """Add title and footer to a drawing, lay it out and make it a PNG.

    Args:
        drawing: a `Drawing`; its figure is changed.
        title: heading of the figure.
        note: the footer; the drawing's own note follows it.

    Returns:
        The content of the file, bytes.

    Example:

    ```python
    png_of(curves_figure(history, styles, FOUR_CURVES), "Digits: the losses", "3 seeds, 5 epochs")
    ```
    """
    figure = drawing.figure
    # Wrapped here: matplotlib wraps text by the window, without regard to the layout, and titles of legends not at all.
    title = textwrap.fill(title, TITLE_LETTERS)
    footer = textwrap.fill("; ".join(filter(None, (note, drawing.note))), FOOTER_LETTERS)
    figure.suptitle(title, fontsize=TITLE_SIZE, fontweight="bold")
    needed = INCHES_PER_LINE * (title.count("\n") + footer.count("\n") + 2)
    if drawing.legend is None:
        figure.supxlabel(footer, fontsize=TEXT, color="0.35")
    else:
        needed += _add_legend(figure, *drawing.legend, footer)
    figure.set_figheight(figure.get_figheight() + max(0, needed - FREE_INCHES))  # else many arms leave the panels no height
    # The layout is computed once, here: savefig would draw the whole figure for it, and then again for the picture.
    figure.get_layout_engine().execute(figure)
    figure.set_layout_engine(None)
    _settle(figure)
    content = io.BytesIO()
    figure.savefig(content, format="png", metadata={"Software": SOFTWARE})
    return content.getvalue()


def _settle(figure):
    """Round the places of a figure's axes to hundredths of a pixel. The solver of the layout adds in an order that depends on addresses in
    memory: the last bits of what it finds differ from call to call, and where an edge lies between two pixels, so would the picture."""
    width, height = figure.bbox.size
    for ax in figure.axes:
        left, bottom, right, top = ax.get_position(original=True).extents
        left, right = (round(x * width, 2) / width for x in (left, right))
        bottom, top = (round(y * height, 2) / height for y in (bottom, top))
        ax.set_position([left, bottom, right - left, top - bottom], which="original")


def svg_of(figure):
    """A figure that `png_of` has laid out, as an SVG: the same bytes each time, its text as text.

    Args:
        figure: a matplotlib `Figure`.

    Returns:
        The content of the file, bytes.
    """
    content = _svg(figure)
    if len(content) > MOST_BYTES:
        for ax in figure.axes:
            for artist in (*ax.lines, *ax.collections, *ax.patches):
                artist.set_rasterized(True)
        content = _svg(figure, dpi=PICTURE_DPI)
    return content


def _svg(figure, **options):
    content = io.BytesIO()
    with matplotlib.rc_context({name: value for name, value in STYLE.items() if name.startswith("svg")}):
        figure.savefig(content, format="svg", metadata={"Creator": SOFTWARE, "Date": None}, **options)
    return content.getvalue()


def save(png, svg, figure, path, origin=None):
    """Write a figure, each of its two files wholly or not at all.

    Args:
        png, svg: their contents, bytes.
        figure: the `SavedFigure` that it becomes.
        path: path of the PNG.
        origin: a digest of all that it was made of, which is kept in the PNG. Defaults to None, not known.
    """
    if origin is not None:
        words = json.dumps({"origin": origin, "figure": figure, "sha256": _digest(origin, figure, png, svg)})
        chunk = NOTE + words.encode()  # in ASCII
        png = png.removesuffix(END) + struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + END
    write_whole(svg_path(path), svg)
    write_whole(path, png)  # last: it vouches for both


def saved(path, origin):
    """The `SavedFigure` on disk, if it was made of this origin and nobody has altered it or its SVG since; else None.

    Args:
        path: path of the PNG.
        origin: a digest, or None if it is not known; then what is there is not known either.
    """
    try:
        before, _, after = path.read_bytes().rpartition(NOTE)
        note = json.loads(after[: -len(END) - 4])
        figure = SavedFigure(*note["figure"])
        whole = note["sha256"] == _digest(note["origin"], figure, before[:-4] + END, svg_path(path).read_bytes())
        return figure if whole and origin is not None and note["origin"] == origin else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):  # none, or another's
        return None


def svg_path(path):
    """Path of the SVG beside a PNG."""
    return path.with_name(path.name.removesuffix(".png") + ".svg")


def _digest(origin, figure, png, svg):
    return hashlib.sha256(json.dumps([origin, figure, len(png)]).encode() + png + svg).hexdigest()


def is_saved_figure(path):
    """Whether `save` wrote a PNG or SVG; read from its first bytes, because an image library raises an error for files that are no
    images."""
    with path.open("rb") as file:
        return SOFTWARE.encode() in file.read(HEAD)


def _add_legend(figure, handles, labels, footer):
    """One legend for all panels, below them, in as many columns as fit. The footer is its title: constrained layout would put both into
    the same place. Returns the height of its rows in inches."""
    place = {"loc": "outside lower center", "frameon": False, "columnspacing": 1.4, "handlelength": 3.2}
    for rows in range(1, len(labels) + 2):
        columns = max(1, -(-len(labels) // rows))
        legend = figure.legend(handles, labels, title=footer, title_fontsize=TEXT, fontsize=TEXT, ncols=columns, **place)
        if columns == 1 or legend.get_window_extent().width <= figure.bbox.width:
            break
        legend.remove()
    legend.get_title().set_color("0.35")
    for line in legend.get_lines():
        line.set_linewidth(STYLE["lines.linewidth"])  # also of those that are thicker in some panels
    return INCHES_PER_LINE * -(-len(labels) // columns) + 0.1
