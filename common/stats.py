"""Intervals on plain arrays."""

from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit


class Interval(NamedTuple):
    """A mean over runs with its spread; each field is a float or an array of the same shape."""

    mean: np.ndarray
    sd: np.ndarray
    low: np.ndarray
    high: np.ndarray


def mean_interval(values, confidence=0.95):
    """Mean over runs, standard deviation, and Student's t interval of the mean.

    Args:
        values: array `(runs, ...)`. A NaN or infinity among the runs makes that mean and interval NaN: no run is dropped.
        confidence: the share of repetitions in which the interval is to hold the true mean.

    Returns:
        An `Interval` of arrays of shape `(...)`. With one run, the standard deviation (of the sample, n - 1) and the interval are NaN.
    """
    values = np.asarray(values, dtype=np.float64)
    n = len(values)
    with np.errstate(invalid="ignore"):
        mean = np.where(np.isfinite(values).all(axis=0), values.mean(axis=0), np.nan)
        if n < 2:
            unknown = np.full_like(mean, np.nan)
            return Interval(mean, unknown, unknown, unknown)
        sd = np.where(np.isfinite(mean), values.std(axis=0, ddof=1), np.nan)
    half = stdtrit(n - 1, (1 + confidence) / 2) * sd / np.sqrt(n)
    return Interval(mean, sd, mean - half, mean + half)
