"""From cells on disk to the experiment's tables."""

from dataclasses import replace

import pandas as pd

from common.experiment import Measure, measures
from common.results import summary
from common.results.results import Results
from common.store import cells as cells_on_disk
from common.store.tables import with_columns_in_front, write_table


def write(experiment, cells, root, data):
    """Gather the cells' tables into the experiment's, on disk.

    Args:
        experiment: the `Experiment`.
        cells: list of `Cell`, all done.
        root: the output folder.
        data: `{dataset: Data}`, see `Results`.

    Returns:
        The `Results`, whose tables are history, layers, summary and table, the experiment's own, and those of its report, as on disk. The
        measures are written to measures.csv.
    """
    parts, recorded = [], {}
    for cell in cells:
        settings = {"dataset": cell.dataset, **{column: cell[column] for column in experiment.arm_columns}}
        record = cells_on_disk.read_record(cell, root)
        tables = cells_on_disk.read_tables(cell, root, record)
        parts.append({name: with_columns_in_front(table, settings) for name, table in tables.items()})
        recorded |= {fields[0]: Measure(*fields) for fields in record["measures"]}
    tables = {name: pd.concat([part[name] for part in parts], ignore_index=True) for name in parts[0]}
    tables["summary"] = summary.summarise(tables["history"], experiment.arm_columns)
    if experiment.measure:
        keys = summary.run_keys(experiment.arm_columns)
        tables["summary"] = tables["summary"].merge(experiment.measure(tables, keys), on=keys, how="left", validate="1:1")
    tables["table"] = summary.tabulate(tables["summary"], experiment.arm_columns)
    results = Results(experiment, cells, tables, measures.registry(experiment, recorded.values()), root, data)
    results = replace(results, tables={**tables, **experiment.report.tables(results)})
    empty = measures.left_empty(results.measures.values())
    for name, table in results.tables.items():
        write_table(table, results.folder / f"{name}.csv", empty)
    write_table(pd.DataFrame(results.measures.values()), results.folder / "measures.csv")
    return results
