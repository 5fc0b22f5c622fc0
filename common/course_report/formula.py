"""The report's formula for the gradient of MSE on softmax outputs by the logits, beside the gradient, sample by sample.

The report writes (p - y) p (1 - p), the diagonal of the softmax Jacobian alone. The gradient of (1 / K) sum_k (p_k - y_k)^2 by logit j is
(2 / K) p_j ((p_j - y_j) - sum_k p_k (p_k - y_k)). With the same factor 2 / K, the formula is half of it for two classes, 1 - 1 / K of it
where all classes have the same probability, and another direction elsewhere.
"""

import numpy as np
import pandas as pd

from common import stats
from common.data import label
from common.experiment.formatting import percent

COLUMNS = ["norm_ratio", "cosine"]


def gradient(p, y):
    """The gradient of the mean over classes of (p - y)^2 by the logits; `p`, probabilities, and `y`, one-hot, are `(..., classes)`."""
    wrong = p - y
    return 2 / p.shape[-1] * p * (wrong - (p * wrong).sum(axis=-1, keepdims=True))


def of_the_report(p, y):
    """The report's formula, with the factor 2 / classes that it leaves out."""
    return 2 / p.shape[-1] * (p - y) * p * (1 - p)


def compare(arrays):
    """The formula beside the gradient in the runs of an arm.

    Args:
        arrays: those of `logits.npz`.

    Returns:
        DataFrame with a row per stage and run, in that order, and the columns `epoch`, `run` (its position), and medians over samples:
        `norm_ratio`, the norm of the formula over that of the gradient, and `cosine` of the angle between them. NaN of a run that diverged.
    """
    logits = arrays["logits"].astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = np.exp(logits - logits.max(axis=-1, keepdims=True))
        p /= p.sum(axis=-1, keepdims=True)
        y = np.broadcast_to(arrays["labels"][..., None] == np.arange(p.shape[-1]), p.shape[1:])
        true, theirs = gradient(p, y), of_the_report(p, y)
        norms = [np.linalg.norm(one, axis=-1) for one in (theirs, true)]
        measured = {"norm_ratio": norms[0] / norms[1], "cosine": (true * theirs).sum(axis=-1) / (norms[0] * norms[1])}
    stages, runs = logits.shape[:2]
    places = {"epoch": np.repeat(arrays["epochs"], runs), "run": np.tile(np.arange(runs), stages)}
    return pd.DataFrame({**places, **{name: np.median(values, axis=-1).ravel() for name, values in measured.items()}})


def tabulate(results):
    """`formula.csv`: dataset, the arm's columns, seed, and the columns of `compare`, of the arms with MSE on softmax; `results` are the
    `Results`."""
    found = []
    for cell in results.cells:
        if cell["loss"] == "mse_softmax":
            rows = compare(results.arrays("logits", cell))
            keys = {"dataset": cell.dataset, **{name: cell[name] for name in results.experiment.arm_columns}}
            found.append(rows.assign(**keys, seed=np.array(cell.seeds)[rows["run"]])[[*keys, "seed", "epoch", *COLUMNS]])
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=["dataset", "seed", "epoch", *COLUMNS])


def in_words(table, corrections):
    """The error of the formula at each stage, in a sentence for each dataset.

    Args:
        table: `formula.csv`.
        corrections: `{dataset: correction}`, see `Results.correction`.
    """
    lines = []
    for dataset, rows in table.groupby("dataset", sort=False):
        stages = []
        for epoch, runs in rows.groupby("epoch"):
            ratio, cosine = (
                stats.describe(runs[name], kind, corrections[dataset]) for name, kind in (("norm_ratio", "log"), ("cosine", "linear"))
            )
            when = f"after {epoch} epochs" if epoch else "before training"
            stages.append(f"{percent(ratio.location)} of its length at a cosine of {cosine.location:.3f} {when}")
        lines.append(f"{label(dataset)}, the median sample: {', '.join(stages)}.")
    return lines
