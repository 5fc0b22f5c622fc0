"""From cells on disk to the experiment's tables."""

from pathlib import Path

import pandas as pd

from common.results import summary
from common.store import cells as cells_on_disk
from common.store.tables import with_columns_in_front, write_table


def write(experiment, cells, root):
    """Gather the cells' tables into the experiment's, on disk.

    Returns:
        `{"history": ..., "layers": ..., "summary": ..., "table": ...}`, with the experiment's own and those of its report; DataFrames as
        on disk.
    """
    parts = [_with_arm(experiment, cell, cells_on_disk.read_tables(cell, root)) for cell in cells]
    tables = {name: pd.concat([part[name] for part in parts], ignore_index=True) for name in parts[0]}
    tables["summary"] = summary.summarise(tables["history"], experiment.arm_columns)
    if experiment.measure:
        keys = summary.run_keys(experiment.arm_columns)
        tables["summary"] = tables["summary"].merge(experiment.measure(tables, keys), on=keys, how="left", validate="1:1")
    tables["table"] = summary.tabulate(tables["summary"], experiment.arm_columns)
    tables |= experiment.report.tables(experiment, cells, tables)
    for name, table in tables.items():
        write_table(table, Path(root) / experiment.name / f"{name}.csv")
    return tables


def _with_arm(experiment, cell, tables):
    """The cell's tables with the columns that tell this call's arms apart, rather than all its settings."""
    settings = {"dataset": cell.dataset, **{column: cell.setting(column) for column in experiment.arm_columns}}
    return {name: with_columns_in_front(table, settings) for name, table in tables.items()}
