"""Runs so near to an edge of what they can be that few of them tell their mean."""

import numpy as np

from common.stats.means import ROUNDING

MOST_AT_A_BOUND = 2 / 3  # of the runs; of more, the few others decide the mean, and those that were not seen
FROM_CHANCE = 2.0  # standard deviations; nearer, a few runs may have left chance, and the others not


def at_an_edge(values, lowest=0.0, highest=1.0, chance=None):
    """Whether no interval of the mean holds it as often as it says, so that runs are shown, or judged by their median, instead.

    That is where more than two thirds of the runs are at a bound (with the rest far from it an interval covers down to 87 %), and where the
    mean lies less than two standard deviations above chance (where a few runs alone have left it, down to 79 %). The thresholds are by
    simulation, see docs/statistics.md.

    Args:
        values: array `(runs, ...)`.
        lowest, highest: the bounds. They default to 0 and 1.
        chance: what an arm that learns nothing has. Defaults to None: nothing that lies between the bounds.

    Returns:
        Bool array of shape `(...)`.

    Example:

    ```python
    at_an_edge([1.0, 1.0, 1.0, 1.0, 0.97])  # True
    ```
    """
    values = np.asarray(values, dtype=np.float64)
    rounding = ROUNDING * (highest - lowest)
    at_bound = np.maximum(np.mean(values <= lowest + rounding, axis=0), np.mean(values >= highest - rounding, axis=0))
    edge = at_bound > MOST_AT_A_BOUND
    if chance is not None and chance > lowest and len(values) > 1:
        edge = edge | (values.mean(axis=0) - chance < FROM_CHANCE * values.std(axis=0, ddof=1))
    return edge
