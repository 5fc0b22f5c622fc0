"""Times of things that run beside each other: timings on a shared machine wander, ratios of neighbours wander less."""

import time

import numpy as np


def alternate(functions, rounds):
    """Call the functions in turn, again and again, in changing order.

    Args:
        functions: `{name: function without arguments}`.
        rounds: how often each is called.

    Returns:
        `{name: float64 (rounds,)}`, seconds.
    """
    seconds = {name: [] for name in functions}
    for number in range(rounds):
        names = list(functions) if number % 2 == 0 else list(functions)[::-1]
        for name in names:
            began = time.perf_counter()
            functions[name]()
            seconds[name].append(time.perf_counter() - began)
    return {name: np.array(values) for name, values in seconds.items()}


def median_ratio(ours, theirs):
    """The median of the ratios of neighbours."""
    return float(np.median(ours / theirs))
