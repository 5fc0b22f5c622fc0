"""A drawing becomes a PNG in one place, with a title and a footer that fit; and it is taken again only if it is what would be drawn."""

import io

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from PIL import Image

from common import figures
from common.experiment import share
from common.figures.saved import SavedFigure, is_saved_figure, png_of, save, saved
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
    save(png_of(drawing, "title", note), FIGURE, tmp_path / "x.png")
    footer = figure.legends[0].get_title() if legend else next(text for text in figure.texts if "footer" in text.get_text())
    assert footer.get_text().replace("\n", " ") == "; ".join(filter(None, (note, drawing.note)))
    for box in (footer.get_window_extent(), *(legend.get_window_extent() for legend in figure.legends)):
        assert box.x0 >= 0 and box.x1 <= figure.bbox.width and box.y0 >= 0
    assert imread(tmp_path / "x.png").shape[:2] == (int(figure.bbox.height), int(figure.bbox.width))
    assert [path.name for path in tmp_path.iterdir()] == ["x.png"] and is_saved_figure(tmp_path / "x.png")


def test_what_others_wrote_is_no_saved_figure(tmp_path):
    figures.accuracy_figure(TABLES, ["activation"]).figure.savefig(tmp_path / "mine.png")
    assert not is_saved_figure(tmp_path / "mine.png")


@pytest.fixture(scope="module")
def png():
    return png_of(figures.accuracy_figure(TABLES, ["activation"]), "title", "note")


def test_a_figure_with_an_origin_is_the_same_picture_and_is_known_again_by_that_origin_alone(png, tmp_path):
    path = tmp_path / "x.png"
    save(png, FIGURE, path)
    assert path.read_bytes() == png and saved(path, None) is None and saved(path, "0f3a") is None
    save(png, FIGURE, path, "0f3a")
    np.testing.assert_array_equal(imread(path), imread(io.BytesIO(png)))
    Image.open(path).verify()  # the checksums of all chunks
    assert is_saved_figure(path) and saved(path, "0f3a") == FIGURE
    assert saved(path, "0f3b") is None and saved(path, None) is None and saved(tmp_path / "y.png", "0f3a") is None


def test_an_altered_figure_is_never_taken(png, tmp_path):
    path = tmp_path / "x.png"
    save(png, FIGURE, path, "0f3a")
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
