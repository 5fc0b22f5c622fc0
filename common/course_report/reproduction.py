"""The report's numbers beside ours.

`values.csv` holds the numbers of the course report that this project reproduces: `source` is `report` for its text, `csv`
for the tables that its own code wrote; `value` as printed there, one run each; `per_unit` what to divide it by to get our unit.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from common.experiment.names import display
from common.stats import mean_interval

VALUES = Path(__file__).parent / "values.csv"
COLUMNS = ["dataset", "arm", "base_learning_rate", "measure", "source", "report", "mean", "sd", "low", "high", "n", "verdict", "why"]
UNSTABLE = 0.10  # a range of shares beyond which a single run says nothing
VERDICTS = ("reproduced", "unstable", "not reproduced", "too few seeds")
CHANCE = 0.95  # share of single runs that are to lie within their spread


def compare(experiment, settings, cells, summary):
    """`reproduction.csv`: a row per number of the report whose settings were run.

    Args:
        experiment: the Experiment.
        settings: those of the report's runs that flags can change, `{setting: value}`, besides its batch size: they tell which of the cells
            are the report's.
        cells: the cells.
        summary: `summary.csv`.

    Returns:
        DataFrame with the columns: of the number, dataset, arm, base_learning_rate (where the report has several), measure, source, and
        report, its value in our unit; of our runs mean, sd, low and high (the smallest and the largest), n; `verdict`, and `why`, if it is
        not reproduced. The verdict is `unstable` if the number is a share and our runs range over more than 10 points; else `reproduced`
        if the report's value, within its last digit, lies in our runs' range or in the interval in which 95 % of single runs lie (Student's
        prediction interval); else `not reproduced`. It is `too few seeds` below three.
    """
    values = pd.read_csv(VALUES, dtype={"value": str})
    values = values[values["experiment"] == experiment.name]
    first, *others = experiment.arm_columns
    rows = []
    for cell in cells:
        if not _is_the_reports(experiment, settings, cell, cells):
            continue
        chosen = (values["dataset"] == cell.dataset) & (values["arm"] == cell.arm[first])
        if "base_learning_rate" in others:
            chosen &= values["base_learning_rate"] == cell.arm["base_learning_rate"]
        of_cell = (summary[column] == cell.setting(column) for column in experiment.arm_columns)
        runs = summary[np.logical_and.reduce([summary["dataset"] == cell.dataset, *of_cell])]
        for value in values[chosen].to_dict("records"):
            rows.append(_row(value, runs))
    for row in rows:
        row["why"] = _why(row, rows)
    return pd.DataFrame(rows, columns=COLUMNS)


def _is_the_reports(experiment, settings, cell, cells):
    """Whether the cell has the report's settings, up to the initialisation: of several, the first."""
    return (
        all(cell.setting(name) == value for name, value in settings.items())
        and cell.batch_size == experiment.default_batch_size[cell.dataset]
        and cell.init == cells[0].init
        and not (cell.batch_norm or cell.dropout)
    )


def _row(value, runs):
    per_unit, text = value["per_unit"], value["value"]
    report = float(text) / per_unit
    digit = 10.0 ** -len(text.partition(".")[2]) / per_unit
    ours = runs[value["measure"]].to_numpy(dtype=np.float64)
    low, high = ours.min(), ours.max()
    mean, sd, *_ = map(float, mean_interval(ours))
    n = len(ours)
    if n < 3:
        verdict = "too few seeds"
    elif per_unit == 100 and high - low > UNSTABLE:
        verdict = "unstable"
    else:
        # For one more run, the interval of the mean is widened by sqrt(n + 1).
        interval = mean_interval(ours, CHANCE)
        reach = np.sqrt(n + 1) * (interval.high - interval.mean)
        within = min(low, mean - reach) - digit / 2 <= report <= max(high, mean + reach) + digit / 2
        verdict = "reproduced" if within else "not reproduced"
    return {**value, "report": report, "mean": mean, "sd": sd, "low": low, "high": high, "n": n, "verdict": verdict}


def _why(row, rows):
    """Why a number is not reproduced, as far as these runs tell."""
    if row["verdict"] == "unstable":
        return f"Our {row['n']} runs range over {100 * (row['high'] - row['low']):.0f} points: one run says nothing."
    if row["verdict"] != "not reproduced":
        return ""
    same = ("dataset", "arm", "base_learning_rate", "measure")
    others = [
        f"the report's other source ({other['source']}) has {other['report']:.4g}, which is {other['verdict']}"
        for other in rows
        if other is not row and all(str(other[name]) == str(row[name]) for name in same)
    ]
    side = "above" if row["report"] > row["high"] else "below" if row["report"] < row["low"] else "within"
    ours = f"The report's value lies {side} all {row['n']} of our runs ({row['low']:.4g} to {row['high']:.4g})"
    return "; ".join([ours, *others]) + "."


def in_words(table):
    """Lines that say how many of the report's numbers are reproduced."""
    lines = []
    for dataset, rows in table.groupby("dataset", sort=False):
        counts = rows["verdict"].value_counts()
        words = ", ".join(f"{counts[name]} {name}" for name in VERDICTS if name in counts)
        lines.append(f"The report's numbers on {dataset}: {words}, of {len(rows)} (reproduction.csv).")
    return lines


def what(row):
    """Which number of the report a row of reproduction.csv is about."""
    rate = [] if pd.isna(row["base_learning_rate"]) else [f"rate {row['base_learning_rate']:g}"]
    return ", ".join([display(row["dataset"]), display(row["arm"]), *rate, row["measure"].replace("_", " ")])
