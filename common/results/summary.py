"""From the history of runs to one row per run, and one row per cell."""

import numpy as np
import pandas as pd

from common.data import DATASETS
from common.stats import mean_interval

LATE_EPOCHS = 10
IDLE_ACCURACY = 0.005  # so close to its best, a test accuracy has risen as far as it will
LEAST_LOSS = 1e-7  # of a fall that counts: what float32 resolves beside 1
# Accuracies are counts over at most some 10,000 samples, in float32: a value this close to a threshold is on it, as 266 of 300 is on 95 %
# of 280.
ROUNDING = 1e-6


def summarise_run(history, target_accuracy):
    """The summary of one run.

    Args:
        history: DataFrame with the columns of `history.csv` from `epoch` on, one row per epoch, in order.
        target_accuracy: see `epochs_to_target`.

    Returns:
        A dict with the names of `common.experiment.measures.SUMMARY`: final and best accuracies (fractions); minimum losses;
        `epochs_to_95pct`, the first epoch with at least 95 % of the run's own best test accuracy; `epochs_to_target`, the first with at
        least `target_accuracy`, NaN if none; `volatility`, the standard deviation of the last 10 test losses, and `trend`, their slope per
        epoch by least squares (NaN below two epochs); `oscillation`, the standard deviation about that line (NaN below three), and
        `relative_oscillation`, that divided by the mean of those losses; `idle_fall`, by how many powers of ten the training loss still
        falls, at its lowest, after test accuracy came within half a point of its best; `mean_grad_norm`, the mean of `train_grad_norm`;
        `diverged`, whether any loss is not finite.
    """
    test_accuracy = history["test_accuracy"].to_numpy()
    late = history["test_loss"].to_numpy()[-LATE_EPOCHS:]
    epochs = history["epoch"].to_numpy()
    with np.errstate(invalid="ignore"):
        return {
            "final_train_accuracy": history["train_accuracy"].iloc[-1],
            "final_test_accuracy": test_accuracy[-1],
            "best_test_accuracy": test_accuracy.max(),
            "min_train_loss": history["train_loss"].min(),
            "min_test_loss": history["test_loss"].min(),
            "epochs_to_95pct": _first(epochs, test_accuracy >= 0.95 * test_accuracy.max() - ROUNDING),
            "epochs_to_target": _first(epochs, test_accuracy >= target_accuracy - ROUNDING),
            "volatility": late.std(ddof=1) if len(late) > 1 else np.nan,
            "trend": _slope(late),
            **_oscillation(late),
            "idle_fall": _idle_fall(history["train_loss"].to_numpy(), test_accuracy),
            "mean_grad_norm": history["train_grad_norm"].mean(skipna=False),
            "diverged": not np.isfinite(history[["train_loss", "test_loss"]]).to_numpy().all(),
        }


def run_keys(arm_columns):
    """The columns that tell runs apart."""
    return ["dataset", *arm_columns, "seed"]


def last_epoch(table):
    """The rows of a table's last epoch. (pandas' `groupby().last()` would pass over what is NaN in them.)"""
    return table[table["epoch"] == table["epoch"].max()]


def mean_of_all(values):
    """The mean of a Series, NaN if any of them is."""
    return values.mean(skipna=False)


def summarise(history, arm_columns):
    """`summary.csv`: one row per run, in the order of `history`; columns dataset, the arm's, seed, and the measures."""
    keys = run_keys(arm_columns)
    rows = [
        {**dict(zip(keys, key, strict=True)), **summarise_run(run, DATASETS[key[0]].target_accuracy)}
        for key, run in history.groupby(keys, sort=False)
    ]
    return pd.DataFrame(rows)


def tabulate(summary, arm_columns):
    """`table.csv`: one row per cell; columns dataset, the arm's, n, and mean, sd, ci_low, ci_high of each measure of `summary`.

    A mean over runs of which one has no value (a target never reached, a loss that is not finite) has none either; `diverged` is the share
    of runs.
    """
    *keys, _ = run_keys(arm_columns)
    measures = [column for column in summary.columns if column not in run_keys(arm_columns)]
    rows = []
    for key, runs in summary.groupby(keys, sort=False):
        row = {**dict(zip(keys, key, strict=True)), "n": len(runs)}
        for measure in measures:
            interval = mean_interval(runs[measure].astype("float64"))
            row.update(zip((f"{measure}_{part}" for part in ("mean", "sd", "ci_low", "ci_high")), map(float, interval), strict=True))
        rows.append(row)
    return pd.DataFrame(rows)


def _first(epochs, condition):
    return epochs[condition.argmax()] if condition.any() else np.nan


def _oscillation(losses):
    """The spread of the losses about their trend, as it is and as a share of their mean."""
    if len(losses) < 3:
        return {"oscillation": np.nan, "relative_oscillation": np.nan}
    steps = np.arange(len(losses)) - (len(losses) - 1) / 2
    rest = losses - losses.mean() - _slope(losses) * steps
    oscillation = float(np.sqrt((rest @ rest) / (len(losses) - 2)))
    return {"oscillation": oscillation, "relative_oscillation": oscillation / float(losses.mean())}


def _idle_fall(losses, accuracy):
    reached = int((accuracy >= accuracy.max() - IDLE_ACCURACY - ROUNDING).argmax())
    later = np.maximum(losses[reached:], LEAST_LOSS)
    later = later[np.isfinite(later)]
    return float(np.log10(later[0] / later.min())) if len(later) else 0.0


def _slope(values):
    """Least-squares slope per step; NaN for one value, and where a value is not finite."""
    steps = np.arange(len(values)) - (len(values) - 1) / 2
    return float(steps @ values / (steps @ steps))
