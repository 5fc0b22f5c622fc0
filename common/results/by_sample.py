"""The gradients of easy and hard samples, and of those that a network gets right and wrong: tables from arrays."""

import numpy as np
import pandas as pd

GROUPS = ("easy", "hard", "right", "wrong")


def tabulate(arrays, seeds):
    """A table of gradients by the logits, in groups of samples, each relative to before training.

    A sample is easy if the network has it right at the first stage after the start, and hard if not: a rule that does not look at what
    follows. It is right or wrong by the network of the stage.

    Args:
        arrays: those of a `LogitMonitor`, whose first stage is before training.
        seeds: of its members.

    Returns:
        DataFrame, a row per seed, stage and group: `seed`, `epoch`, `group`, one of `GROUPS`; `samples`, their share of all;
        `sample_grad_median`, the median over them of each one's gradient norm ÷ its own before training; `sample_grad_mean`, the sum of
        their norms ÷ that before training. NaN of no samples, and of norms that are not finite.
    """
    logits, norms = arrays["logits"], arrays["gradient_norm"].astype(np.float64)
    right = np.argmax(logits, axis=-1) == arrays["labels"]  # (stages, members, samples)
    easy = np.broadcast_to(right[min(1, len(right) - 1)], right.shape)
    start = np.broadcast_to(norms[0], norms.shape)
    rows = []
    for member, seed in enumerate(seeds):
        for stage, epoch in enumerate(arrays["epochs"].tolist()):
            at = stage, member
            for group, chosen in zip(GROUPS, (easy[at], ~easy[at], right[at], ~right[at]), strict=True):
                rows.append((seed, epoch, group, chosen.mean(), *_relative(norms[at][chosen], start[at][chosen])))
    return pd.DataFrame(rows, columns=["seed", "epoch", "group", "samples", "sample_grad_median", "sample_grad_mean"])


def _relative(norms, start):
    """The median of the ratios, and the ratio of the sums."""
    if not len(norms):
        return np.nan, np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.median(norms / start), norms.sum() / start.sum()


def measure_by_sample(table, keys):
    """The rest of the gradients of each run at its end.

    Args:
        table: `by_sample.csv`.
        keys: the columns that tell runs apart.

    Returns:
        DataFrame, indexed by `keys`: `easy_grad_left` and `hard_grad_left`, `sample_grad_median` of these groups at the end;
        `wrong_grad_left`, `sample_grad_mean` of the samples that are wrong, at the last stage at which some are.
    """
    of_group = dict(iter(table.groupby("group")))
    last = table["epoch"].max()
    measured = of_group["wrong"].dropna(subset="sample_grad_mean").sort_values("epoch").groupby(keys)["sample_grad_mean"].last()
    runs = {"wrong_grad_left": measured}
    for group in ("easy", "hard"):
        at_end = of_group[group][of_group[group]["epoch"] == last]
        runs[f"{group}_grad_left"] = at_end.set_index(keys)["sample_grad_median"]
    return pd.DataFrame(runs)
