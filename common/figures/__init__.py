"""Figures of an experiment. A drawing function takes tables or arrays and returns a `Drawing`; `common.figures.saved` makes it a PNG."""

import importlib

_NAMES = {  # of the package, by the module that defines them: a new figure is added in one place
    "boundaries": ("boundaries_figure",),
    "curves": ("Styles", "curves_figure", "layers_figure"),
    "distributions": ("activations_figure", "logit_gradients_figure", "logits_figure"),
    "drawing": ("Drawing",),
    "heatmaps": ("layers_heatmap", "units_heatmap"),
    "panels": ("CLOSE_UP_EPOCHS", "FOUR_CURVES", "SMOOTHING_EPOCHS", "Panel", "close_up", "smoothed"),
    "scores": ("accuracy_figure", "dose_figure"),
    "spread": ("spread_figure",),
    "stability": ("sharpness_figure",),
}


def __getattr__(name):  # so that matplotlib is imported by what draws alone: where it cannot be, all but the figures is there
    for module, names in _NAMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
