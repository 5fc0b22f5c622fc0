"""A drawing becomes a PNG in one place, with a title and a footer that fit; and it is taken again only if it is what would be drawn."""

import io
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from matplotlib.transforms import Bbox
from PIL import Image

from common import figures
from common.experiment import share
from common.figures.drawing import new_figure
from common.figures.saved import SOFTWARE, SavedFigure, _settle, is_saved_figure, png_of, save, saved, svg_of
from tests.support.frames import result_tables

NAMES = [f"a rather long name {i}" for i in range(9)]
FIGURE = SavedFigure("x.png", "title", "panels", 'a finding: "± 3 %"')
TABLE = pd.DataFrame({"activation": NAMES, "drop": 0.0, "final_test_accuracy": 0.5, "diverged": False})
TABLES = result_tables(TABLE.drop(columns="drop"), ["activation"])


@pytest.mark.parametrize("legend", [True, False])
def test_title_note_and_legend_stay_within_the_figure(legend, tmp_path):
    if legend:
        drawing = figures.dose_figure(TABLE, figures.Styles("activation"), ("drop",), [share("final_test_accuracy", "accuracy")])
    else:
        drawing = figures.accuracy_figure(TABLES, ["activation"])
    figure, note = drawing.figure, " ".join(["a footer of many words"] * 12)
    save(png_of(drawing, "title", note), svg_of(figure), FIGURE, tmp_path / "x.png")
    footer = figure.legends[0].get_title() if legend else next(text for text in figure.texts if "footer" in text.get_text())
    assert footer.get_text().replace("\n", " ") == "; ".join(filter(None, (note, drawing.note)))
    for box in (footer.get_window_extent(), *(legend.get_window_extent() for legend in figure.legends)):
        assert box.x0 >= 0 and box.x1 <= figure.bbox.width and box.y0 >= 0
    assert imread(tmp_path / "x.png").shape[:2] == (int(figure.bbox.height), int(figure.bbox.width))
    written = sorted(tmp_path.iterdir())
    assert [path.name for path in written] == ["x.png", "x.svg"] and all(map(is_saved_figure, written))


def test_edges_of_panels_lie_on_hundredths_of_a_pixel_so_that_last_bits_of_a_layout_turn_none():
    """The solver's last bits depend on addresses in memory: drawn 40 times, one figure had two layouts, 2e-16 apart."""
    drawing = figures.dose_figure(TABLE, figures.Styles("activation"), ("drop",), [share("final_test_accuracy", "accuracy")] * 2)
    figure, free = drawing.figure, drawing.figure.axes[0].get_position().x0
    picture = png_of(drawing, "title", "note")
    at = np.array([ax.get_position().get_points() * figure.bbox.size for ax in figure.axes])
    assert len(at) == 2 and at[0, 0, 0] / figure.bbox.width != free
    np.testing.assert_allclose(100 * at, np.round(100 * at), atol=1e-6)
    for ax in figure.axes:  # as the solver might have left it
        points = ax.get_position(original=True).get_points()
        ax.set_position(Bbox(points * (1 + 3e-16)), which="original")
    _settle(figure)
    again = io.BytesIO()
    figure.savefig(again, format="png", metadata={"Software": SOFTWARE})
    assert again.getvalue() == picture


def test_what_others_wrote_is_no_saved_figure(tmp_path):
    for name in ("mine.png", "mine.svg"):
        figures.accuracy_figure(TABLES, ["activation"]).figure.savefig(tmp_path / name)
        assert not is_saved_figure(tmp_path / name)


def drawn():
    """The PNG and the SVG of a figure."""
    drawing = figures.accuracy_figure(TABLES, ["activation"])
    return png_of(drawing, "title", "note"), svg_of(drawing.figure)


@pytest.fixture(scope="module")
def files():
    return drawn()


def test_a_figure_is_drawn_the_same_each_time_and_its_svg_keeps_text_as_text(files):
    assert drawn() == files
    texts = {element.text for element in ElementTree.fromstring(files[1]).iter("{http://www.w3.org/2000/svg}text")}
    assert {"title", *NAMES} <= texts


@pytest.mark.slow
def test_an_svg_of_very_many_points_holds_them_as_a_picture():
    figure, axes = new_figure(1, 1)
    for _ in range(40):
        axes[0, 0].plot(np.random.default_rng(0).random(1000))
    axes[0, 0].set_title("a title")
    svg = svg_of(figure)
    assert len(svg) < 300_000 and b"<image" in svg and b"a title" in svg


def test_a_figure_with_an_origin_is_the_same_picture_and_is_known_again_by_that_origin_alone(files, tmp_path):
    path, (png, svg) = tmp_path / "x.png", files
    save(png, svg, FIGURE, path)
    assert path.read_bytes() == png and saved(path, None) is None and saved(path, "0f3a") is None
    save(png, svg, FIGURE, path, "0f3a")
    np.testing.assert_array_equal(imread(path), imread(io.BytesIO(png)))
    Image.open(path).verify()  # the checksums of all chunks
    assert is_saved_figure(path) and saved(path, "0f3a") == FIGURE
    assert saved(path, "0f3b") is None and saved(path, None) is None and saved(tmp_path / "y.png", "0f3a") is None


def test_an_altered_figure_is_never_taken(files, tmp_path):
    path, (png, svg) = tmp_path / "x.png", files
    save(png, svg, FIGURE, path, "0f3a")
    content = path.read_bytes()
    altered = [content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :] for place in (0, 20, 500, len(png) // 2)]
    altered += [
        content[:-1],
        content[: len(png)],
        content.replace(b"a finding", b"no finding"),
        content.replace(b"0f3a", b"0f3b"),
        b"",
        b"x",
    ]
    for harmed in altered:
        path.write_bytes(harmed)
        assert saved(path, "0f3a") is None and saved(path, "0f3b") is None
    path.write_bytes(content)
    Image.open(path).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(path)
    assert saved(path, "0f3a") is None
    path.write_bytes(content)
    assert saved(path, "0f3a") == FIGURE
    beside = tmp_path / "x.svg"
    for harmed in (svg[:-1], svg.replace(b"title", b"tiltes"), b""):
        beside.write_bytes(harmed)
        assert saved(path, "0f3a") is None
    beside.unlink()
    assert saved(path, "0f3a") is None
