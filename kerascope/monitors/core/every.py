"""The times at which a monitor measures."""

import numbers
import re
from collections.abc import Collection


def parse_every(every):
    """The epochs and the steps of an argument `every`.

    Args:
        every: an integer, a collection of epochs, or `"100 steps"`.

    Returns:
        The interval in epochs, int, or the epochs, frozenset, or None for steps; and the interval in steps, or None for epochs.

    Raises:
        ValueError: if it is none of these.
    """
    steps = re.fullmatch(r"([1-9]\d*) steps?", every) if isinstance(every, str) else None
    if steps:
        return None, int(steps[1])
    periodic = isinstance(every, numbers.Integral)
    epochs = [every] if periodic else list(every) if isinstance(every, Collection) and not isinstance(every, str) else []
    minimum = 1 if periodic else 0
    if not epochs or not all(isinstance(e, numbers.Integral) and not isinstance(e, bool) and e >= minimum for e in epochs):
        raise ValueError(f'every must be an integer of at least 1, a collection of epochs, or "100 steps", got {every!r}')
    return every if periodic else frozenset(every), None
