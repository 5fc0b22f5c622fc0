"""Figures of an experiment. A drawing function takes tables or arrays and returns a `Drawing`; `common.figures.saved` makes it a PNG."""

from common.figures.boundaries import boundaries_figure
from common.figures.curves import FOUR_CURVES, OPTIMIZER_CURVES, Panel, Styles, curves_figure, layers_figure
from common.figures.distributions import activations_figure, logit_gradients_figure, logits_figure
from common.figures.drawing import Drawing
from common.figures.heatmaps import layers_heatmap, units_heatmap
from common.figures.saved import SavedFigure
from common.figures.scores import accuracy_figure, dose_figure
from common.figures.stability import sharpness_figure

__all__ = [
    "FOUR_CURVES",
    "OPTIMIZER_CURVES",
    "Drawing",
    "Panel",
    "SavedFigure",
    "Styles",
    "accuracy_figure",
    "activations_figure",
    "boundaries_figure",
    "curves_figure",
    "dose_figure",
    "layers_figure",
    "layers_heatmap",
    "logit_gradients_figure",
    "logits_figure",
    "sharpness_figure",
    "units_heatmap",
]
