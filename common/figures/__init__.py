"""Figures of an experiment. A drawing function takes tables or arrays and returns a `Drawing`; `common.figures.saved` makes it a PNG."""
# ruff: noqa: F401 - the names imported here are those of the package: a new figure is added in one place

from common.figures.boundaries import boundaries_figure
from common.figures.curves import Styles, curves_figure, layers_figure
from common.figures.distributions import activations_figure, logit_gradients_figure, logits_figure
from common.figures.drawing import Drawing
from common.figures.heatmaps import layers_heatmap, units_heatmap
from common.figures.panels import CLOSE_UP_EPOCHS, FOUR_CURVES, SMOOTHING_EPOCHS, Panel, close_up, smoothed
from common.figures.scores import accuracy_figure, dose_figure
from common.figures.stability import sharpness_figure
