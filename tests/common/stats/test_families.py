"""Holm's procedure, of two hypotheses a claim."""

import numpy as np

from common import stats


def test_holm_by_hand():
    """0.01 x 4, 0.02 x 3, 0.03 x 2, 0.5 x 1, none smaller than the one before; the second is the first that is not below 0.05."""
    adjusted, levels = stats.holm([0.03, 0.01, 0.5, 0.02])
    np.testing.assert_allclose(adjusted, [0.06, 0.04, 0.5, 0.06])
    np.testing.assert_allclose(levels, [0.05 / 3, 0.05 / 4, 0.05 / 3, 0.05 / 3])
    assert [len(part) for part in stats.holm([])] == [0, 0]


def test_what_is_rejected_is_what_has_a_p_value_of_at_most_its_level():
    p_values = np.random.default_rng(0).beta(0.2, 2, (500, 8))
    for row in p_values:
        adjusted, levels = stats.holm(row, 0.0125)
        np.testing.assert_array_equal(adjusted <= 0.0125, row <= levels)
