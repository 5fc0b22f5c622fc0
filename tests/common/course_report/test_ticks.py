"""The values that an axis on the page names, against their definition."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from common.course_report.ticks import ticks

NUMBERS = st.floats(1e-6, 1e6)


def is_round(number):
    """Whether it is 1, 2 or 5 times a power of ten."""
    return f"{number:e}".rstrip("0123456789").rstrip("e+-").rstrip("0").rstrip(".") in ("1", "2", "5")


@given(st.floats(-1e3, 1e3), st.floats(1e-2, 1e5), st.integers(2, 9))
def test_a_linear_axis_names_multiples_of_a_round_step_and_no_finer_one_would_fit(low, length, most):
    low *= length  # else its digits end before those of the length
    high = low + length
    found = ticks(low, high, False, most)
    assert len(found) <= most and all(low - 1e-6 * length <= tick <= high + 1e-6 * length for tick in found)
    if len(found) >= 2:
        step = found[1] - found[0]
        assert is_round(float(f"{step:.3g}"))
        np.testing.assert_allclose(np.array(found) / step, np.round(np.array(found) / step), atol=1e-4)
        finer = step / (2 if f"{step:.0e}"[0] != "5" else 2.5)
        assert np.floor(high / finer + 1e-9) - np.ceil(low / finer - 1e-9) + 1 > most


@given(NUMBERS, st.floats(1.01, 1e9), st.integers(2, 9))
def test_a_logarithmic_axis_names_powers_of_ten_or_round_numbers_between_its_ends(low, times, most):
    high = low * times
    found = ticks(low, high, True, most)
    assert 0 < len(found) <= most or times < 1.3
    assert found == sorted(set(found)) and all(low * (1 - 1e-6) <= tick <= high * (1 + 1e-6) for tick in found)
    if times > 1000:
        assert all(f"{tick:e}".startswith("1.000000e") for tick in found)


def test_cases():
    assert ticks(-3.0, 11.0, False, 4) == [0, 5, 10]
    assert str(ticks(-3.0, 11.0, False, 4)) == "[0.0, 5.0, 10.0]"  # no -0.0
    assert ticks(0.0, 1.0, False, 6) == [0, 0.2, 0.4, 0.6, 0.8, 1]
    assert ticks(0.5, 2000, True, 6) == [1, 10, 100, 1000]
    assert ticks(0.5, 30, True, 6) == [0.5, 1, 2, 5, 10, 20]
    assert ticks(1.1, 1.9, True, 6) == [1.2, 1.4, 1.6, 1.8]
    assert ticks(1e-12, 1, True, 4) == [1e-12, 1e-8, 1e-4, 1]
