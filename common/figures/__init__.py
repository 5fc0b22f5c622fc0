"""Tables and arrays in, figures out. Nothing here trains or measures; a sheet function writes one PNG and returns its `Sheet`."""

from common.figures.boundaries import boundaries_sheet
from common.figures.curves import FOUR_CURVES, OPTIMIZER_CURVES, Panel, Styles, curves_sheet, layers_sheet
from common.figures.distributions import activations_sheet, logit_gradients_sheet, logits_sheet
from common.figures.heatmaps import layers_heatmap, units_heatmap
from common.figures.scores import accuracy_sheet, dose_sheet
from common.figures.sheet import Sheet
from common.figures.stability import sharpness_sheet

__all__ = [
    "FOUR_CURVES",
    "OPTIMIZER_CURVES",
    "Panel",
    "Sheet",
    "Styles",
    "accuracy_sheet",
    "activations_sheet",
    "boundaries_sheet",
    "curves_sheet",
    "dose_sheet",
    "layers_heatmap",
    "layers_sheet",
    "logit_gradients_sheet",
    "logits_sheet",
    "sharpness_sheet",
    "units_heatmap",
]
