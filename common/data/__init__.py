"""The datasets as records and arrays, and the points at which a network is measured."""

from common.data.arrays import Data, NotAtHand, fingerprint
from common.data.datasets import DATASETS, IN_PLANE, NOT_IN_PLANE, Dataset, label, load
from common.data.points import plane_grid, probe
from common.data.samples import HELD, CellSamples, Samples
from common.data.wanted import load_wanted

__all__ = [
    "DATASETS",
    "HELD",
    "IN_PLANE",
    "NOT_IN_PLANE",
    "CellSamples",
    "Data",
    "Dataset",
    "NotAtHand",
    "Samples",
    "fingerprint",
    "label",
    "load",
    "load_wanted",
    "plane_grid",
    "probe",
]
