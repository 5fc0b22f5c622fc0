"""Measures of a run that controls need: what an intervention in mid-training does, and where a training stopped earlier would have ended.

Both are measured in all runs alike, so that runs without an intervention are there to compare with.
"""

import math

import numpy as np
import pandas as pd

from common.results.summary import ROUNDING

MIDDLE = 0.5  # share of the epochs after which controls intervene
BACK = 0.005  # so close to what it was, an accuracy is back: half a point, as elsewhere
SURGE_EPOCHS = 5  # in which a loss has time to rise; after that it may have come down again


def middle_of(epochs):
    """The epoch after which controls intervene, of a training of so many epochs."""
    return math.ceil(MIDDLE * epochs)


def after_the_middle(history):
    """The measures of what an intervention in mid-training does to a run.

    Args:
        history: DataFrame with the columns of `history.csv`, one row per epoch, in order, of one run.

    Returns:
        A dict: `accuracy_dip`, the test accuracy at the middle less the lowest after it; `epochs_to_recover`, the first epoch after the
        middle, counted from it, in which test accuracy is back, to half a point, NaN if there is none; `loss_surge`, the highest training
        loss of the next five epochs over that at the middle, infinite if one is not finite. All NaN where nothing follows the middle.
    """
    accuracy, loss = history["test_accuracy"].to_numpy(), history["train_loss"].to_numpy()
    middle = middle_of(len(history))
    before, after = accuracy[middle - 1], accuracy[middle:]
    if not len(after):
        return dict.fromkeys(("accuracy_dip", "epochs_to_recover", "loss_surge"), np.nan)
    back = after >= before - BACK - ROUNDING
    with np.errstate(divide="ignore", invalid="ignore"):
        surge = loss[middle : middle + SURGE_EPOCHS].max() / loss[middle - 1]
    return {
        "accuracy_dip": before - after.min(),
        "epochs_to_recover": float(back.argmax() + 1) if back.any() else np.nan,
        "loss_surge": surge if np.isfinite(surge) else np.inf,
    }


def stopped_at(history, budget):
    """The measures that a run would have ended with, had it been stopped when it had spent a sum of rates.

    Args:
        history: as for `after_the_middle`.
        budget: the sum of the learning rates of all epochs at which it is stopped, at the end of the epoch that comes nearest.

    Returns:
        A dict of `stopped_test_accuracy`, `stopped_test_loss` and `stopped_accuracy_gap`, defined as `final_test_accuracy`,
        `final_test_loss` and `accuracy_gap` of a run of which no more is known; NaN if the run never spends that much.
    """
    spent = history["learning_rate"].to_numpy(dtype=np.float64).cumsum()
    last = int(np.abs(spent - budget).argmin())
    names = [f"stopped_{name}" for name in ("test_accuracy", "test_loss", "accuracy_gap")]
    if not spent[-1] >= budget * (1 - ROUNDING):
        return dict.fromkeys(names, np.nan)
    at = history.iloc[last]
    values = at["test_accuracy"], at["test_loss"], at["train_accuracy"] - at["test_accuracy"]
    return dict(zip(names, values, strict=True))


def by_run(history, keys, *measures):
    """Measures of all runs, a row per run: DataFrame with the columns `keys`, and those of the dicts that the functions `measures` return
    for the history of a run."""
    rows = []
    for key, run in history.groupby(keys, sort=False):
        of_run = dict(zip(keys, key, strict=True))
        rows.append({**of_run, **{name: value for measure in measures for name, value in measure(run).items()}})
    return pd.DataFrame(rows)
