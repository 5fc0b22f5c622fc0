"""The axis of a unit's numbers where all of them are equal; the rest is read off a page in a browser."""

import pytest

from common.course_report.dot_plot import _Axis


@pytest.mark.parametrize("value", [-2.0, 0.0, 0.5, 1.0, 12.0])
@pytest.mark.parametrize("log", [False, True])
def test_an_axis_of_one_value_has_room_on_both_sides_and_a_share_stays_one(value, log):
    axis = _Axis.of([value, value], log and value > 0)
    assert axis.low < axis.high and axis.low <= value <= axis.high and 0 < axis.place(value) < 100
    assert all(axis.low <= tick <= axis.high for tick in axis.ticks())
    if 0 <= value <= 1 and not log:
        assert axis.low >= 0 and axis.high <= 1
