"""Charts: all that is written in them is within the figure, and tells lines apart, however many and long-named the layers are."""

import itertools

import keras
import matplotlib
import numpy as np
import pytest

from kerascope.monitors import HistogramMonitor, UpdateMonitor
from kerascope.seed_stack import SeedStack

matplotlib.use("agg")
X, Y = np.random.default_rng(0).normal(size=(16, 4)).astype("float32"), np.zeros(16, "int32")


def deep(layers, name="block_{}"):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), *(keras.layers.Dense(4, activation="tanh", name=name.format(i)) for i in range(layers))])
    return model


def trained(model, monitor, fits=1):
    model.compile(keras.optimizers.SGD(0.1), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    for _ in range(fits):
        model.fit(X, Y, epochs=2, verbose=0, callbacks=[monitor])
    return monitor


def require_within(figure):
    """Everything visible lies within the figure, panels are large enough to read, and no two titles or names overlap."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    width, height = figure.bbox.size
    for artist in [*figure.axes, *figure.legends, *figure.texts]:
        box = artist.get_tightbbox(renderer)
        assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1, artist
    panels = [ax for ax in figure.axes if ax.get_title()]
    assert all(ax.get_window_extent(renderer).width > 80 and ax.get_window_extent(renderer).height > 60 for ax in panels)
    for group in [
        [ax.title for ax in panels],
        *(legend.texts for legend in figure.legends),
        *(ax.get_yticklabels() for ax in figure.axes if ax not in panels),
    ]:
        boxes = [text.get_window_extent(renderer) for text in group if text.get_text()]
        assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    return panels


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layers", "name"),
    [
        (3, "d{}"),
        (10, "a_long_name_of_a_block_that_goes_on_and_on_{}"),
        (11, "block_{}"),
        (45, "bottleneck_of_the_whole_network_{}_projection"),
    ],
)
def test_many_layers_with_long_names_stay_within_the_figure(layers, name):
    figure = trained(deep(layers, name), UpdateMonitor()).plot()
    panels = require_within(figure)
    assert len(panels) == 4 and all(len(ax.lines) == layers for ax in panels)
    assert len({tuple(line.get_color()) for line in panels[0].lines}) == layers
    assert bool(figure.legends) == (layers <= 10)
    if layers > 10:  # a bar names layers by their colours, first and last among them
        (bar,) = [ax for ax in figure.axes if ax not in panels]
        names = [label.get_text() for label in bar.get_yticklabels()]
        assert names[0].endswith(name.format(0)[-20:]) and names[-1].endswith(name.format(layers - 1)[-20:]) and len(names) == 10


@pytest.mark.slow
def test_weights_of_several_trainings_stand_one_after_the_other():
    monitor = trained(deep(4), UpdateMonitor(), fits=2)
    figure = monitor.plot(per="weight")
    panels = require_within(figure)
    lines = [line for line in panels[0].lines if len(line.get_xdata()) == 4]
    assert [line.get_label() for line in lines] == [f"block_{i}/{weight}" for i in range(4) for weight in ("kernel", "bias")]
    frame = monitor.frame(per="weight").query("layer == 'block_2' and weight == 'kernel'")
    np.testing.assert_allclose(lines[4].get_xdata(), [1, 2, 3, 4])
    np.testing.assert_allclose(lines[4].get_ydata(), frame["update_ratio"])
    assert len(require_within(monitor.plot(per="model"))[0].lines) == 2  # one, and where the second training begins


@pytest.mark.slow
@pytest.mark.parametrize("stacked", [False, True])
@pytest.mark.parametrize("layers", [1, 25])
def test_distributions_are_drawn_as_densities(stacked, layers):
    model = SeedStack(lambda: deep(layers), [1, 2]) if stacked else deep(layers)
    monitor = trained(model, HistogramMonitor(X, Y, bins=7))
    panels = require_within(monitor.plot())
    assert len(panels) == 2 * min(layers, 10)
    for ax in panels:
        assert len(ax.patches) == 3  # before training, and after two epochs
        for patch in ax.patches:
            values, edges, _ = patch.get_data()
            assert (values * np.diff(edges)).sum() == pytest.approx(1)
            assert values[0] > 0 and values[-1] > 0  # no panel is widened by empty bins
    table = monitor.frame()
    arrays = monitor.arrays()
    for member, seed in enumerate([1, 2] if stacked else [None]):
        rows = table[(table["epoch"] == 2) & (table["kind"] == "gradient") & (table["layer"] == "block_0")]
        rows = rows[rows["seed"] == seed] if stacked else rows
        assert rows["count"].tolist() == arrays["gradient/block_0/counts"][2, member].tolist()
        assert [*rows["left"], rows["right"].iloc[-1]] == arrays["gradient/block_0/edges"][2].tolist()
    assert len(require_within(monitor.plot(layers="block_0"))) == 2


def test_empty_charts_are_charts():
    assert HistogramMonitor(X, Y).frame().empty
    for monitor in (HistogramMonitor(X, Y), UpdateMonitor()):
        monitor.plot().canvas.draw()
