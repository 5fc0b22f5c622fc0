"""The report's numbers beside ours.

`values.csv` holds the numbers of the course report that this project reproduces: `source` is `report` for its text, `csv`
for the tables that its own code wrote; `value` as printed there, one run each; `per_unit` what to divide it by to get our unit.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from common.course_report.claims import counts
from common.data import DATASETS, label
from common.experiment.formatting import name_of, setting
from common.stats import mean_interval

VALUES = Path(__file__).parent / "values.csv"
COLUMNS = ["dataset", "arm", "base_learning_rate", "measure", "source", "report", "mean", "sd", "low", "high", "n", "verdict", "why"]
UNSTABLE = 0.10  # a range of shares beyond which a single run tells little
VERDICTS = ("reproduced", "unstable", "not reproduced", "too few seeds")
CHANCE = 0.95  # share of single runs that are to lie within their spread


def compare(results, settings):
    """`reproduction.csv`: a row per number of the report whose settings were run.

    Args:
        results: the `Results`.
        settings: the report's settings, `{setting: value}`, with its `epochs`: they tell which of the cells are the report's. A
            setting that is left out has its default.

    Returns:
        DataFrame with the columns: of the number, dataset, arm, base_learning_rate (where the report has several), measure, source, and
        report, its value in our unit; of our runs mean, sd, low and high (the smallest and the largest), n; `verdict`, and `why`, if it is
        not reproduced. The verdict is `unstable` if the number is a share and our runs range over more than 10 points; else `reproduced`
        if the report's value, within its last digit, lies in our runs' range or in the interval in which 95 % of single runs lie (Student's
        prediction interval); else `not reproduced`. It is `too few seeds` below three.
    """
    experiment, summary = results.experiment, results.tables["summary"]
    values = pd.read_csv(VALUES, dtype={"value": str})
    values = values[values["experiment"] == experiment.name]
    arm = experiment.main_columns[0]
    rows = []
    for cell in results.cells:
        if not _is_the_reports(experiment, settings, cell, results.cells[0]["init"]):
            continue
        chosen = (values["dataset"] == cell.dataset) & (values["arm"] == cell[arm])
        if "base_learning_rate" in experiment.main_columns:
            chosen &= values["base_learning_rate"] == cell["base_learning_rate"]
        of_cell = (summary[column] == cell[column] for column in experiment.arm_columns)
        runs = summary[np.logical_and.reduce([summary["dataset"] == cell.dataset, *of_cell])]
        rows += [_row(value, runs) for value in values[chosen].to_dict("records")]
    for row in rows:
        row["why"] = _why(row, rows)
    return pd.DataFrame(rows, columns=COLUMNS)


def _is_the_reports(experiment, settings, cell, init):
    """Whether the cell has the report's settings, up to the initialisation: of several, the first, `init`."""
    theirs = {setting.name: setting.default[0] for setting in experiment.settings if setting.default and not setting.always_an_arm}
    theirs |= {"batch_size": DATASETS[cell.dataset].batch_size, "init": init, **settings}
    return theirs.pop("epochs") == cell.epochs and all(cell[name] == value for name, value in theirs.items())


def _row(value, runs):
    per_unit, text = value["per_unit"], value["value"]
    report = float(text) / per_unit
    digit = 10.0 ** -len(text.partition(".")[2]) / per_unit
    ours = runs[value["measure"]].to_numpy(dtype=np.float64)
    low, high, n = ours.min(), ours.max(), len(ours)
    mean, sd, _, upper = map(float, mean_interval(ours, CHANCE))
    if n < 3:
        verdict = "too few seeds"
    elif per_unit == 100 and high - low > UNSTABLE:
        verdict = "unstable"
    else:
        # For one more run, the interval of the mean is widened by sqrt(n + 1).
        reach = np.sqrt(n + 1) * (upper - mean)
        within = min(low, mean - reach) - digit / 2 <= report <= max(high, mean + reach) + digit / 2
        verdict = "reproduced" if within else "not reproduced"
    return {**value, "report": report, "mean": mean, "sd": sd, "low": low, "high": high, "n": n, "verdict": verdict}


def _why(row, rows):
    """The reason why a number is not reproduced, as far as these runs tell."""
    if row["verdict"] == "unstable":
        return f"Our {row['n']} runs range over {100 * (row['high'] - row['low']):.0f} points: a single run tells little."
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
    """Lines on the number of the report's numbers that are reproduced, one for each dataset."""
    return [
        f"The report's numbers on {dataset}: {counts(list(rows['verdict']), VERDICTS)}, of {len(rows)} (reproduction.csv)."
        for dataset, rows in table.groupby("dataset", sort=False)
    ]


def what(row):
    """The name of the report's number in a row of reproduction.csv."""
    rate = row["base_learning_rate"]
    words = [label(row["dataset"]), name_of(row["arm"]), *([] if pd.isna(rate) else [setting("base_learning_rate", rate)])]
    return ", ".join([*words, row["measure"].replace("_", " ")])
