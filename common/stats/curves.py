"""Curves over epochs."""

import numpy as np

from common.stats.bounded import bounded_interval
from common.stats.edges import at_an_edge
from common.stats.means import mean_interval


def mean_curve(runs, log=False, correction=0.0, lowest=None):
    """Mean over runs at every epoch with its 95 % interval, as figures and page show it.

    Args:
        runs: array `(runs, epochs)`, all finite.
        log: take the geometric mean, and the interval of the logarithms: for what is shown on a log axis. Defaults to False.
        correction: as in `mean_interval`. Defaults to 0.
        lowest: of a share, which then has the interval that `describe` gives it: chance, for accuracies, or 0. Defaults to None: no share.

    Returns:
        `(mean, low, high)`, arrays `(epochs,)`; the bounds are NaN with one run, and where a share is `at_an_edge`; all are NaN without
        any. Where all runs are equal, a
        learning rate's schedule, say, all three are exactly that, so that rounding gives it no spread.
    """
    runs = np.asarray(runs, dtype=np.float64)
    if not len(runs):
        return (np.full(runs.shape[1:], np.nan),) * 3
    if (runs == runs[0]).all():
        return (runs[0],) * 3
    if log:
        mean, _, low, high = map(np.exp, mean_interval(np.log(runs), correction=correction))
    elif lowest is None:
        mean, _, low, high = mean_interval(runs, correction=correction)
    else:
        mean, _, low, high = bounded_interval(runs, correction=correction)
        low = np.maximum(low, np.minimum(lowest, mean))
        low, high = np.where(at_an_edge(runs, chance=lowest), np.nan, (low, high))
    return mean, low, high
