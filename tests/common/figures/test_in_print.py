"""Each number of a caption is drawn, and the figure can be read in print: of distributions, heatmaps, units and boundaries."""

import itertools

import matplotlib
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from common import figures
from common.experiment import share
from common.figures.drawing import STYLE, WIDTH
from common.figures.saved import png_of
from tests.support.drawn import not_drawn, small_texts
from tests.support.made_up_figures import (
    SHARES,
    activations,
    boundaries_of,
    logits_arrays,
    logits_table,
    outputs,
    shares_by_layer,
    units_arms,
)


def drawn_figures():
    """A function for each figure of distributions, heatmaps, units and boundaries, on made-up arrays with long names of arms."""
    measures = [share("fraction", "dormant units"), share("fraction", "always-off units")]
    arms = ["cross-entropy, batch size 128", "MSE on softmax, batch size 128", "MSE, no softmax, batch size 128"]
    of_units = units_arms()
    stages = [[outputs(scale, seed=stage) for stage in range(5)] for scale in (1, 3, 60)]
    return {
        "layers": lambda: figures.layers_heatmap([(arm, shares_by_layer(i)) for i, arm in enumerate(("ReLU", "LeakyReLU"))], measures),
        "units": lambda: figures.units_heatmap([of_units[0], ("LeakyReLU", *of_units[0][1:]), of_units[1]]),
        "logits": lambda: figures.logits_figure([(arm, logits_arrays(stages=4)) for arm in arms]),
        "logit_gradients": lambda: figures.logit_gradients_figure([(arm, logits_arrays(stages=4)) for arm in arms], 0.3),
        "activations": lambda: activations(*stages)[0],
        "small_activations": lambda: activations(*stages[:2])[0],
        "boundaries": lambda: boundaries_of([0.5, 1.5, 1.5], [-9, -9, -9], [0.5, 0.5, 0.6]),
        "vanishing": lambda: figures.vanishing_figure(logits_table(), figures.Styles("loss"), SHARES),
        "diverged": lambda: figures.logit_gradients_figure([(arm, logits_arrays(diverged=True)) for arm in arms], 0.3),
    }


@pytest.mark.parametrize("name", drawn_figures())
def test_each_number_of_a_caption_is_drawn_and_the_figure_can_be_read_in_print(name):
    with matplotlib.rc_context(STYLE):
        drawing = drawn_figures()[name]()
        assert not_drawn(drawing.finding, drawing.figure) == []
        figure = drawing.figure
        assert small_texts(figure) == [] and figure.get_figwidth() == WIDTH
        png_of(drawing, "title", "note")
        page = figure.get_tightbbox(FigureCanvasAgg(figure).get_renderer())  # in inches, of all that is drawn
    assert page.x0 > -0.01 and page.y0 > -0.01 and page.x1 < WIDTH + 0.01 and page.y1 < figure.get_figheight() + 0.01
    texts = [text for ax in figure.axes for text in (ax.title, ax.xaxis.label, ax.yaxis.label) if text.get_text()]
    boxes = [text.get_window_extent() for text in texts]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
