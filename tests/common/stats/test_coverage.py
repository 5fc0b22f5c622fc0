"""Intervals hold the truth as often as docs/statistics.md says, whose tables are those of `python -m benchmarks --only coverage`."""

import re

import numpy as np
import pytest

from benchmarks import coverage, decided, families, simulated
from tests.support.scripts import ROOT

PAGE = (ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")
CASES = {case.name: case for case in simulated.ARMS + simulated.DIFFERENCES + simulated.EFFECTS}
QUICK = [
    "log: lognormal, sd of the log 0.75",
    "share: accuracy about 98 % of 360, beta(98, 2)",
    "log ratio, time: geometric, mean 10 and 5",
]


def table(name):
    """The rows of the table after a mark in the page, `{first cell: [numbers of the columns]}`."""
    text = PAGE.partition(f"<!-- {name} -->\n")[2].partition("\n\n")[0]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines()[2:]]
    return {row[0]: [float(cell.split()[0]) for cell in row if re.match(r"\d+\.\d", cell)] for row in rows}


def test_every_case_stands_in_the_page_and_none_that_is_used_covers_less_than_93_5_percent():
    shown = table("coverage")
    simulations = {name for name in shown if name.startswith(("random splits", "one test sample"))}
    assert set(shown) == set(CASES) | simulations and len(simulations) == 4
    assert min(min(row) for name, row in shown.items() if "for comparison" not in name) >= 93.5
    assert set(table("groups")) == set(simulated.ONE_GROUP) and max(map(max, table("groups").values())) <= 1
    by_script = table("families")[decided.NAME]
    assert max(max(row) for name, row in table("families").items() if not re.search(f"for comparison|a limit|{decided.NAME}", name)) <= 5
    assert np.mean(by_script) <= 5 and max(by_script) <= 5 + 2  # two standard errors of 500 families


@pytest.mark.parametrize("name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in CASES])
def test_an_interval_covers_as_often_as_the_page_says(name):
    """Within four standard errors of 250 samples."""
    numbers = (5, 20)
    found = coverage.covered(CASES[name], 250, numbers).shares
    said = [table("coverage")[name][coverage.NUMBERS.index(n)] / 100 for n in numbers]
    np.testing.assert_array_less(np.abs(np.subtract(found, said)), 4 * np.sqrt(np.array(said) * (1 - np.array(said)) / 250) + 0.002)


@pytest.mark.slow
def test_splits_and_test_samples_are_covered_as_the_page_says():
    for found in (*coverage.of_splits(400), *coverage.of_test_samples(400)):
        said = np.array(table("coverage")[found.name]) / 100
        np.testing.assert_array_less(np.abs(found.shares - said), 4 * np.sqrt(said * (1 - said) / 400) + 0.02)


@pytest.mark.parametrize("looks", [(5,), pytest.param((5, 10, 15, 20), marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", [name for name, (_, goal) in families.DRAWS.items() if goal])
def test_any_wrong_verdict_among_claims_that_share_runs_is_rare(name, looks):
    assert families.of_pairs(families.DRAWS[name][0], looks, experiments=300) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 300)


@pytest.mark.slow
def test_any_wrong_verdict_of_the_scripts_own_is_rare():
    assert decided.any_wrong(10, families=40) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 40)
