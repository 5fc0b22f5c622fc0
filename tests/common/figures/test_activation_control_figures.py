"""The figures of the controls of Experiment B show what is in their tables."""

import matplotlib
import numpy as np
import pytest

from common import figures
from common.figures.drawing import STYLE
from common.figures.saved import png_of
from tests.support.drawn import cut_off, not_drawn, small_texts, titles_that_overlap
from tests.support.frames import every

ARMS = ("ReLU", "Sigmoid", "Sigmoid, 4 times the weights")
LAYERS = ("hidden_1", "hidden_2", "logits")


def norms_and_runs():
    """Gradient norms that fall by a factor of their own for each arm, and accuracies by depth."""
    random = np.random.default_rng(0)
    norms = every(arm=ARMS, seed=range(5), layer=range(1, 7))
    factor = norms["arm"].map(dict(zip(ARMS, (0.9, 0.2, 0.5), strict=True)))
    norms["grad_norm"] = factor ** (6 - norms["layer"]) * random.lognormal(sigma=0.2, size=len(norms))
    runs = every(arm=ARMS, hidden_layers=[1, 4, 6], seed=range(5))
    return norms, runs.assign(final_test_accuracy=random.uniform(0.5, 0.9, len(runs)))


def doses():
    runs = every(arm=["bias drop 0", "bias drop 0.0025", "bias drop 0.01", "the same, LeakyReLU from epoch 100 on"], seed=range(5))
    dead = np.repeat([0.4, 0.6, 1.0, 1.0], 5) - np.repeat([0.1, 0.1, 0, 0], 5) * np.random.default_rng(0).random(20)
    accuracy = np.repeat([0.9, 0.89, 0.5, 0.88], 5) + 0.01 * np.random.default_rng(1).random(20)
    return runs.assign(dead=dead, final_test_accuracy=accuracy, revived=runs["arm"].str.startswith("the same"))


def rewinds():
    table = every(arm=["ReLU", "LeakyReLU", "Sigmoid"], seed=range(5), layer=LAYERS, rewound_to=[0, 3, 6, 15, 30, 90])
    return table.assign(lost=0.4 / (1 + table["rewound_to"]) * np.random.default_rng(0).uniform(0.5, 1.5, len(table)) - 0.02)


FIGURES = {
    "attenuation": lambda: figures.attenuation_figure(*norms_and_runs()),
    "dead units": lambda: figures.dead_dose_figure(doses(), 100, 0.5),
    "rewinds": lambda: figures.rewinds_figure(rewinds()),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_number_of_a_caption_is_drawn_and_the_figure_fits_a_page(name):
    with matplotlib.rc_context(STYLE):
        drawing = FIGURES[name]()
        png_of(drawing, "A title of so many words that it has to be wrapped, or it would be cut off at both sides", "6 seeds " * 20)
        assert not_drawn(drawing.finding, drawing.figure) == [], drawing.finding
        assert small_texts(drawing.figure) == [] and titles_that_overlap(drawing.figure) == []
        assert drawing.figure.get_figwidth() == 7 and cut_off(drawing.figure) <= 1


def test_attenuation_is_relative_to_each_runs_own_last_layer_and_the_grey_line_falls_by_a_quarter():
    norms, runs = norms_and_runs()
    left, right = figures.attenuation_figure(norms, runs).figure.axes
    ratios = norms["grad_norm"].to_numpy().reshape(3, 5, 6)
    ratios = ratios / ratios[..., -1:]
    accuracies = runs["final_test_accuracy"].to_numpy().reshape(3, 3, 5)
    for i, (line, of_depth) in enumerate(zip(left.lines[:3], right.lines, strict=True)):
        np.testing.assert_allclose(line.get_ydata(), np.median(ratios[i], axis=0))
        np.testing.assert_allclose(of_depth.get_ydata(), np.median(accuracies[i], axis=1))
    np.testing.assert_allclose(left.lines[3].get_ydata(), [4.0**-5, 4.0**-4, 4.0**-3, 4.0**-2, 4.0**-1, 1])


@pytest.mark.filterwarnings("error")
def test_a_gradient_of_nothing_leaves_a_gap():
    norms, runs = norms_and_runs()
    norms.loc[norms["arm"] == "Sigmoid", "grad_norm"] = 0.0
    left, _ = figures.attenuation_figure(norms, runs).figure.axes
    assert np.isnan(left.lines[1].get_ydata()).all() and np.isfinite(left.lines[0].get_ydata()).all()


def test_each_run_is_where_its_dead_units_and_its_accuracy_are_and_the_revived_have_a_mark_of_their_own():
    runs = doses()
    (ax,) = figures.dead_dose_figure(runs, 100, 0.5).figure.axes
    dots = np.concatenate([np.asarray(one.get_offsets()) for one in ax.collections])
    np.testing.assert_allclose(dots, runs[["dead", "final_test_accuracy"]])
    medians = [line for line in ax.lines if len(line.get_xdata()) == 1]
    expected = runs.groupby("arm", sort=False)[["dead", "final_test_accuracy"]].median()
    np.testing.assert_allclose([np.ravel(line.get_xydata()) for line in medians], expected)
    assert len({line.get_marker() for line in medians}) == 4 and medians[-1].get_marker() == "*"


def test_the_heatmap_of_layers_set_back_holds_the_mean_points_lost_and_is_dark_where_most_is():
    table = rewinds()
    figure = figures.rewinds_figure(table.sample(frac=1, random_state=0).sort_values("arm", key=lambda arm: arm != "ReLU")).figure
    ax = figure.axes[0]
    means = 100 * table.groupby(["arm", "layer", "rewound_to"])["lost"].mean().unstack()
    rows = [tuple(label.get_text().split(", ")) for label in ax.get_yticklabels()]
    image = ax.images[0]
    np.testing.assert_allclose(image.get_array(), means.loc[rows].to_numpy())
    assert [int(text.get_text()) for text in ax.texts] == np.round(means.loc[rows].to_numpy()).astype(int).ravel().tolist()
    luminance = image.cmap(np.linspace(0, 1, 256))[:, :3] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminance) <= 0).all() and luminance[0] - luminance[-1] > 0.6
