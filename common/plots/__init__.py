"""Tables and arrays in, figures out. Nothing here trains or measures; a sheet function writes one PNG and returns its `Sheet`."""

from common.plots.boundaries import boundaries_sheet
from common.plots.curves import FOUR_CURVES, OPTIMIZER_CURVES, Panel, Styles, curves_sheet, layers_sheet
from common.plots.distributions import activations_sheet, logit_gradients_sheet, logits_sheet
from common.plots.heatmaps import layers_heatmap, units_heatmap
from common.plots.scores import accuracy_sheet, dose_sheet
from common.plots.sheet import Sheet, is_sheet
from common.plots.stability import sharpness_sheet
from common.plots.verdicts import claims_sheet

__all__ = [
    "FOUR_CURVES",
    "OPTIMIZER_CURVES",
    "Panel",
    "Sheet",
    "Styles",
    "accuracy_sheet",
    "activations_sheet",
    "boundaries_sheet",
    "claims_sheet",
    "curves_sheet",
    "dose_sheet",
    "is_sheet",
    "layers_heatmap",
    "layers_sheet",
    "logit_gradients_sheet",
    "logits_sheet",
    "sharpness_sheet",
    "units_heatmap",
]
