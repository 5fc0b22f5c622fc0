"""Keras callbacks that measure, on a fixed probe, what happens inside a network while it trains.

They work on any built Keras 3 model on the TensorFlow backend, and on models that train several members at once and offer `seeds`,
`template`, `map_members` and `graph` (a SeedStack). They change nothing of what is trained, and what they cannot measure they tell in one
`MonitorWarning`. They import nothing from the rest of the project: this folder can be copied into another.
"""

from .activations import ActivationMonitor
from .core.base import MonitorWarning
from .gradients import GradientMonitor
from .hessian_trace import HessianTraceMonitor
from .histograms import HistogramMonitor
from .logits import LogitMonitor
from .noise import NoiseMonitor
from .predictions import PredictionMonitor
from .sharpness import SharpnessMonitor
from .units import UnitActivity
from .updates import UpdateMonitor

__all__ = [
    "ActivationMonitor",
    "GradientMonitor",
    "HessianTraceMonitor",
    "HistogramMonitor",
    "LogitMonitor",
    "MonitorWarning",
    "NoiseMonitor",
    "PredictionMonitor",
    "SharpnessMonitor",
    "UnitActivity",
    "UpdateMonitor",
]
