"""From cells on disk to the experiment's tables, figures and page."""

from pathlib import Path

import pandas as pd

from common import cells as cells_on_disk
from common import plots, report, summary

COLUMNS = ("test accuracy %", "best", "to 95", "loss", "volat.")
LEGEND = (
    "Means over seeds [95 % interval]. best: highest test accuracy of any epoch;",
    "to 95: first epoch with 95 % of it; loss: lowest training loss; volat.:",
    "volatility, the standard deviation of the last 10 test losses.",
)


def write(experiment, cells, root):
    """Gather the cells' tables into the experiment's, on disk.

    Returns:
        `{"history": ..., "layers": ..., "summary": ..., "table": ...}`, DataFrames as on disk.
    """
    histories, layers = zip(*(cells_on_disk.read_tables(cell, root) for cell in cells), strict=True)
    history = pd.concat(histories, ignore_index=True)
    runs = summary.summarise(history, experiment.arm_columns)
    tables = {
        "history": history,
        "layers": pd.concat(layers, ignore_index=True),
        "summary": runs,
        "table": summary.tabulate(runs, experiment.arm_columns),
    }
    for name, table in tables.items():
        cells_on_disk.write_table(table, Path(root) / experiment.name / f"{name}.csv")
    return tables


def draw(experiment, tables, cells, folder):
    """Draw the figures and the page; figures of earlier calls that no longer belong to the tables are removed.

    Returns:
        List of `(file name, what it shows)`.
    """
    settings = {name: describe_settings(cells, name) for name in dict.fromkeys(cell.dataset for cell in cells)}
    figures = experiment.draw(tables, folder, settings)
    drawn = {name for name, _ in figures}
    kinds = {name.split("_")[0] for name in drawn}
    for old in folder.glob("*_*.png"):
        if old.name not in drawn and old.name.split("_")[0] in kinds:
            old.unlink()
    records = [cells_on_disk.read_record(cell, folder.parent) for cell in cells]
    report.write(folder / "report.html", experiment, result_blocks(experiment, tables, cells), LEGEND, figures, records)
    return figures


def describe_settings(cells, dataset):
    """One line on how the cells of a dataset were trained."""
    cell = next(cell for cell in cells if cell.dataset == dataset)
    seeds = "1 seed" if len(cell.seeds) == 1 else f"{len(cell.seeds)} seeds"
    epochs = "1 epoch" if cell.epochs == 1 else f"{cell.epochs} epochs"
    return f"{seeds}, {epochs}, batch {cell.batch_size}, {cell.init} initialisation"


def result_blocks(experiment, tables, cells):
    """The result table of each dataset, as text: list of dicts with `dataset`, `settings`, `header` and `rows`."""
    blocks = []
    for dataset, rows in tables["table"].groupby("dataset", sort=False):
        any_diverged = (rows["diverged_mean"] > 0).any()
        header = [*(column.removeprefix("base_learning_") for column in experiment.arm_columns), *COLUMNS]
        header += ["diverged"] if any_diverged else []
        block = {"dataset": plots.display(dataset), "settings": describe_settings(cells, dataset), "header": header, "rows": []}
        for row in rows.to_dict("records"):
            numbers = [
                _percent_with_interval(row, "final_test_accuracy"),
                _number(100 * row["best_test_accuracy_mean"], ".1f"),
                _number(row["epochs_to_95pct_mean"], ".1f"),
                _short(row["min_train_loss_mean"]),
                _short(row["volatility_mean"]),
            ]
            if any_diverged:
                numbers.append(f"{row['diverged_mean'] * row['n']:.0f} of {row['n']}")
            block["rows"].append([*(_word(row[column]) for column in experiment.arm_columns), *numbers])
        blocks.append(block)
    return blocks


def screen_table(experiment, tables, cells):
    """The result tables for stdout, at most 80 columns wide unless runs diverged."""
    parts = [
        [f"{block['dataset']}: {block['settings']}", *_aligned([block["header"], *block["rows"]], left=len(experiment.arm_columns) + 1)]
        for block in result_blocks(experiment, tables, cells)
    ]
    return "\n\n".join("\n".join(lines) for lines in [*parts, LEGEND])


def _aligned(rows, left):
    """Lines of a table whose first `left` columns stand to the left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            word.ljust(width) if i < left else word.rjust(width) for i, (word, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _word(value):
    return value if isinstance(value, str) else f"{value:g}"


def _number(value, form):
    return "-" if pd.isna(value) else format(value, form)


def _short(value):
    return _number(value, ".0e" if abs(value) < 1e-3 else ".2g")


def _percent_with_interval(row, measure):
    mean, low, high = (_number(100 * row[f"{measure}_{part}"], ".1f") for part in ("mean", "ci_low", "ci_high"))
    return mean if low == "-" else f"{mean} [{low}, {high}]"
