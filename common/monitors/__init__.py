"""Keras callbacks that measure, on a fixed probe, what happens inside a network while it trains.

They work on any built Keras 3 model on the TensorFlow backend, and on models that train several members at once and offer `seeds`,
`template` and `map_members` (a SeedStack). They import nothing from the rest of the project.
"""

from common.monitors.activations import ActivationMonitor
from common.monitors.gradients import GradientMonitor
from common.monitors.histograms import HistogramMonitor
from common.monitors.logits import LogitMonitor
from common.monitors.predictions import PredictionMonitor
from common.monitors.units import UnitActivity

__all__ = ["ActivationMonitor", "GradientMonitor", "HistogramMonitor", "LogitMonitor", "PredictionMonitor", "UnitActivity"]
