"""The checks of the reproduction, on tables made by hand."""

import numpy as np
import pytest
from scipy import stats

from common.course_report import reproduction, sensitivity
from common.course_report.numbers import Number
from common.experiment import Measure
from common.experiment.measures import share

LOSS, ACCURACY = Measure("min_train_loss", "loss"), share("final_test_accuracy", "accuracy")
Z = np.array([-1.2, -0.6, 0.0, 0.6, 1.2])
REACH = stats.t.ppf(0.975, 4) * Z.std(ddof=1) * np.sqrt(1.2)  # of the interval of Z


def number(arm, value, runs, measure=LOSS):
    about = {"dataset": "digits", "arm": arm, "base_learning_rate": 0.1, "measure": measure.name, "source": "csv"}
    return Number(about, value, 0.0, np.asarray(runs, dtype=np.float64), measure)


def runs(centre, reach):
    """Runs whose interval goes from `centre / reach` to `centre * reach`."""
    return centre * np.exp(np.log(reach) * Z / REACH)


NUMBERS = [
    number("sgd", 1.0, runs(1.0, 1.05)),  # neither 1.1 nor 0.9
    number("momentum", 1.2, runs(1.2, 1.15)),  # 1.32 and 1.08, and adam's 1.3
    number("adam", 1.3, runs(1.25, 1.12)),  # not 1.43, but 1.17, and momentum's 1.2
    number("rmsprop", 9.0, runs(1.0, 2.1)),  # uninformative, and outside
    number("lion", 1.0, runs(1.0, 2.1)),  # uninformative
    number("sgd", 0.995, [0.99] * 5, ACCURACY),  # 10 % more is no more than 1
    number("adam", 0.5, [0.3, 0.5, 0.7, 0.6, 0.4], ACCURACY),  # uninformative
    number("lion", 0.5, [0.5, 0.5], ACCURACY),  # too few
]


def test_the_controls_count_the_informative_numbers_that_would_pass_if_they_were_wrong():
    beside_constant = [number("sgd", 1.0, runs(2.0, 1.05)), number("adam", 1.3, runs(1.2, 1.1)), number("lion", 1.0, runs(1.0, 3.0))]
    table = sensitivity.tabulate(NUMBERS, {"schedule": beside_constant}).set_index("check")
    assert list(table.columns) == ["dataset", "passed", "of", "share"] and set(table["dataset"]) == {"digits"}
    # Of the values of the four other losses, sgd holds lion's 1.0, momentum adam's 1.3, adam momentum's 1.2.
    assert tuple(table.loc["shuffled", ["passed", "of"]]) == pytest.approx((3 / 4, 4))
    assert tuple(table.loc["10 % higher", ["passed", "of"]]) == (1, 4)
    assert tuple(table.loc["10 % lower", ["passed", "of"]]) == (2, 4)
    assert tuple(table.loc["wrong schedule", ["passed", "of"]]) == (1, 2)
    np.testing.assert_allclose(table["share"], table["passed"] / table["of"])


def test_each_run_is_left_out_and_tested_by_the_others():
    passed = 0
    for tested in NUMBERS[:3]:
        logs = np.log(tested.runs)
        for i, left_out in enumerate(logs):
            others = np.delete(logs, i)
            low, high = stats.t.interval(0.95, 3, loc=others.mean(), scale=others.std(ddof=1) * np.sqrt(1.25))
            passed += low <= left_out <= high
    table = sensitivity.tabulate(NUMBERS[:5], {}).set_index("check")
    assert tuple(table.loc["run left out", ["passed", "of"]]) == pytest.approx((passed / 5, 3))


def test_of_right_numbers_95_of_100_runs_left_out_pass():
    rng = np.random.default_rng(0)
    table = sensitivity.tabulate([number("sgd", 1.0, np.exp(rng.normal(0, 0.05, 10))) for _ in range(150)], {}).set_index("check")
    assert table.loc["run left out", "share"] == pytest.approx(0.95, abs=0.015)


def test_the_page_sets_the_controls_beside_the_informative_numbers():
    table = reproduction.compare(NUMBERS)
    assert list(table["verdict"]) == [
        *["reproduced"] * 3, "not reproduced", "uninformative", "not reproduced", "uninformative", "too few seeds"
    ]  # fmt: skip
    assert list(table["informative"]) == [True] * 3 + [False] * 2 + [True] + [False] * 2
    (line,) = reproduction.in_words(table, sensitivity.tabulate(NUMBERS, {}))
    assert "3 of 4 informative" in line and "shuffled 19 %" in line and "10 % higher 25 %" in line
    header, rows = sensitivity.side_by_side(table, sensitivity.tabulate(NUMBERS, {}))
    assert dict(zip(header, rows[0], strict=True))["informative"] == "4"
    assert dict(zip(header, rows[0], strict=True))["reproduced"] == "75.0 %" and len(rows) == 1
