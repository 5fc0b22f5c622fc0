"""Times and differences of which some are not known."""

import numpy as np


def censored_times(times, epochs):
    """Times to an event, restricted to the epochs observed, so that their means can be compared (Royston & Parmar 2013).

    Args:
        times: array of epochs, NaN for runs that did not get there: censored, known only to be later than `epochs`.
        epochs: how many were observed.

    Returns:
        Array of the times, `epochs + 1` where censored. It is what is known for certain, min(time, epochs + 1), of every run; a difference
        of two such means is no larger than that of the times.
    """
    times = np.asarray(times, dtype=np.float64)
    return np.where(np.isnan(times), epochs + 1, np.minimum(times, epochs + 1))


def paired_differences(a, b):
    """`a - b`, run by run; NaN, which stands for an unknown difference, where both are infinite or one is NaN."""
    with np.errstate(invalid="ignore"):
        return np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)
