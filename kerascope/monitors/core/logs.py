"""The choice of the values that enter Keras's `logs`."""

import re
from fnmatch import fnmatchcase

import numpy as np


class LogKeys:
    """The keys that a monitor writes into `logs`.

    Args:
        logs: see `QuantityMonitor`.
        quantities: names of the quantities.

    Raises:
        ValueError: for a pattern that can match no key, whatever the names of the layers.
    """

    def __init__(self, logs, quantities):
        self.quantities = quantities
        self.scopes = {None: ("model",), True: ("model", "layer")}.get(logs, ()) if logs is None or isinstance(logs, bool) else ()
        self.patterns = () if logs is None or isinstance(logs, bool) else (logs,) if isinstance(logs, str) else tuple(logs)
        for pattern in self.patterns:
            # A pattern's beginning, up to a slash or with an asterisk, can match a quantity, and its rest a layer.
            beginnings = [pattern, *(pattern[: found.end()].rstrip("/") for found in re.finditer(r"[/*]", pattern))]
            if not any(fnmatchcase(quantity, beginning) for quantity in quantities for beginning in beginnings):
                raise ValueError(f'logs={pattern!r} matches no quantity; keys are "<quantity>/<layer>" with {", ".join(quantities)}')

    def choose(self, names):
        """The chosen keys of all rows: `{scope: [(row, quantity, key), ...]}`, positions and name.

        A pattern that matches the key of a layer does not stand for the layer's single weights.

        Args:
            names: `{scope: tuples of names, one a row}`.
        """
        chosen = {}
        for scope, rows in names.items():
            for row, name in enumerate(rows):
                for i, quantity in enumerate(self.quantities):
                    if scope in self.scopes or any(self._means(pattern, quantity, name) for pattern in self.patterns):
                        chosen.setdefault(scope, []).append((row, i, "/".join([quantity, *name])))
        return chosen

    def require_matches(self, names):
        """Raise ValueError if a pattern matches none of the keys."""
        rows = [name for of_scope in names.values() for name in of_scope]
        for pattern in self.patterns:
            if not any(self._means(pattern, quantity, name) for quantity in self.quantities for name in rows):
                paths = dict.fromkeys("/".join(name) for name in rows if name)
                raise ValueError(f"logs={pattern!r} matches no key <quantity>/<layer>; the layers are {', '.join(paths) or 'not measured'}")

    @staticmethod
    def _means(pattern, quantity, name):
        key = "/".join([quantity, *name])
        if len(name) == 2 and fnmatchcase(f"{quantity}/{name[0]}", pattern):
            return False
        return fnmatchcase(key, pattern)


def mean_over_members(values, model):
    """The mean of values `(members, ...)` over the members that are being trained and whose value is finite; of all, if none is.

    Args:
        values: float array.
        model: the model, or None if it is gone.
    """
    training = getattr(model, "is_training", None)
    if training is not None and len(training) == len(values) and training.any():
        values = values[training]
    finite = np.isfinite(values)
    sums, counts = np.where(finite, values, 0).sum(axis=0, dtype="float64"), finite.sum(axis=0)
    return np.where(counts > 0, sums / np.maximum(counts, 1), values.mean(axis=0))
