"""The datasets as arrays, and the points at which a network is measured."""

from common.data.datasets import NUM_CLASSES, fingerprint, load
from common.data.points import plane_grid, probe
from common.data.wanted import load_wanted

__all__ = ["NUM_CLASSES", "fingerprint", "load", "load_wanted", "plane_grid", "probe"]
