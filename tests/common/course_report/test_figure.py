"""Each claim's interval stands where its numbers say, on an axis that its unit shares, beside its margin and beside no effect."""

from itertools import pairwise

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex

from common.course_report.claims import Above, AtLeast, Below, Claim
from common.course_report.figure import STYLES, claims_figure, pages
from common.course_report.verdicts import Verdict
from common.experiment import Measure, share
from common.figures.drawing import STYLE, WIDTH
from common.figures.saved import png_of
from tests.support.drawn import not_drawn, small_texts

MEASURES = {"accuracy": share("accuracy", "accuracy"), "loss": Measure("loss", "loss"), "fall": Measure("fall", "how far it falls")}
A, B = {"arm": "a"}, {"arm": "b"}
MORE, LESS = Above("accuracy", A, B, by=0.03, least=0.01), Above("accuracy", A, B, by=-0.005)
RATIO, LEVEL, LIMIT = Above("loss", A, B, times=1.1), AtLeast("fall", A, limit=10), Below("accuracy", A, limit=0.65)


def verdict(part, word, *numbers, name="X-more"):
    claim = Claim(name, "a sentence of so many words that it takes two lines or even three of the figure's width", (part,), ("digits",), 1)
    return Verdict(claim, "digits", word, "", 0, "m", *numbers, n=5, confidence=0.99)


DECIDED = [
    verdict(MORE, "smaller than claimed", 0.02, 0.005, 0.025),
    verdict(LESS, "contradicted", -0.2, -0.3, -0.1),
    verdict(RATIO, "supported", 20.0, 10.0, 40.0),
    verdict(RATIO, "undecided", 2.0, 0.0, np.inf),
    verdict(LIMIT, "supported", 0.6, 0.55, 0.62),
    verdict(LEVEL, "undecided", 20.0, 5.0, 80.0),
    Verdict(verdict(MORE, "").claim, "digits", "not run", "needs lr 0.1"),
]


@pytest.fixture(scope="module")
def drawing():
    with matplotlib.rc_context(STYLE):
        drawing = claims_figure(DECIDED, MEASURES)
        png_of(drawing, "title", "a note")
    return drawing


def rows(ax):
    """The intervals drawn in a panel, from above: `(y, low, high, colour)`."""
    lines = [line for line in ax.lines if len(line.get_xdata()) == 2 and line.get_ydata()[0] == line.get_ydata()[1]]
    return sorted((line.get_ydata()[0], *line.get_xdata(), to_hex(line.get_color())) for line in lines)


def uprights(ax, style):
    """The places of the upright marks of a line style."""
    lines = [line for line in ax.lines if len(line.get_xdata()) == 2 and line.get_xdata()[0] == line.get_xdata()[1]]
    return [line.get_xdata()[0] for line in lines if line.get_linestyle() == style]


def test_claims_of_a_unit_share_an_axis_in_that_unit(drawing):
    points, ratios, shares, levels = drawing.figure.axes
    found = [[low_high for _, *low_high, _ in rows(ax)] for ax in (points, shares, levels)]
    np.testing.assert_allclose(np.concatenate(found), [[0.5, 2.5], [-30, -10], [55, 62], [5, 80]])
    assert [ax.get_xscale() for ax in drawing.figure.axes] == ["linear", "log", "linear", "log"]
    assert levels.get_xlabel() == "how far it falls"
    (_, low, high, _), (_, least, most, _) = rows(ratios)
    assert (low, high) == (10, 40) and (least, most) == pytest.approx(ratios.get_xlim())  # what has no end runs to those of the axis


def test_margins_and_no_effect_are_marked(drawing):
    points, ratios, shares, levels = drawing.figure.axes
    np.testing.assert_allclose(sorted(uprights(points, "-")), [-0.5, 0, 3])  # two margins, and no effect
    np.testing.assert_allclose(uprights(points, ":"), [1])  # the least that counts, where it is not the margin
    np.testing.assert_allclose(sorted(uprights(ratios, "-")), [1, 1.1, 1.1])
    np.testing.assert_allclose([*uprights(shares, "-"), *uprights(levels, "-")], [65, 10])  # a level has no such thing as no effect


def test_colours_are_those_of_the_verdicts_and_differ(drawing):
    colors = [color for ax in drawing.figure.axes for *_, color in rows(ax)]
    assert colors == [to_hex(STYLES[one.verdict][0]) for one in DECIDED if one.tested]
    assert len({color for color, _ in STYLES.values()}) == len({marker for _, marker in STYLES.values()}) == len(STYLES)


def test_the_figure_fits_a_page_and_its_caption_counts_what_is_drawn(drawing):
    figure = drawing.figure
    assert figure.get_figwidth() == WIDTH and small_texts(figure) == [] and not_drawn(drawing.finding, figure) == []
    assert [int(words.split()[0]) for words in drawing.legend[1]] == [2, 1, 1, 2]  # in the order of the verdicts
    boxes = [text.get_window_extent() for ax in figure.axes for text in (*ax.texts, *ax.get_yticklabels()) if text.get_text()]
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.width for box in boxes)
    heights = [(box.y0, box.y1) for ax in figure.axes for box in (text.get_window_extent() for text in ax.get_yticklabels())]
    assert all(below[1] <= above[0] + 1 for above, below in pairwise(heights) if below[0] < above[0])


@pytest.mark.slow
def test_claims_are_parted_into_figures_that_fit_a_page_each_once_and_those_of_a_unit_together():
    many = [*DECIDED[:6]] * 12
    parts = pages(many, MEASURES)
    assert len(parts) > 2 and sum(map(len, parts)) == len(many) and pages(DECIDED[:2], MEASURES) == [DECIDED[:2]]
    units = [one.unit(MEASURES) for part in parts for one in part]
    assert [units[i] for i in range(len(units)) if i == 0 or units[i] != units[i - 1]] == list(dict.fromkeys(units))
    with matplotlib.rc_context(STYLE):
        for part in parts:
            drawing = claims_figure(part, MEASURES)
            png_of(drawing, "title", "a note")
            assert drawing.figure.get_figheight() <= 11
