"""Checks of the reproduction: how many of the report's numbers would pass if they were wrong, and how many if they were ours.

A test that wrong numbers pass as often as right ones tells nothing, however many pass.
"""

import numpy as np
import pandas as pd

from common.course_report.numbers import LEAST_SEEDS
from common.course_report.prediction import OneMoreRun
from common.data import label
from common.experiment.formatting import name_of, percent

COLUMNS = ["dataset", "check", "passed", "of", "share"]
LEFT_OUT = "run left out"
CHANGES = {"10 % higher": 1.1, "10 % lower": 0.9}


def tabulate(right, wrong):
    """`sensitivity.csv`: a row per dataset and check.

    Args:
        right: the report's `Number`s beside our runs of the same settings.
        wrong: `{setting: list of Numbers}`, beside runs that differ in that setting.

    Returns:
        DataFrame with the columns dataset, check, `passed`, how many of the informative numbers pass the test that reproduced ones pass
        (a mean, where a check tests each of them several times), `of` how many, and their share. The checks are:

        - `shuffled`: each number is given, in turn, the values that the report has for the other arms, of the same measure, dataset and
          source: the mean over all cyclic shifts, in which none keeps its own. A number that has no such others is left out.
        - `10 % higher`, `10 % lower`: all values, a share to at most 1, epochs to the nearest whole one. Numbers that are hardly or not
          changed by it, zero and a few epochs, count too.
        - `wrong <setting>`, such as the schedule: the report's values against the cells that differ from its own in that setting alone, of
          those that are informative there.
        - `run left out`: each of our runs by the test that the others give, within the same digits; of a right test 95 % pass. Numbers
          of fewer than four runs are left out.
    """
    rows = []
    for dataset in dict.fromkeys(number.about["dataset"] for number in right):
        of_dataset = [number for number in right if number.about["dataset"] == dataset]
        shares = {"shuffled": _shuffled(of_dataset)}
        shares |= {check: _changed(of_dataset, times) for check, times in CHANGES.items()}
        for name, beside in wrong.items():
            tested = [number for number in beside if number.about["dataset"] == dataset and number.informative]
            shares[f"wrong {name_of(name)}"] = [float(number.reproduced) for number in tested]
        shares[LEFT_OUT] = _left_out(of_dataset)
        rows += [(dataset, check, sum(of), len(of), float(np.mean(of))) for check, of in shares.items() if of]
    return pd.DataFrame(rows, columns=COLUMNS)


def _shuffled(numbers):
    shares = []
    for number in numbers:
        others = [other for other in numbers if other is not number and _kind(other) == _kind(number)]
        if number.informative and others:
            shares.append(float(np.mean([number.test.holds(other.value, other.within) for other in others])))
    return shares


def _kind(number):
    return number.about["measure"], number.about["source"]


def _changed(numbers, times):
    shares = []
    for number in numbers:
        if number.informative:
            value = times * number.value
            possible = {"share": min(value, 1.0), "epochs": round(value)}.get(number.measure.unit, value)
            shares.append(float(number.test.holds(possible, number.within)))
    return shares


def _left_out(numbers):
    shares = []
    for number in numbers:
        if number.informative and len(number.runs) > LEAST_SEEDS:
            others = [OneMoreRun(np.delete(number.runs, i), number.measure) for i in range(len(number.runs))]
            shares.append(float(np.mean([test.holds(run, number.within) for test, run in zip(others, number.runs, strict=True)])))
    return shares


def in_words(table):
    """The checks of one dataset, rows of sensitivity.csv, in words; nothing if there are none."""
    shares = [(check, f"{100 * share:.0f} %") for check, share in zip(table["check"], table["share"], strict=True)]
    wrong = ", ".join(f"{check} {share}" for check, share in shares if check != LEFT_OUT)
    right = "".join(f"of our own runs, left out, {share}, where 95 % should" for check, share in shares if check == LEFT_OUT)
    return "; ".join(filter(None, [wrong and f"of the checks, which should fail, pass: {wrong}", right]))


def side_by_side(reproduction, table):
    """The checks beside what they check, for the page: `(header, rows)`, text, a row for each dataset with informative numbers.

    Args:
        reproduction: reproduction.csv, a DataFrame.
        table: sensitivity.csv, a DataFrame.
    """
    names = list(dict.fromkeys(table["check"]))
    rows = []
    for dataset, numbers in reproduction[reproduction["informative"]].groupby("dataset", sort=False):
        shares = table[table["dataset"] == dataset].set_index("check")["share"]
        reproduced = (numbers["verdict"] == "reproduced").mean()
        rows.append([label(dataset), str(len(numbers)), *map(percent, (reproduced, *shares.reindex(names)))])
    return ["dataset", "informative", "reproduced", *names], rows
