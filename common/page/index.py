"""The index of the experiments' pages."""

from pathlib import Path

import pandas as pd

from common.experiment.names import display
from common.page.html import encoded, render
from common.page.page import PAGE
from common.store.files import write_whole

INDEX = "index.html"
VERDICTS = ("supported", "contradicted", "inconclusive")


def write_index(root):
    """Write `index.html`, which links the pages that there are. Only one process at a time may."""
    found = {page.parent.name: _verdicts_in(page.parent) for page in sorted(Path(root).glob(f"exp_*/{PAGE}"))}
    write_whole(Path(root) / INDEX, encoded(render("index.html", found=found)))


def _verdicts_in(folder):
    """How many claims of each dataset were decided how; nothing where there is no table of claims, or a damaged one."""
    try:
        verdicts = pd.read_csv(folder / "claims.csv").groupby("dataset", sort=False)["verdict"]
        return [(display(dataset), _counts(list(of_dataset))) for dataset, of_dataset in verdicts]
    except (OSError, ValueError, KeyError):
        return []


def _counts(verdicts):
    return ", ".join(f"{verdicts.count(name)} {name}" for name in VERDICTS if name in verdicts)
