"""The one place where a drawing gets its title and footer, is laid out, and is written to disk; and from where it is taken again."""

import hashlib
import io
import json
import struct
import textwrap
import zlib
from typing import NamedTuple

from common.store.files import write_whole

SOFTWARE = "How a small network trains"  # in the metadata of each PNG: tells figures from other files of their folder
FOOTER_SIZE = 9  # points
LETTERS_PER_INCH = 14  # of the footer
NOTE = b"tEXtMade\0"  # begins the chunk of a PNG, the last but one, that tells what it was made of
END = struct.pack(">I4sI", 0, b"IEND", zlib.crc32(b"IEND"))
INCHES_PER_ROW, FREE_ROWS = 0.22, 3  # of a legend; the rows that a figure has room for


class SavedFigure(NamedTuple):
    """A figure on disk.

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
    """Add title and footer to a drawing and make it a PNG.

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
    figure.suptitle(title, fontsize=13, fontweight="bold")
    footer = "; ".join(filter(None, (note, drawing.note)))
    # Wrapped here: matplotlib wraps text by the window, without regard to the layout, and titles of legends not at all.
    footer = textwrap.fill(footer, int(LETTERS_PER_INCH * figure.get_figwidth()))
    if drawing.legend is None:
        figure.supxlabel(footer, fontsize=FOOTER_SIZE, color="0.35")
    else:
        _add_legend(figure, *drawing.legend, footer)
    # The layout is computed once, here: savefig would draw the whole figure for it, and then again for the picture.
    figure.get_layout_engine().execute(figure)
    figure.set_layout_engine(None)
    content = io.BytesIO()
    figure.savefig(content, format="png", metadata={"Software": SOFTWARE})
    return content.getvalue()


def save(png, figure, path, origin=None):
    """Write a PNG, all of it or nothing.

    Args:
        png: its content, bytes.
        figure: the `SavedFigure` that it becomes.
        path: path of the file.
        origin: a digest of all that it was made of, which is kept in the file. Defaults to None, not known.
    """
    if origin is not None:
        words = json.dumps({"origin": origin, "figure": figure, "sha256": _digest(origin, figure, png)})
        chunk = NOTE + words.encode()  # in ASCII
        png = png.removesuffix(END) + struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + END
    write_whole(path, png)


def saved(path, origin):
    """The `SavedFigure` on disk, if it was made of this origin and nobody has altered it since; else None.

    Args:
        path: path of the PNG.
        origin: a digest, or None if it is not known; then what is there is not known either.
    """
    try:
        before, _, after = path.read_bytes().rpartition(NOTE)
        note = json.loads(after[: -len(END) - 4])
        figure = SavedFigure(*note["figure"])
        whole = note["sha256"] == _digest(note["origin"], figure, before[:-4] + END)
        return figure if whole and origin is not None and note["origin"] == origin else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):  # none, or another's
        return None


def _digest(origin, figure, png):
    return hashlib.sha256(json.dumps([origin, figure]).encode() + png).hexdigest()


def is_saved_figure(path):
    """Whether `save` wrote a PNG; read from its first bytes, because an image library raises an error for files that are no images."""
    with path.open("rb") as file:
        return SOFTWARE.encode() in file.read(1024)


def _add_legend(figure, handles, labels, footer):
    """One legend for all panels, below them. The footer is its title: constrained layout would put both into the same place."""
    figure.supxlabel("")  # keeps the margin of a footer
    # The number of columns that fit is estimated here: matplotlib puts as many side by side as it is told to.
    inches_per_entry = 0.9 + 0.09 * max(map(len, labels), default=0)
    columns = max(1, min(len(labels), int(figure.get_figwidth() / inches_per_entry)))
    rows = -(-len(labels) // columns)
    figure.set_figheight(figure.get_figheight() + INCHES_PER_ROW * max(0, rows - FREE_ROWS))  # else many arms leave the panels no height
    place = {"loc": "outside lower center", "ncols": columns, "frameon": False}
    figure.legend(handles, labels, title=footer, title_fontsize=FOOTER_SIZE, fontsize=10, handlelength=3.5, **place)
