"""The datasets as records and arrays, and the points at which a network is measured."""

from common.data.arrays import Data, NotAtHand, fingerprint
from common.data.datasets import DATASETS, IN_PLANE, NOT_IN_PLANE, Dataset, label, load
from common.data.points import plane_grid, probe
from common.data.wanted import load_wanted

__all__ = [
    "DATASETS",
    "IN_PLANE",
    "NOT_IN_PLANE",
    "Data",
    "Dataset",
    "NotAtHand",
    "fingerprint",
    "label",
    "load",
    "load_wanted",
    "plane_grid",
    "probe",
]
