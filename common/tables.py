"""From cells on disk to the experiment's tables."""

from pathlib import Path

import pandas as pd

from common import answers, reproduction, summary, verdicts
from common import cells as cells_on_disk


def write(experiment, cells, root):
    """Gather the cells' tables into the experiment's, on disk.

    Returns:
        `{"history": ..., "layers": ..., "summary": ..., "table": ...}`, with the experiment's own; DataFrames as on disk.
    """
    parts = [_with_arm(experiment, cell, cells_on_disk.read_tables(cell, root)) for cell in cells]
    tables = {name: pd.concat([part[name] for part in parts], ignore_index=True) for name in parts[0]}
    tables["summary"] = summary.summarise(tables["history"], experiment.arm_columns)
    if experiment.measure:
        keys = summary.run_keys(experiment.arm_columns)
        tables["summary"] = tables["summary"].merge(experiment.measure(tables, keys), on=keys, how="left", validate="1:1")
    tables["table"] = summary.tabulate(tables["summary"], experiment.arm_columns)
    epochs = {cell.dataset: cell.epochs for cell in cells}
    tables["claims"] = verdicts.decide(experiment.claims, tables["summary"], experiment.arm_columns, epochs)
    tables["reproduction"] = reproduction.compare(experiment, cells, tables["summary"])
    tables["answers"] = answers.answer_all(experiment.questions, tables, experiment.arm_columns)
    for name, table in tables.items():
        cells_on_disk.write_table(table, Path(root) / experiment.name / f"{name}.csv")
    return tables


def _with_arm(experiment, cell, tables):
    """The cell's tables with the columns that tell this call's arms apart, rather than all its settings."""
    settings = {"dataset": cell.dataset, **{column: cell.setting(column) for column in experiment.arm_columns}}
    return {
        name: cells_on_disk.with_columns_in_front(table.drop(columns=["dataset", *cell.arm]), settings) for name, table in tables.items()
    }
