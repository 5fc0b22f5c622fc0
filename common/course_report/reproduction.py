"""The report's numbers beside ours: which of them could be one more of our runs."""

import numpy as np
import pandas as pd

from common.course_report import sensitivity
from common.course_report.numbers import ABOUT, LEAST_SEEDS
from common.course_report.prediction import LEAST_RANKED
from common.data import label
from common.experiment.formatting import name_of, setting
from common.stats import mean_interval

COLUMNS = [*ABOUT, "report", "mean", "sd", "low", "high", "n", "scale", "pred_low", "pred_high", "informative", "verdict", "why"]
NOT_COMPARED = "The report's numbers are not compared under --vary {}: its runs are more of ours only where all varies."


def compare(found):
    """`reproduction.csv`: a row per number of the report whose settings were run.

    Args:
        found: the `Number`s.

    Returns:
        DataFrame with the columns: of the number, dataset, arm, base_learning_rate (where the report has several), measure, source, and
        report, its value in our unit; of our runs mean, sd, low and high (the smallest and the largest), n; of the test `scale`, the
        interval for one more run from `pred_low` to `pred_high`, and `informative` (see `OneMoreRun`); `verdict`, and `why`, if it is not
        reproduced. The verdict is `reproduced` if the report's value, within its last digit, could be one more of our runs and the
        test could well have failed; `uninformative` if it could hardly, or if all our runs lie at a bound; `not reproduced` if it failed,
        informative or not. It is `too few seeds` below three.
    """
    rows = [_row(number) for number in found]
    units = {number.about["measure"]: number.measure.unit for number in found}
    for row in rows:
        row["why"] = _why(row, rows, units[row["measure"]])
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(number):
    ours, test = number.runs, number.test
    mean, sd, *_ = map(float, mean_interval(ours))
    row = {**number.about, "report": number.value, "mean": mean, "sd": sd, "low": ours.min(), "high": ours.max(), "n": len(ours)}
    if not number.enough:
        return {**row, "scale": "", "pred_low": np.nan, "pred_high": np.nan, "informative": False, "verdict": "too few seeds"}
    verdict = "not reproduced" if not number.reproduced else "reproduced" if number.informative else "uninformative"
    tested = {"scale": test.scale, "pred_low": test.low, "pred_high": test.high, "informative": number.informative}
    return {**row, **tested, "verdict": verdict}


def _why(row, rows, unit):
    """The reason why a number is not reproduced, as far as these runs tell."""
    by_rank, n = row["scale"] == "ranks", row["n"]
    if row["verdict"] == "uninformative":
        if row["low"] == row["high"] and np.isfinite(row["low"]):
            return f"All our {n} runs are {in_unit(row['low'], unit)}."
        if not by_rank:
            return "One more run could be half of our mean as well as its double."
        if not np.isfinite(row["low"] + row["high"]):
            return f"Not all of our {n} runs have such a value."
        few = f"; ranks tell from {LEAST_RANKED} runs on" if n < LEAST_RANKED else ""
        return f"Our {n} runs range from {in_unit(row['low'], unit)} to {in_unit(row['high'], unit)}{few}."
    if row["verdict"] != "not reproduced":
        return ""
    same = ("dataset", "arm", "base_learning_rate", "measure")
    others = [
        f"the report's other source ({other['source']}) has {in_unit(other['report'], unit)}, which is {other['verdict']}"
        for other in rows
        if other is not row and all(str(other[name]) == str(row[name]) for name in same)
    ]
    if by_rank:
        where = f"The report's value lies apart from our {n} runs ({in_unit(row['low'], unit)} to {in_unit(row['high'], unit)})"
    else:
        side = "above" if row["report"] > row["pred_high"] else "below"
        ends = f"{in_unit(row['pred_low'], unit)} to {in_unit(row['pred_high'], unit)}"
        where = f"The report's value lies {side} what one more run could be ({ends})"
    return "; ".join([where, *others]) + "."


def in_words(table, of_sensitivity):
    """Lines on the number of the report's numbers that are reproduced, with their checks, one for each dataset.

    Args:
        table: reproduction.csv, a DataFrame.
        of_sensitivity: sensitivity.csv, a DataFrame.
    """
    lines = []
    for dataset, rows in table.groupby("dataset", sort=False):
        informative, *others = _counts(rows)
        passed = sensitivity.in_words(of_sensitivity[of_sensitivity["dataset"] == dataset])
        words = "; ".join(filter(None, [informative, passed, *others]))
        lines.append(f"The report's numbers on {label(dataset)}: {words} (reproduction.csv).")
    return lines


def _counts(rows):
    few = rows["verdict"] == "too few seeds"
    informative, others = rows[rows["informative"]], rows[~rows["informative"] & ~few]
    apart = [
        f"{count} {word}"
        for count, word in (
            ((others["scale"] == "ranks").sum(), "with unstable runs"),
            ((others["verdict"] == "not reproduced").sum(), "not reproduced even so"),
        )
        if count
    ]
    counts = [
        (len(informative), f"{(informative['verdict'] == 'reproduced').sum()} of {len(informative)} informative ones reproduced"),
        (len(others), f"{len(others)} uninformative" + (f" ({', '.join(apart)})" if apart else "")),
        (few.sum(), f"{few.sum()} with fewer than {LEAST_SEEDS} seeds"),
    ]
    return [words if count else "" for count, words in counts]


def in_unit(value, unit):
    """A number of the report, or of ours beside it, in as many digits as the report prints: a share in percent; `"-"` for NaN."""
    if np.isnan(value):
        return "-"
    return f"{100 * value:.4g} %" if unit == "share" else f"{value:.4g}"


def on_page(table, measures):
    """The rows of reproduction.csv as the page shows them, list of dicts: `what` has the number's name, and numbers are text.

    Args:
        table: reproduction.csv, a DataFrame.
        measures: `{column: Measure}`.
    """
    numbers, found = ("report", "mean", "sd", "low", "high", "pred_low", "pred_high"), []
    for row in table.to_dict("records"):
        texts = {name: in_unit(row[name], measures[row["measure"]].unit) for name in numbers}
        found.append({**row, **texts, "what": what(row), "label": label(row["dataset"])})
    return found


def what(row):
    """The name of the report's number in a row of reproduction.csv."""
    return ", ".join([label(row["dataset"]), arm(row), row["measure"].replace("_", " ")])


def arm(row):
    """The arm of the report's number in a row of reproduction.csv, in words."""
    rate = row["base_learning_rate"]
    return ", ".join([name_of(row["arm"]), *([] if pd.isna(rate) else [setting("base_learning_rate", rate)])])
