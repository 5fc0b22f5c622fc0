"""A drawing becomes a PNG in one place, with a title and a footer that fit."""

import pandas as pd
import pytest
from matplotlib.image import imread

from common import figures
from common.experiment import share
from common.figures.saved import is_saved_figure, save

NAMES = [f"a rather long name {i}" for i in range(9)]
TABLE = pd.DataFrame({"activation": NAMES, "drop": 0.0, "final_test_accuracy": 0.5, "diverged": False})


@pytest.mark.parametrize("legend", [True, False])
def test_title_note_and_legend_stay_within_the_figure(legend, tmp_path):
    if legend:
        drawing = figures.dose_figure(TABLE, figures.Styles("activation"), ("drop",), [share("final_test_accuracy", "accuracy")])
    else:
        drawing = figures.accuracy_figure(TABLE, ["activation"])
    figure, note = drawing.figure, " ".join(["a footer of many words"] * 12)
    saved = save(drawing, "title", note, tmp_path / "x.png")
    assert (saved.name, saved.title, saved.finding) == ("x.png", "title", drawing.finding)
    footer = figure.legends[0].get_title() if legend else next(text for text in figure.texts if "footer" in text.get_text())
    assert footer.get_text().replace("\n", " ") == "; ".join(filter(None, (note, drawing.note)))
    for box in (footer.get_window_extent(), *(legend.get_window_extent() for legend in figure.legends)):
        assert box.x0 >= 0 and box.x1 <= figure.bbox.width and box.y0 >= 0
    assert imread(tmp_path / "x.png").shape[:2] == (int(figure.bbox.height), int(figure.bbox.width))
    assert [path.name for path in tmp_path.iterdir()] == ["x.png"] and is_saved_figure(tmp_path / "x.png")


def test_what_others_wrote_is_no_saved_figure(tmp_path):
    figures.accuracy_figure(TABLE, ["activation"]).figure.savefig(tmp_path / "mine.png")
    assert not is_saved_figure(tmp_path / "mine.png")
