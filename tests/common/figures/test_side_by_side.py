"""What a control changes, side by side: the lines are means of the tables, and the caption says what they show."""

import matplotlib
import numpy as np
import pytest

from common import figures
from common.experiment import Measure, share
from common.figures.drawing import STYLE
from common.figures.saved import png_of
from tests.support.drawn import cut_off, not_drawn, small_texts, titles_that_overlap
from tests.support.frames import every

ACCURACY, LOSS = share("train_accuracy", "training accuracy"), Measure("train_loss", "training loss")
SHADED = figures.Styles("loss", shade="line", shades=("logits times 1", "logits times 100"))


def table():
    rows = every(loss=["mse_softmax", "cross_entropy"], line=["logits times 1", "logits times 100"], seed=range(4), epoch=[1, 2, 3])
    rows["train_loss"] = np.exp(-rows["epoch"]) * np.random.default_rng(0).lognormal(0, 0.1, len(rows))
    return rows.assign(panel=rows["loss"].map({"mse_softmax": "MSE", "cross_entropy": "CE"}), train_accuracy=1 - rows["train_loss"])


def test_each_panel_has_the_geometric_means_of_its_arms_and_a_common_axis():
    rows = table()
    drawing = figures.side_by_side_figure(rows, LOSS, SHADED, "panel")
    for ax, loss in zip(drawing.figure.axes, ("mse_softmax", "cross_entropy"), strict=True):
        runs = np.log(rows[rows["loss"] == loss]["train_loss"].to_numpy().reshape(2, 4, 3)).mean(axis=1)
        np.testing.assert_allclose([line.get_ydata() for line in ax.lines], np.exp(runs))
    assert len({ax.get_ylim() for ax in drawing.figure.axes}) == 1


@pytest.mark.parametrize("split", ["panel", "same"])
@pytest.mark.parametrize("measure", [ACCURACY, LOSS])
def test_the_figure_fits_a_page_and_each_number_of_its_caption_can_be_read_from_it(measure, split):
    with matplotlib.rc_context(STYLE):
        styles = SHADED if split == "panel" else figures.Styles("loss", ("line",))
        drawing = figures.side_by_side_figure(table().assign(same="all"), measure, styles, split)
        png_of(drawing, "A title", "10 seeds")
    assert not not_drawn(drawing.shows + drawing.finding, drawing.figure)
    assert not small_texts(drawing.figure) and not titles_that_overlap(drawing.figure) and cut_off(drawing.figure) < 1


def test_panels_with_a_hue_each_have_one_grey_legend_for_what_they_share():
    apart = figures.side_by_side_figure(table(), ACCURACY, SHADED, "panel").legend
    together = figures.side_by_side_figure(table().assign(same="all"), ACCURACY, figures.Styles("loss", ("line",)), "same").legend
    assert apart[1] == ["logits times 1", "logits times 100"] and len(together[1]) == 4
