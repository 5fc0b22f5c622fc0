"""Holm's procedure, of two hypotheses a claim."""

import numpy as np
import pytest
import scipy.stats

from common import stats


def test_holm_by_hand():
    """0.01 x 4, 0.02 x 3, 0.03 x 2, 0.5 x 1, none smaller than the one before; the second is the first that is not below 0.05."""
    adjusted, level = stats.holm([0.03, 0.01, 0.5, 0.02])
    np.testing.assert_allclose(adjusted, [0.06, 0.04, 0.5, 0.06])
    assert level == pytest.approx(0.05 / 3)


@pytest.mark.parametrize(("p_values", "level"), [([], 0.05), ([0.9], 0.05), ([0.01], 0.05), ([0.01] * 3, 0.05), ([0.9] * 4, 0.0125)])
def test_the_level_is_that_of_the_tests_that_are_left_and_never_beyond_alpha(p_values, level):
    adjusted, found = stats.holm(p_values)
    assert found == level and len(adjusted) == len(p_values)


def test_what_is_rejected_is_what_has_a_p_value_of_at_most_the_one_level():
    p_values = np.random.default_rng(0).beta(0.2, 2, (500, 8))
    for row in p_values:
        adjusted, level = stats.holm(row, 0.0125)
        np.testing.assert_array_equal(adjusted <= 0.0125, row <= level)


def test_the_chance_of_any_false_rejection_is_at_most_alpha_whatever_tests_share():
    """Of eight hypotheses five are true; their tests are normal variables that have half their variance in common."""
    random, repetitions = np.random.default_rng(1), 4000
    scores = np.sqrt(0.5) * (random.normal(0, 1, (repetitions, 1)) + random.normal(0, 1, (repetitions, 8)))
    p_values = scipy.stats.norm.sf(scores)
    p_values[:, 5:] = 1e-6
    false = [(stats.holm(row)[0][:5] <= 0.05).any() for row in p_values]
    assert np.mean(false) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / repetitions)
