"""Making tables, and reading the frames of monitors, of ordinary models and of stacks alike."""

import pandas as pd

from common.experiment.measures import SUMMARY, share
from common.results.summary import tabulate


def every(**levels):
    """A table with a row for every combination of the columns' values, the last changing fastest."""
    return pd.MultiIndex.from_product(levels.values(), names=levels).to_frame(index=False)


def columns(monitor):
    """The measured columns of a monitor's frame."""
    return [quantity.name for quantity in monitor.quantities]


def of_seed(frame, seed):
    """The rows of a seed; all rows of an ordinary model."""
    return frame[frame["seed"] == seed] if "seed" in frame else frame


def result_tables(runs, arm_columns, dataset="digits", epochs=10):
    """The tables summary, table and groups of runs of one dataset, whose columns beside the arm's are shares, or measures of a summary."""
    runs = runs.assign(dataset=dataset)
    names = [name for name in runs if name not in ("dataset", "seed", "epoch", *arm_columns)]
    known = {measure.name: measure for measure in SUMMARY}
    measures = {name: known.get(name, share(name, name)) for name in names}
    table, groups = tabulate(runs.drop(columns="epoch", errors="ignore"), arm_columns, measures, {dataset: 0.0}, {dataset: epochs})
    return {"summary": runs, "table": table, "groups": groups}
