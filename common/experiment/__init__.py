"""The parts of a script, as data: an `Experiment`, its `Setting`s, `Measure`s and `Cell`s."""

from common.experiment.cell import Cell
from common.experiment.experiment import Experiment
from common.experiment.measures import Measure, share
from common.experiment.report import Finding, Report, Section
from common.experiment.settings import BATCH_NORM, BATCH_SIZE, COMMON, DROPOUT, INIT, Setting, choice, learning_rate

__all__ = [
    "BATCH_NORM",
    "BATCH_SIZE",
    "COMMON",
    "DROPOUT",
    "INIT",
    "Cell",
    "Experiment",
    "Finding",
    "Measure",
    "Report",
    "Section",
    "Setting",
    "choice",
    "learning_rate",
    "share",
]
