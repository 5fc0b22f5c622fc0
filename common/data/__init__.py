"""The datasets as arrays, and the points at which a network is measured."""

from common.data.datasets import NUM_CLASSES, fingerprint, load
from common.data.points import plane_grid, probe

__all__ = ["NUM_CLASSES", "fingerprint", "load", "plane_grid", "probe"]
