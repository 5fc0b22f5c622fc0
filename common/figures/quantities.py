"""The numbers behind figures and their findings: tables and arrays in, numbers out."""

import numpy as np

from common.experiment import formatting
from common.experiment.measures import LOG_FLOOR
from common.stats import describe


def mean_by_arm(rows, keys, column, kind):
    """Mean over the runs of each arm, as tables have it.

    Args:
        rows: a table with one row per run.
        keys: names of the columns that tell arms apart.
        column: name of the column that is averaged.
        kind: of its values, see `common.stats.KINDS`.

    Returns:
        `{arm in words: mean}`, NaN where a run has no value, and where runs fall into two groups, so that none has the mean.
    """
    means = rows.groupby(list(keys), sort=False)[column].agg(lambda values: _mean(values, kind))
    return {formatting.arm(keys, arm if isinstance(arm, tuple) else (arm,)): value for arm, value in means.items()}


def _mean(values, kind):
    return describe(values, kind).location if np.isfinite(values).all() else np.nan


def arms_in_two_groups(rows, keys, column, kind):
    """The arms, in words, whose runs fall into two groups; arguments as those of `mean_by_arm`."""
    split = rows.groupby(list(keys), sort=False)[column].agg(lambda values: bool(describe(values, kind).groups))
    return [formatting.arm(keys, arm if isinstance(arm, tuple) else (arm,)) for arm, is_split in split.items() if is_split]


def last_by_layer(rows, measure):
    """`{layer: mean over runs}` of a `Measure` of `layers.csv` after the last epoch, see `layer_image`."""
    return _mean_over_runs(rows[rows["epoch"] == rows["epoch"].max()], measure, ["layer"]).to_dict()


def diverged_runs(history, keys):
    """`(diverged, all)`: numbers of runs of `history.csv`; a run with a loss that is not finite has diverged."""
    finite = np.isfinite(history[["train_loss", "test_loss"]]).all(axis=1)
    runs = finite.groupby([history[key] for key in [*keys, "seed"]]).all()
    return int((~runs).sum()), len(runs)


def layer_image(rows, measure, layers):
    """A `Measure` of `layers.csv` as a DataFrame: a row per layer, a column per epoch, means over the runs that have a value, geometric
    ones of what has a log scale."""
    return _mean_over_runs(rows, measure, ["layer", "epoch"]).unstack().loc[layers]


def _mean_over_runs(rows, measure, keys):
    if measure.kind != "log":
        return rows.groupby(keys, sort=False)[measure.name].mean()
    logs = np.log(rows[measure.name].clip(lower=LOG_FLOOR))
    return np.exp(logs.groupby([rows[key] for key in keys], sort=False).mean())


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


def fullest_bin(counts, edges):
    """`(share of all values, lower edge, upper edge)` of the bin with most values; `counts` `(bins,)`, `edges` `(bins + 1,)`."""
    fullest = int(counts.argmax())
    return counts.max() / max(counts.sum(), 1), edges[fullest], edges[fullest + 1]


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


def nearest_to_limit(table):
    """The row of `sharpness.csv` whose sharpness is the largest share of its limit, with that `share`; None if no row has a limit."""
    table = table.assign(share=table["sharpness"] / table["stability_limit"])
    return table.loc[table["share"].idxmax()] if table["share"].notna().any() else None
