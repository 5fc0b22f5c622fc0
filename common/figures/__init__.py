"""Figures of an experiment. A drawing function takes tables or arrays and returns a `Drawing`, which `common.figures.saved` writes."""

import importlib

_NAMES = {  # of the package, by the module that defines them: a new figure is added in one place
    "activations": ("activations_figure",),
    "attenuation": ("attenuation_figure",),
    "between": ("between_figure",),
    "boundaries": ("boundaries_figure",),
    "curves": ("curves_figure", "layers_figure"),
    "dead_units": ("dead_dose_figure",),
    "distributions": ("logit_gradients_figure", "logits_figure"),
    "drawing": ("Drawing",),
    "heatmaps": ("layers_heatmap", "units_heatmap"),
    "interventions": ("intervention_figure",),
    "matched": ("matched_figure",),
    "paired": ("paired_figure",),
    "panels": ("CLOSE_UP_EPOCHS", "FOUR_CURVES", "SMOOTHING_EPOCHS", "Panel", "close_up", "smoothed"),
    "quantities": ("relative_to_first",),
    "rates": ("accuracy_by_rate_figure", "schedule_figure"),
    "rewinds": ("rewinds_figure",),
    "scores": ("accuracy_figure", "dose_figure"),
    "side_by_side": ("side_by_side_figure",),
    "spread": ("spread_figure",),
    "stability": ("sharpness_figure",),
    "styles": ("Styles",),
    "sums": ("sums_figure",),
    "trajectories": ("loss_accuracy_figure",),
    "vanishing": ("vanishing_figure",),
}


def __getattr__(name):  # so that matplotlib is imported by what draws alone: where it cannot be, all but the figures is there
    for module, names in _NAMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
