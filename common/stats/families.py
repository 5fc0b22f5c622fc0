"""Families of hypotheses: the chance of any false rejection among them."""

import numpy as np


def holm(p_values, alpha=0.05):
    """Holm's step-down adjustment (Holm 1979), which keeps the chance of any false rejection at alpha under any dependence; SciPy has none.

    A family of m claims, each of which may be supported or contradicted, is 2 m one-sided hypotheses, and their 2 m p-values stand here.
    The proof is of one line. Let m0 of the hypotheses be true. Before the first true one is rejected, at most 2 m - m0 have been, so it is
    rejected at a level of alpha / m0 at most; the chance that any of m0 true ones has a p-value that small is at most alpha, by the union
    bound, whatever runs the claims share. Two-sided p-values that are read in two directions have no such proof (Shaffer 1980 has one for
    independent tests).

    Args:
        p_values: array `(tests,)`.
        alpha: the chance of any error, all tests together. Defaults to 0.05.

    Returns:
        `(adjusted, level)`: the adjusted p-values, array `(tests,)`, to be compared with alpha; and the level at which the procedure ends,
        alpha over the number of tests that are left. What has a p-value of at most that level is rejected, and only that: an interval of
        confidence 1 - 2 level excludes the margin of a one-sided test exactly if it is.

    Example:

    ```python
    adjusted, _ = holm([0.03, 0.01])  # array([0.03, 0.02])
    ```
    """
    p_values = np.asarray(p_values, dtype=np.float64)
    order, tests = np.argsort(p_values, kind="stable"), len(p_values)
    steps = tests - np.arange(tests)
    adjusted = np.empty(tests)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps * p_values[order]), 1)
    return adjusted, alpha / max(1, tests - int((adjusted <= alpha).sum()))
