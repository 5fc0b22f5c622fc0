"""From the history of runs to one row per run, and one row per cell."""

import numpy as np
import pandas as pd

from common.data import DATASETS
from common.results.course import LEAST_LOSS, course, fall
from common.stats import Described, Group, describe, share_interval

LATE_EPOCHS = 10
IDLE_ACCURACY = 0.005  # so close to its best, a test accuracy has risen as far as it will
CHANCE = 0.05  # so small a part of the way from chance to all right, a final accuracy is that of a network which has learnt nothing
# Accuracies are counts over at most some 10,000 samples, in float32: a value this close to a threshold is on it, as 266 of 300 is on 95 %
# of 280.
ROUNDING = 1e-6


def summarise_run(history, target_accuracy, chance=0.0):
    """The summary of one run.

    Args:
        history: DataFrame with the columns of `history.csv` from `epoch` on, one row per epoch, in order.
        target_accuracy: see `epochs_to_target`.
        chance: the accuracy of a guess. Defaults to 0.

    Returns:
        A dict with the names of `common.experiment.measures.SUMMARY`: those of `course`; final and best accuracies (fractions); minimum
        losses; `epochs_to_95pct`, the first epoch with at least 95 % of the run's own best test accuracy, NaN if it ends
        at chance or hardly above; `epochs_to_target`, the first with at
        least `target_accuracy`, NaN if none; `volatility`, the standard deviation of the last 10 test losses, and `trend`, their slope per
        epoch by least squares (NaN below two epochs); `oscillation`, the standard deviation about that line (NaN below three), and
        `relative_oscillation`, that divided by the mean of those losses; `idle_fall`, by how many powers of ten the training loss still
        falls, at its lowest, after test accuracy came within half a point of its best; `mean_grad_norm`, the mean of `train_grad_norm`;
        `diverged`, whether any loss is not finite.
    """
    test_accuracy = history["test_accuracy"].to_numpy()
    late = history["test_loss"].to_numpy()[-LATE_EPOCHS:]
    epochs, learnt = history["epoch"].to_numpy(), test_accuracy[-1] > chance + CHANCE * (1 - chance)
    with np.errstate(invalid="ignore"):
        return {
            "final_train_accuracy": history["train_accuracy"].iloc[-1],
            "final_test_accuracy": test_accuracy[-1],
            "best_test_accuracy": test_accuracy.max(),
            "min_train_loss": history["train_loss"].min(),
            "min_test_loss": history["test_loss"].min(),
            "epochs_to_95pct": _first(epochs, learnt & (test_accuracy >= 0.95 * test_accuracy.max() - ROUNDING)),
            "epochs_to_target": _first(epochs, test_accuracy >= target_accuracy - ROUNDING),
            "volatility": np.maximum(late.std(ddof=1), LEAST_LOSS * late.mean()) if len(late) > 1 else np.nan,
            "trend": _slope(late),
            **_oscillation(late),
            "idle_fall": _idle_fall(history["train_loss"].to_numpy(), test_accuracy),
            "mean_grad_norm": history["train_grad_norm"].mean(skipna=False),
            **course(history),
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
        {**dict(zip(keys, key, strict=True)), **summarise_run(run, DATASETS[key[0]].target_accuracy, 1 / DATASETS[key[0]].num_classes)}
        for key, run in history.groupby(keys, sort=False)
    ]
    return pd.DataFrame(rows)


def tabulate(summary, arm_columns, measures, corrections, epochs):
    """The tables of cells.

    Args:
        summary: `summary.csv`.
        arm_columns: the columns that tell arms apart.
        measures: `{column: Measure}`, whose kinds say how each is judged, see `common.stats.describe`.
        corrections: `{dataset: correction}`, see `Results.correction`.
        epochs: `{dataset: number of epochs}`.

    Returns:
        `(table, groups)`. `table.csv` has a row per cell; columns dataset, the arm's, n, and mean, sd, ci_low, ci_high of each measure:
        a geometric mean of positive quantities such as losses, a mean of times not later than the epoch after the last, a share of the runs
        for `diverged`; NaN of what no run has, where they fall into two groups. `groups.csv` has two rows for each such measure of a cell:
        `measure`, `location`, `low`, `high`, `runs`, `n`, `share`, `share_low`, `share_high`, see `common.stats.Group`.
    """
    *keys, _ = run_keys(arm_columns)
    names = [column for column in summary.columns if column not in run_keys(arm_columns)]
    rows, groups = [], []
    for key, runs in summary.groupby(keys, sort=False):
        of_cell = dict(zip(keys, key, strict=True))
        chance = 1 / DATASETS[key[0]].num_classes
        rows.append({**of_cell, "n": len(runs)})
        for name in names:
            described = described_runs(runs[name], measures[name].on(corrections[key[0]], chance), epochs[key[0]])
            numbers = (described.location, described.sd, described.low, described.high)
            rows[-1].update(zip((f"{name}_{part}" for part in ("mean", "sd", "ci_low", "ci_high")), numbers, strict=True))
            groups += [{**of_cell, "measure": name, **group._asdict()} for group in described.groups]
    return pd.DataFrame(rows), pd.DataFrame(groups, columns=[*keys, "measure", *Group._fields])


def described_runs(values, measure, epochs=None):
    """The `common.stats.Described` of runs; of an event, which a run has or has not, the share of the runs.

    Args:
        values: a value for each run.
        measure: the `Measure` on their dataset.
        epochs: number of epochs of a run, which times need. Defaults to None.
    """
    if measure.kind == "event":
        runs, n = int(values.sum()), len(values)
        return Described(runs / n, np.nan, *share_interval(runs, n, correction=measure.correction), "exact", ())
    return describe(measure.with_missing(values), measure.kind, measure.correction, measure.lowest, epochs=epochs)


def _first(epochs, condition):
    return epochs[condition.argmax()] if condition.any() else np.nan


def _oscillation(losses):
    """The spread of the losses about their trend, as it is and as a share of their mean."""
    if len(losses) < 3:
        return {"oscillation": np.nan, "relative_oscillation": np.nan}
    steps = np.arange(len(losses)) - (len(losses) - 1) / 2
    rest = losses - losses.mean() - _slope(losses) * steps
    oscillation = float(np.maximum(np.sqrt((rest @ rest) / (len(losses) - 2)), LEAST_LOSS * losses.mean()))  # less is rounding
    return {"oscillation": oscillation, "relative_oscillation": oscillation / float(losses.mean())}


def _idle_fall(losses, accuracy):
    return fall(losses[int((accuracy >= accuracy.max() - IDLE_ACCURACY - ROUNDING).argmax()) :])


def _slope(values):
    """Least-squares slope per step; NaN for one value, and where a value is not finite."""
    steps = np.arange(len(values)) - (len(values) - 1) / 2
    return float(steps @ values / (steps @ steps))
