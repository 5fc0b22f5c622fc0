"""Quantity: the description of a measured column."""

from typing import NamedTuple


class Quantity(NamedTuple):
    """The description of a column that a monitor measures, for tables and figures.

    Example:

    ```python
    for quantity in GradientMonitor.quantities:
        print(quantity.name, quantity.label, quantity.unit)
    ```

    Args:
        name: the column of `frame()`, and the first part of the key in `logs`.
        label: a few words for an axis or a heading.
        unit: `"1"` for a ratio, `"share"` for a fraction from 0 to 1, `"loss"`, `"epochs"`, or other words; `""` for a truth value.
            Defaults to `"1"`.
        scale: of an axis: `"linear"`, `"log"` or `"percent"`. Defaults to `"linear"`.
        missing: the meaning of NaN. `"not measured"`: there is nothing to measure, as the saturation of ReLU. `"unknown"`: a share or an
            accuracy of a network that is not finite. `"infinite"`: a loss, norm or gradient that overflowed. `"never"`: an event that
            did not occur. Defaults to `"infinite"`.
    """

    name: str
    label: str
    unit: str = "1"
    scale: str = "linear"
    missing: str = "infinite"
