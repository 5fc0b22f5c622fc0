"""The numbers behind figures and their findings: tables and arrays in, numbers out."""

import numpy as np


def last_on_order(on):
    """The order of units by the epoch at which they last were on, then by their share at the end.

    Args:
        on: array `(epochs, units)`, the share of samples that switch a unit on.

    Returns:
        The indices of the units, array `(units,)`.

    Example:

    ```python
    last_on_order(np.array([[0.5, 0.5, 0.0], [0.5, 0.0, 0.0]]))    # array([2, 1, 0]): never on, on at first, on at the end
    ```
    """
    last_on = ((on > 0) * np.arange(1, len(on) + 1)[:, None]).max(axis=0)
    return np.lexsort((on[-1], last_on))


def unit_fates(units):
    """`(ever, back, last)` of rows of `units.csv`: how many units were ever off, came on again, and are off at the end."""
    return int((units["off_epochs"] > 0).sum()), int((units["revivals"] > 0).sum()), int(units["off_at_end"].sum())


def true_class(arrays):
    """A boolean array `(seeds, samples, classes)`, true for the logits of `logits.npz` that belong to the true class."""
    shape = arrays["logits"].shape[1:]
    return np.broadcast_to(np.arange(shape[-1]) == arrays["labels"][..., None], shape)


def logit_margin(logits, is_true):
    """Mean logit of the true class minus mean logit of the others; both arrays are `(seeds, samples, classes)`."""
    return logits[is_true].mean(dtype=np.float64) - logits[~is_true].mean(dtype=np.float64)


def relative_gradients(arrays):
    """Gradient norms of `logits.npz`, relative to the median of the run before training: array `(stages, seeds, samples)`."""
    norms = arrays["gradient_norm"].astype("float64")
    return norms / np.median(norms[0], axis=-1, keepdims=True)


def misclassified(arrays):
    """A boolean array `(stages, seeds, samples)`, true for the misclassified samples of `logits.npz`."""
    return arrays["logits"].argmax(axis=-1) != arrays["labels"]


def vanished_share(relative, wrong, threshold):
    """Share of all samples that are misclassified with a relative gradient below a threshold; NaN if a run has diverged."""
    return (wrong & (relative < threshold)).mean() if np.isfinite(relative).all() else np.nan


def second_class_probability(logits):
    """Probability of the second of two classes; `logits` is `(..., 2)`, the result `(...)`."""
    # Clipped: a difference of logits that is too large for exp is certainty.
    return 1 / (1 + np.exp(np.clip(logits[..., 0] - logits[..., 1], -80, 80)))


def agreement(probability):
    """Share of runs that agree with the majority at each point, from 0.5 to 1; NaN if a run has diverged.

    Args:
        probability: of one of two classes, array `(runs, ...)`.

    Returns:
        An array of shape `(...)`.
    """
    votes = np.where(np.isfinite(probability), probability > 0.5, np.nan).mean(axis=0)
    return np.maximum(votes, 1 - votes)


def unanimous_share(agreed):
    """Share of points at which all runs agree, from the `agreement` at each; NaN if a run has diverged."""
    return np.nan if np.isnan(agreed).any() else np.mean(agreed == 1)


def relative_to_first(table, column, keys):
    """A column relative to its value at each run's first epoch, a Series with the table's index.

    Args:
        table: a table with a row per run and epoch.
        column: name of the column.
        keys: names of the columns that tell what has a first value of its own, besides `seed`.

    Example:

    ```python
    relative_to_first(layers, "grad_norm", ["loss", "layer"])
    ```
    """
    ordered = table.sort_values("epoch", kind="stable")
    first = ordered.groupby([*keys, "seed"])[column].transform(lambda values: values.iloc[0])
    return ordered[column].div(first).reindex(table.index)


def decades_apart(one, other):
    """The distance of two curves: the median over epochs of |log10 of their ratio|, mean over seeds.

    Args:
        one, other: positive arrays or tables `(seeds, epochs)`, whose seeds are the same.

    Example:

    ```python
    decades_apart([[1.0, 1.0, 1.0]], [[10.0, 10.0, 1.0]])  # 1.0
    ```
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        distances = np.abs(np.log10(np.asarray(one, dtype=float) / np.asarray(other, dtype=float)))
    return float(np.median(np.where(np.isnan(distances), np.inf, distances), axis=1).mean())
