"""Making tables, and reading the frames of monitors, of ordinary models and of stacks alike."""

import pandas as pd


def every(**levels):
    """A table with a row for every combination of the columns' values, the last changing fastest."""
    return pd.MultiIndex.from_product(levels.values(), names=levels).to_frame(index=False)


def columns(monitor):
    """The measured columns of a monitor's frame."""
    return [quantity.name for quantity in monitor.quantities]


def of_seed(frame, seed):
    """The rows of a seed; all rows of an ordinary model."""
    return frame[frame["seed"] == seed] if "seed" in frame else frame
