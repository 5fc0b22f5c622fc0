"""From cells on disk to the experiment's tables."""

from dataclasses import replace

import pandas as pd

from common.experiment import Measure, measures
from common.results import parts, spread, summary
from common.results.results import Results, correction
from common.store.tables import with_columns_in_front, write_table


def gather(trained):
    """Gather the cells' tables into the experiment's.

    Args:
        trained: the `Trained` cells.

    Returns:
        The `Results`, whose tables are history, layers, summary, table, groups and spread, the experiment's own, and those of its report.
    """
    experiment, cells = trained.experiment, trained.cells
    tables, recorded = _tables(trained, cells)
    registry = measures.registry(experiment, recorded.values())
    tables["summary"] = _summary(experiment, tables)
    corrections = {cell.dataset: correction(cell) for cell in cells}
    epochs = {cell.dataset: cell.epochs for cell in cells}
    tables["table"], tables["groups"] = summary.tabulate(tables["summary"], experiment.arm_columns, registry, corrections, epochs)
    tables["spread"] = spread.by_source(_accuracies(trained, tables["summary"]), experiment.arm_columns)
    results = Results(experiment, cells, tables, registry, trained.root, trained.data, trained.stacks, trained.looks)
    return replace(results, tables={**tables, **experiment.report.tables(results)})


def write(results):
    """Write the tables of `Results` to their experiment's folder, and the measures to measures.csv."""
    empty = measures.left_empty(results.measures.values())
    for name, table in results.tables.items():
        write_table(table, results.folder / f"{name}.csv", empty)
    write_table(pd.DataFrame(results.measures.values()).drop(columns=["correction", "lowest"]), results.folder / "measures.csv")


def _tables(trained, cells):
    """The tables of cells, one after the other, and the measures that their monitors declared."""
    experiment, of_cells, recorded = trained.experiment, [], {}
    for cell in cells:
        settings = {"dataset": cell.dataset, **{column: cell[column] for column in experiment.arm_columns}}
        tables, records = parts.tables(cell, trained.stacks.seeds_of(cell), trained.root)
        of_cells.append({name: with_columns_in_front(table, settings) for name, table in tables.items()})
        recorded |= {fields[0]: Measure(*fields) for record in records for fields in record["measures"]}
    return {name: pd.concat([tables[name] for tables in of_cells], ignore_index=True) for name in of_cells[0]}, recorded


def _summary(experiment, tables):
    runs = summary.summarise(tables["history"], experiment.arm_columns)
    if not experiment.measure:
        return runs
    keys = summary.run_keys(experiment.arm_columns)
    return runs.merge(experiment.measure({**tables, "summary": runs}, keys), on=keys, how="left", validate="1:1")


def _accuracies(trained, runs):
    """The final test accuracy of each run, by the source that varies: `{source: DataFrame}` of dataset, the arm's columns, seed and it;
    `runs` is the summary of the first source."""
    columns = [*summary.run_keys(trained.experiment.arm_columns), "final_test_accuracy"]
    found = {trained.source: [runs[columns]]}
    for cell in trained.stacks.cells:
        if cell.vary == trained.source:
            continue
        settings = {"dataset": cell.dataset, **{column: cell[column] for column in trained.experiment.arm_columns}}
        history = parts.tables(cell, trained.stacks.seeds_of(cell), trained.root)[0]["history"]
        last = summary.last_epoch(history)[["seed", "test_accuracy"]].rename(columns={"test_accuracy": "final_test_accuracy"})
        found.setdefault(cell.vary, []).append(with_columns_in_front(last, settings))
    return {source: pd.concat(rows, ignore_index=True) for source, rows in found.items()}
