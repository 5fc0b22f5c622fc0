"""Means with Student's interval, for many columns at once."""

from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

ROUNDING = 1e-6  # relative: values no further apart are equal, for they are measured in float32


class Interval(NamedTuple):
    """A mean over runs with its spread; each field is a float or an array of the same shape."""

    mean: np.ndarray
    sd: np.ndarray
    low: np.ndarray
    high: np.ndarray


def mean_interval(values, confidence=0.95, correction=0.0):
    """Mean over runs, standard deviation, and Student's t interval of the mean.

    Args:
        values: array `(runs, ...)`. A NaN or infinity among the runs makes that mean and interval NaN: no run is dropped.
        confidence: the share of repetitions in which the interval is to hold the true mean. Defaults to 0.95.
        correction: n_test / n_train where runs differ by random splits of one dataset, which share samples: the squared standard error is
            (1 / n + correction) s² (Nadeau & Bengio 2003). Defaults to 0, fresh data in every run.

    Returns:
        An `Interval` of arrays of shape `(...)`. With one run, the standard deviation (of the sample, n - 1) and the interval are NaN.

    Example:

    ```python
    mean_interval([1.0, 2.0, 3.0])  # mean 2, sd 1, low -0.48, high 4.48
    ```
    """
    values = np.asarray(values, dtype=np.float64)
    n = len(values)
    with np.errstate(invalid="ignore"):
        mean = np.where(np.isfinite(values).all(axis=0), values.mean(axis=0), np.nan)
        sd = np.where(np.isfinite(mean), values.std(axis=0, ddof=1) if n > 1 else np.nan, np.nan)
    # Our own: `ttest_1samp` takes 16 times as long, which is felt in a table of all cells, and warns where there is one run.
    half = stdtrit(n - 1, (1 + confidence) / 2) * sd * np.sqrt(1 / n + correction)
    return Interval(mean, sd, mean - half, mean + half)
