"""Intervals and tests on plain arrays. No run is dropped: a diverged one counts as infinite, an event that never came as later than all."""

from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from common.lazy import lazy_modules

optimize, tests = lazy_modules("scipy.optimize scipy.stats")  # which take a second to import, and are not needed to draw

STUDENT_BELOW = 20  # runs; from there on the bootstrap's intervals of skewed values hold more often (tests/common/test_stats.py)
RESAMPLES = 9999


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
        confidence: the share of repetitions in which the interval is to hold the true mean. Defaults to 0.95.

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
    half = stdtrit(n - 1, (1 + confidence) / 2) * sd / np.sqrt(n)
    return Interval(mean, sd, mean - half, mean + half)


def mean_curve(runs, log=False):
    """Mean over runs at every epoch with its 95 % interval, as figures and page show it.

    Args:
        runs: array `(runs, epochs)`, all finite.
        log: take the geometric mean, and the interval of the logarithms: for what is shown on a log axis. Defaults to False.

    Returns:
        `(mean, low, high)`, arrays `(epochs,)`; the bounds are NaN with one run, all are NaN without any. Where all runs are equal, a
        learning rate's schedule, say, all three are exactly that, so that rounding gives it no spread.
    """
    runs = np.asarray(runs, dtype=np.float64)
    if not len(runs):
        return (np.full(runs.shape[1:], np.nan),) * 3
    if (runs == runs[0]).all():
        return (runs[0],) * 3
    mean, _, low, high = mean_interval(np.log(runs) if log else runs)
    return tuple(np.exp(part) if log else part for part in (mean, low, high))


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


def method_for(values):
    """The method by which the location of these values is judged.

    Returns:
        `"Student"`, their mean, below 20 runs and where all are equal; `"BCa"`, their mean, by the bootstrap (Efron 1987); `"sign"`, their
        median, by order statistics, where some are infinite or unknown.

    Example:

    ```python
    method_for([0.91, 0.93, np.inf])  # "sign"
    ```
    """
    values = np.asarray(values, dtype=np.float64)
    if not np.isfinite(values).all():
        return "sign"
    return "Student" if len(values) < STUDENT_BELOW or np.ptp(values) == 0 else "BCa"


def location(values):
    """The mean of the values, `(runs,)`; their median where some are infinite or NaN."""
    return float(np.median(values) if method_for(values) == "sign" else np.mean(values))


def location_interval(values, confidence=0.95):
    """`(low, high)` for the location of the values, `(runs,)`, by the method that `method_for` names.

    By order statistics, NaN counts as whatever makes the interval wider; too few runs for the confidence, which defaults to 0.95, give
    `(-inf, inf)`.

    Example:

    ```python
    location_interval([1, 2, 3, 4, 5, 6, 7, 8, 9, np.inf])  # (2.0, 9.0)
    ```
    """
    values, method = np.asarray(values, dtype=np.float64), method_for(values)
    if method == "BCa":
        return _bca(values)(confidence)
    if method == "Student":
        return tuple(map(float, mean_interval(values, confidence)[2:]))
    return _median_bound(values, confidence), -_median_bound(-values, confidence)


def p_above(values, margin=0.0):
    """One-sided p-value of the hypothesis that the location is no higher than the margin: the smallest alpha at which the interval of
    confidence 1 - 2 alpha lies above it. Student's t test, the sign test (values at the margin, and unknown ones, count against), or the
    bootstrap's interval inverted, no smaller than 1 / resamples. The margin defaults to 0."""
    values, method = np.asarray(values, dtype=np.float64), method_for(values)
    if method == "sign":
        return float(_sign_test(values, margin, "greater").pvalue)
    if np.ptp(values) == 0:
        return 1.0 if len(values) < 2 or values[0] <= margin else 0.0
    if method == "Student":
        # About their mean, or SciPy would warn of values that are equal up to rounding, such as equal differences of accuracies.
        return float(tests.ttest_1samp(values - values.mean(), margin - values.mean(), alternative="greater").pvalue)
    interval, smallest = _bca(values), 1 / RESAMPLES

    def beyond(alpha):
        return (interval(1 - 2 * alpha)[0] if alpha < 0.5 else interval(2 * alpha - 1)[1]) - margin

    if beyond(smallest) > 0:
        return smallest
    if beyond(1 - smallest) <= 0:
        return 1.0
    return float(optimize.brentq(beyond, smallest, 1 - smallest, xtol=1e-5))


def p_below(values, margin=0.0):
    """The same for the hypothesis that the location is no lower than the margin, which defaults to 0."""
    return p_above(-np.asarray(values, dtype=np.float64), -margin)


def holm(p_values, alpha=0.05):
    """Holm's step-down adjustment (Holm 1979), which keeps the chance of any false rejection at alpha; SciPy has none.

    Args:
        p_values: array `(tests,)`.
        alpha: the chance of any error, all tests together. Defaults to 0.05.

    Returns:
        `(adjusted, levels)`, arrays `(tests,)`: the adjusted p-values, to be compared with alpha; and the level of each test, so that an
        interval of confidence 1 - level excludes what the test rejects.

    Example:

    ```python
    adjusted, _ = holm([0.03, 0.01])  # array([0.03, 0.02])
    ```
    """
    p_values = np.asarray(p_values, dtype=np.float64)
    order, tests = np.argsort(p_values, kind="stable"), len(p_values)
    steps = tests - np.arange(tests)
    adjusted, levels = np.empty(tests), np.empty(tests)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps * p_values[order]), 1)
    rejected = int((adjusted <= alpha).sum())
    levels[order] = alpha / np.maximum(steps, tests - rejected) if tests else []
    return adjusted, levels


def _sign_test(values, margin=0.0, alternative="two-sided"):
    """SciPy's test of the median and its interval. NaN counts against, as the lowest value; to SciPy it is the highest."""
    return tests.quantile_test(np.where(np.isnan(values), -np.inf, values), q=margin, alternative=alternative)


def _median_bound(values, confidence):
    """The lower end of the median's interval: -inf with too few values, where SciPy has NaN."""
    return float(np.fmax(_sign_test(values).confidence_interval(confidence).low, -np.inf))


def _bca(values):
    """A function of the confidence that returns `(low, high)`; the same values give the same resamples."""
    drawn = tests.bootstrap((values,), np.mean, n_resamples=RESAMPLES, method="BCa", random_state=np.random.default_rng(0))

    def interval(confidence):
        result = tests.bootstrap((values,), np.mean, n_resamples=0, method="BCa", confidence_level=confidence, bootstrap_result=drawn)
        return float(result.confidence_interval.low), float(result.confidence_interval.high)

    return interval
