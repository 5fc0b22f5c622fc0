"""From cells on disk to the experiment's tables, figures and page."""

import textwrap
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import joblib
import numpy as np
import pandas as pd

from common import answers, columns, plots, report, reproduction, summary, verdicts
from common import cells as cells_on_disk
from common.experiment import Experiment
from common.local_workers import without_sigint

WIDTH = 79  # letters of a line on screen
FIGURES_PER_PROCESS = 4  # drawn in the time that a process takes to start


@dataclass(frozen=True)
class DatasetResults:
    """What the figures of one dataset are drawn from.

    Attributes:
        experiment: the Experiment.
        dataset: its name.
        tables: `{name: DataFrame}`, of each table on disk the dataset's rows.
        cells: the dataset's cells.
        note: one line on how they were trained.
        root: the output folder.
    """

    experiment: Experiment
    dataset: str
    tables: dict
    cells: list
    note: str
    root: Path

    def sheet(self, function, kind, *content, title, ending="", **options):
        """A figure to draw by one of the functions of `common.plots`, called `<kind>_<dataset><ending>.png`: a function without arguments,
        which returns what that returns."""
        path = Path(self.root) / self.experiment.name / f"{kind}_{self.dataset}{ending}.png"
        return partial(function, *content, f"{plots.display(self.dataset)}{title}", self.note, path, **options)

    @property
    def others(self):
        """The arm columns but the first."""
        return self.experiment.arm_columns[1:]

    def label(self, cell, *settings):
        """How a cell's arm is named in figures: by these settings, or by all columns of the arm."""
        names = settings or self.experiment.arm_columns
        return plots.display_arm(names, map(cell.setting, names))

    def arrays(self, name, cell):
        """The arrays of a cell's `<name>.npz`, as `{name: array}`."""
        return cells_on_disk.read_arrays(cell, self.root, name)

    def rows(self, name, cell, **wanted):
        """The rows of a table that belong to a cell, and in which the columns named have one of the values wanted."""
        table = self.tables[name]
        chosen = [table[column] == cell.setting(column) for column in self.experiment.arm_columns]
        chosen += [table[column].isin(values) for column, values in wanted.items()]
        return table[np.logical_and.reduce(chosen)]

    def cells_by(self, settings):
        """The cells in groups that share these settings: `(the settings in words, an ending for file names, cells)`."""
        groups = {}
        for cell in self.cells:
            groups.setdefault(tuple(map(cell.setting, settings)), []).append(cell)
        for values, cells in groups.items():
            words = "".join(f", {_words(name, value)}" for name, value in zip(settings, values, strict=True))
            yield words, "".join(f"_{_ending(name, value)}" for name, value in zip(settings, values, strict=True)), cells


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


def draw(experiment, tables, cells, root):
    """Draw the figures and the page; figures of earlier calls, which no longer belong to the tables, are removed.

    Returns:
        List of `(file name, what it shows)`.
    """
    folder = Path(root) / experiment.name
    sheets = []
    for dataset in dict.fromkeys(cell.dataset for cell in cells):
        of_dataset = {name: table[table["dataset"] == dataset] for name, table in tables.items()}
        cells_of_dataset = [cell for cell in cells if cell.dataset == dataset]
        note = describe_settings(experiment, cells_of_dataset[0])
        results = DatasetResults(experiment, dataset, of_dataset, cells_of_dataset, note, root)
        sheets += experiment.draw(results)
        if of_dataset["claims"]["estimate"].notna().any():
            sheets.append(results.sheet(plots.claims_sheet, "claims", of_dataset["claims"], title=": the claims"))
    processes = min(joblib.cpu_count(), -(-len(sheets) // FIGURES_PER_PROCESS))
    with without_sigint():
        drawing = joblib.Parallel(processes, batch_size=1, return_as="generator")(joblib.delayed(sheet)() for sheet in sheets)
    with closing(drawing):
        figures = list(drawing)
    drawn = {name for name, _ in figures}
    for old in folder.glob("*.png"):
        if old.name not in drawn and plots.is_sheet(old):
            old.unlink()
    records = [cells_on_disk.read_record(cell, root) for cell in cells]
    report.write(
        folder / "report.html",
        experiment,
        result_blocks(experiment, tables, cells),
        columns.legend(experiment.columns),
        figures,
        records,
        claim_blocks(experiment, tables),
        [{**row, "dataset": plots.display(row["dataset"])} for row in tables["answers"].to_dict("records")],
        tables["reproduction"].to_dict("records"),
    )
    return figures


def describe_settings(experiment, cell):
    """One line on what the arms of a dataset have in common."""
    seeds = "1 seed" if len(cell.seeds) == 1 else f"{len(cell.seeds)} seeds"
    epochs = "1 epoch" if cell.epochs == 1 else f"{cell.epochs} epochs"
    init = [] if "init" in experiment.arm_columns else [f"{cell.init} initialisation"]
    others = [f"{_heading(name)} {value:g}" for name, value in cell.arm.items() if name not in experiment.arm_columns and value != 0]
    return ", ".join([seeds, epochs, f"batch {cell.batch_size}", *init, *others])


def result_blocks(experiment, tables, cells):
    """The result table of each dataset, as text: list of dicts with `dataset`, `settings`, `header` and `rows`."""
    blocks = []
    for dataset, rows in tables["table"].groupby("dataset", sort=False):
        any_diverged = (rows["diverged_mean"] > 0).any()
        header = (
            [_heading(column) for column in experiment.arm_columns]
            + [column.header for column in experiment.columns]
            + (["diverged"] if any_diverged else [])
        )
        settings = describe_settings(experiment, next(cell for cell in cells if cell.dataset == dataset))
        block = {"dataset": plots.display(dataset), "settings": settings, "header": header, "rows": []}
        for row in rows.to_dict("records"):
            numbers = [column.text(row) for column in experiment.columns]
            if any_diverged:
                numbers.append(f"{row['diverged_mean'] * row['n']:.0f} of {row['n']}")
            block["rows"].append([*(_word(row[column]) for column in experiment.arm_columns), *numbers])
        blocks.append(block)
    return blocks


def screen_table(experiment, tables, cells):
    """The result tables for stdout, at most 80 columns wide unless runs diverged."""
    parts = []
    for block in result_blocks(experiment, tables, cells):
        heading = textwrap.wrap(f"{block['dataset']}: {block['settings']}", WIDTH)
        parts.append([*heading, *_aligned([block["header"], *block["rows"]], left=len(experiment.arm_columns) + 1)])
    parts.append(columns.legend(experiment.columns, WIDTH))
    for block in claim_blocks(experiment, tables):
        parts.append([block["heading"], *_aligned([block["header"], *block["rows"]], left=1)])
    parts.append(textwrap.wrap(CLAIMS_LEGEND, WIDTH))
    parts += [textwrap.wrap(line, WIDTH) for line in reproduction.in_words(tables["reproduction"])]
    return "\n\n".join("\n".join(lines) for lines in parts)


CLAIMS_LEGEND = (
    "What each claim says, and in full what decides it, stands in claims.csv. Intervals are as wide as Holm's adjustment over all claims "
    "demands: all verdicts together are wrong in at most 5 % of repetitions."
)


def claim_blocks(experiment, tables):
    """The verdicts on each dataset, as text: list of dicts with `heading`, `header`, `rows` and `sentences`."""
    sentences = {claim.id: claim.sentence for claim in experiment.claims}
    blocks = []
    for dataset, rows in tables["claims"].groupby("dataset", sort=False):
        block = {"heading": f"Claims on {plots.display(dataset)}", "header": ["claim", "estimate", "needs", "seeds", "verdict"], "rows": []}
        for row in rows.to_dict("records"):
            if row["note"]:
                words = [row["note"], "", "", row["verdict"]]
            else:
                words = [*verdicts.in_words(row), f"{row['n']:.0f}", row["verdict"]]
            block["rows"].append([row["id"], *words])
        block["sentences"] = [sentences[row[0]] for row in block["rows"]]
        blocks.append(block)
    return blocks


def _aligned(rows, left):
    """Lines of a table whose first `left` columns stand to the left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            word.ljust(width) if i < left else word.rjust(width) for i, (word, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _ending(setting, value):
    return _words(setting, value).replace(" ", "-") if setting in ("batch_norm", "dropout") else value


def _words(setting, value):
    words = plots.display(value, setting)
    return words if setting in words.replace(" ", "_") else f"{plots.display(setting)} {words}"


def _heading(setting):
    return setting.removeprefix("base_learning_").replace("_", " ")


def _word(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:g}"
