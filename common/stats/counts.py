"""The number of runs that have a property, of runs that may be correlated."""

import numpy as np
from scipy.special import betainc, ndtr, ndtri

# Nodes and weights of a standard normal variable, for expectations over what runs have in common.
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(61)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def at_least(count, n, correction=0.0, share=0.5):
    """The chance that at least so many of n runs have what a share of all have.

    With a correction, runs have the correlation correction / (1 + correction), which Nadeau & Bengio (2003) assume of splits of one
    dataset, in a Gaussian copula: given what they have in common, they are independent.

    Args:
        count, n: arrays, broadcast together.
        correction: n_test / n_train, or 0 for independent runs, its default.
        share: of all runs, a float. Defaults to 0.5.

    Returns:
        Array of chances.

    Example:

    ```python
    at_least(9, 10)  # 0.0107: 11 / 1024
    ```
    """
    count, n = np.asarray(count, dtype=np.float64), np.asarray(n, dtype=np.float64)
    least = np.maximum(count, 1)  # of none, the chance is 1
    if not correction:
        return np.where(count > 0, betainc(least, n - least + 1, share), 1.0)
    given = ndtr(ndtri(share) * np.sqrt(1 + correction) + np.sqrt(correction) * NODES)
    chances = betainc(least[..., None], (n - least + 1)[..., None], given)
    return np.where(count > 0, chances @ WEIGHTS, 1.0)


def power(n, null, share, alpha, correction=0.0):
    """The chance that a share of all is found to be above another, by the exact test at a level.

    Args:
        n: array of numbers of runs, float.
        null: the share above which it is to be found, a float.
        share: the true one, a float.
        alpha: the level of the one-sided test.
        correction: see `at_least`. Defaults to 0.

    Returns:
        Array of the shape of `n`.
    """
    low, high = np.zeros(n.shape), n + 1.0  # of the count that rejects, which is found by bisection
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        rejects = at_least(middle, n, correction, null) <= alpha
        low, high = np.where(rejects, low, middle), np.where(rejects, middle, high)
    return np.where(high <= n, at_least(np.minimum(high, n), n, correction, share), 0.0)
