"""The experiments of the project: what its `exp_*.py` define."""

import importlib
import logging

from common.errors import first_line
from common.experiment.experiment import Experiment
from common.paths import ROOT

logger = logging.getLogger(__name__)


def find_experiments():
    """The experiments of all `exp_*.py` beside the folder `common`, sorted by name.

    A file that defines none, by its text, is not imported; one that cannot be imported is left out with a warning.

    Returns:
        `{name: Experiment}`.
    """
    found = {}
    for path in sorted(ROOT.glob("exp_*.py")):
        if "\nEXPERIMENT = " not in path.read_text(encoding="utf-8", errors="replace"):
            continue
        try:
            experiment = importlib.import_module(path.stem).EXPERIMENT
        except (Exception, SystemExit) as error:  # a script that somebody is working on
            logger.warning("warning: %s is left out: it cannot be imported (%s)", path.name, first_line(error))
            continue
        if isinstance(experiment, Experiment) and experiment.name == path.stem:
            found[experiment.name] = experiment
        else:
            logger.warning("warning: %s is left out: its EXPERIMENT has another name, or is none", path.name)
    return found
