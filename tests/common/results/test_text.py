"""A measure of a cell as text."""

import pytest

from common.experiment import Measure
from common.results.text import measured

TARGET = Measure("t", "", "epochs", "linear", "never")


@pytest.mark.parametrize(("mean", "text"), [(301.0, "never"), (300.0, "300.0"), (45.1, "45.1")])
def test_a_time_beyond_the_last_epoch_is_none(mean, text):
    row = {"t_mean": mean, "t_ci_low": float("nan"), "t_ci_high": float("nan")}
    assert measured(TARGET, row, {}, False, 300) == text


def test_two_groups_of_runs_have_the_interval_of_their_share_where_a_mean_has_one():
    groups = {"t": [{"location": at, "runs": 5, "share_low": 0.19, "share_high": 0.81} for at in (45.1, 301.0)]}
    assert measured(TARGET, {}, groups, False, 300) == "never (5 of 10)"
    assert measured(TARGET, {}, groups, True, 300) == "never (5 of 10 [19, 81 %])"
