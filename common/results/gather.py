"""From cells on disk to the experiment's tables."""

from dataclasses import replace

import pandas as pd

from common.experiment import Measure, measures
from common.experiment.knobs import CONTROL, changes, words_of
from common.results import parts, spread, summary
from common.results.results import Results, correction
from common.store.files import write_whole
from common.store.tables import with_columns_in_front, write_table


def gather(trained):
    """Gather the cells' tables into the experiment's.

    Args:
        trained: the `Trained` cells.

    Returns:
        The `Results`, whose tables are history, layers, summary, table, groups and spread, the experiment's own, and those of its report;
        and, of the arms that controls need, `control_history`, `control_summary` and the others that they have.
    """
    experiment, cells = trained.experiment, trained.cells
    tables, recorded = _tables(trained, cells)
    controls, of_controls = _control_tables(trained)
    recorded |= of_controls
    registry = measures.registry(experiment, recorded.values())
    tables["summary"] = _summary(experiment, tables, experiment.arm_columns)
    corrections = {cell.dataset: correction(cell) for cell in cells}
    epochs = {cell.dataset: cell.epochs for cell in cells}
    tables["table"], tables["groups"] = summary.tabulate(tables["summary"], experiment.arm_columns, registry, corrections, epochs)
    tables["spread"] = spread.by_source(_accuracies(trained, tables["summary"]), experiment.arm_columns)
    tables |= controls | (experiment.build_control_tables(trained) if trained.control_cells else {})
    results = Results(experiment, cells, tables, registry, trained.root, trained.data, trained.stacks, trained.looks, trained.control_cells)
    return replace(results, tables={**tables, **experiment.report.tables(results)})


def write(results):
    """Write the tables of `Results` to their experiment's folder, and the measures to measures.csv."""
    empty = measures.left_empty(results.measures.values())
    for old in results.folder.glob(f"{CONTROL}*.csv"):  # of an earlier call with --controls
        if old.stem not in results.tables:
            old.unlink()
    for name, table in results.tables.items():
        write_table(table, results.folder / f"{name}.csv", empty)
    write_table(pd.DataFrame(results.measures.values()).drop(columns=["correction", "lowest"]), results.folder / "measures.csv")


def write_files(results):
    """Write the further files of the report of `Results`, once the figures, which they may name, lie in the experiment's folder."""
    for name, text in results.experiment.report.files(results).items():
        write_whole(results.folder / name, text.encode())


def _control_tables(trained):
    """The tables of the cells that only controls need, with the further column `control`, and the measures that their monitors declared."""
    experiment, base = trained.experiment, {cell.dataset: cell.settings for cell in reversed(trained.cells)}
    cells = [cell for cell in trained.control_cells if cell.dataset in base]  # with no arm done, there is nothing to set beside them
    if not cells:
        return {}, {}
    tables, recorded = _tables(trained, cells, lambda cell: {"control": words_of(changes(cell.settings, base[cell.dataset], experiment))})
    arm_columns = (*experiment.arm_columns, "control")
    tables["summary"] = _summary(experiment, tables, arm_columns)
    return {f"{CONTROL}{name}": table for name, table in tables.items()}, recorded


def _tables(trained, cells, further=lambda cell: {}):
    """The tables of cells, one after the other, and the measures that their monitors declared; `further` gives further columns of a cell,
    by default none."""
    experiment, of_cells, recorded = trained.experiment, [], {}
    for cell in cells:
        settings = {"dataset": cell.dataset, **{column: cell[column] for column in experiment.arm_columns}, **further(cell)}
        tables, records = parts.tables(cell, trained.stacks.seeds_of(cell), trained.root)
        of_cells.append({name: with_columns_in_front(table, settings) for name, table in tables.items()})
        recorded |= {fields[0]: Measure(*fields) for record in records for fields in record["measures"]}
    names = dict.fromkeys(name for tables in of_cells for name in tables)
    return {name: pd.concat([tables[name] for tables in of_cells if name in tables], ignore_index=True) for name in names}, recorded


def _summary(experiment, tables, arm_columns):
    runs = summary.summarise(tables["history"], arm_columns)
    if not experiment.measure:
        return runs
    keys = summary.run_keys(arm_columns)
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
