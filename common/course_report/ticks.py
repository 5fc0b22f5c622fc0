"""The values that an axis on the page names, found without matplotlib: pages are written where it cannot be imported, too."""

import numpy as np

ROUND = (1, 2, 5)
WIDE = 100  # times the lower end; a logarithmic axis that reaches further names powers of ten alone


def ticks(low, high, log, most):
    """Round values between two ends, at most a number of them, ascending: list of float. Their distance is 1, 2 or 5 times a power of ten;
    on a logarithmic axis they are powers of ten, or, on a shorter one, also 2 and 5 times these, or else as on a linear one.

    Args:
        low, high: the ends; above 0 on a logarithmic axis.
        log: whether the axis is logarithmic.
        most: the largest number of values, at least 2.

    Example:

    ```python
    ticks(-3.0, 11.0, log=False, most=4)  # [0.0, 5.0, 10.0]
    ticks(0.5, 2000.0, log=True, most=4)  # [1.0, 10.0, 100.0, 1000.0]
    ```
    """
    if log:
        found = [factor * 10.0**power for power in _powers(low, high) for factor in (ROUND if high <= WIDE * low else (1,))]
        inside = [value for value in found if low <= value <= high]
        if len(inside) >= 2:
            return inside[:: -(-len(inside) // most)]
    exponent = np.floor(np.log10((high - low) / most))
    for step in (factor * 10.0**power for power in (exponent, exponent + 1) for factor in ROUND):
        first, last = np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9)
        if last - first < most:
            return [float(np.round(n * step, 12 - int(exponent))) + 0.0 for n in np.arange(first, last + 1)]  # of -0.0 it makes 0.0
    raise AssertionError("a step of ten times the length divided by the number is long enough")


def _powers(low, high):
    return range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
