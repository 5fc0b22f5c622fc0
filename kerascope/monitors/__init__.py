"""Keras callbacks that measure a network on a fixed probe while it trains.

They work on any Keras 3 model on the TensorFlow backend, and on models that train several members at once and have `seeds`, `template`,
`map_members`, `stacked` and `graph` (a SeedStack). They do not change the training. If a monitor cannot measure something, it issues one
`MonitorWarning`.
"""

from .. import _backend as _backend  # first: its error is clearer than those of the others
from .activations import ActivationMonitor
from .core.monitor import MonitorWarning
from .core.quantity import Quantity
from .gradients import GradientMonitor
from .hessian_trace import HessianTraceMonitor
from .histograms import HistogramMonitor
from .logits import LogitMonitor
from .noise import NoiseMonitor
from .predictions import PredictionMonitor
from .rewinds import RewindMonitor
from .sharpness import SharpnessMonitor
from .summary_writer import SummaryWriter
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
    "Quantity",
    "RewindMonitor",
    "SharpnessMonitor",
    "SummaryWriter",
    "UnitActivity",
    "UpdateMonitor",
]
