"""What a script is made of, as data: an `Experiment`, its `Cell`s, and the columns, curves and names that people read."""

from common.experiment.cell import Cell
from common.experiment.experiment import Experiment
from common.experiment.report import Report, Section

__all__ = ["Cell", "Experiment", "Report", "Section"]
