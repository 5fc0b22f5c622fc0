"""The axis that the intervals of one unit share: where on it a value lies."""

import math
import warnings

import pytest

from common.course_report.axes import Axis

LINEAR, LOG = (Axis("points", 0.5, 2.5, False, None, 1), Axis("ratio", 0.01, 100.0, True, 1.0, 1))


@pytest.mark.parametrize(
    ("axis", "value", "place"),
    [
        *(
            (LINEAR, value, place)
            for value, place in ((0.5, 0), (1.0, 0.25), (2.5, 1), (-1e308, 0), (1e308, 1), (math.inf, 1), (-math.inf, 0))
        ),
        *((LOG, value, place) for value, place in ((0.01, 0), (0.1, 0.25), (1.0, 0.5), (1e300, 1), (math.inf, 1), (0.0, 0))),
    ],
)
def test_a_value_lies_where_it_belongs_and_beyond_the_axis_at_its_end_without_a_warning(axis, value, place):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert axis.place(value) == pytest.approx(place)


def test_no_number_has_no_place():
    assert math.isnan(LINEAR.place(math.nan))
