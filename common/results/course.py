"""The course of a run: how fast it learns at first, how far its loss falls late, and how much it rises on the way."""

import numpy as np

from common.experiment.measures import SMOOTHING_EPOCHS

EARLY_EPOCHS = 5  # over which early learning is measured
FIRST_EPOCHS = 10  # over which early rises are measured
FIRST_PART = 0.2  # of the epochs, after which a fall is late
LEAST_RISE = 1e-4  # of a loss, as a share of it
LEAST_LOSS = 1e-7  # of a fall that counts: what float32 resolves beside 1


def course(history):
    """Measures of the course of a run.

    Args:
        history: DataFrame with the columns of `history.csv` from `epoch` on, one row per epoch, in order.

    Returns:
        A dict with the names of `common.experiment.measures.COURSE`. `early_train_accuracy` is the mean training accuracy over the first 5
        epochs; since an epoch's is the mean over its steps, it is the area under the accuracy as a function of the step, over their
        number. `late_fall`: powers of ten by which the training loss falls, at its lowest, after the first fifth of the epochs.
        `late_gain`: test accuracy gained in the second half. `accuracy_gap`: training less test accuracy at the end. `test_loss_rise`: the
        last test loss over the lowest, 1 where it is higher by less than a ten-thousandth. `accuracy_falls`: training accuracy lost from
        one epoch to the next, mean over epochs, 0 where it rises. `loss_rises`, `early_loss_rises`, `smoothed_loss_rises`: see `rises`, of
        the training loss, of its first 10 epochs, and of its moving average over 5 epochs. `first_grad_norm_fall`: the gradient norm of
        the first epoch over that of the tenth; `later_grad_norm_fall`: that over the last; 0 if the gradient is not finite in the end, NaN
        if it is not finite throughout.
    """
    train, test = history["train_loss"].to_numpy(), history["test_loss"].to_numpy()
    train_accuracy, test_accuracy = history["train_accuracy"].to_numpy(), history["test_accuracy"].to_numpy()
    epochs, norms = len(history), history["train_grad_norm"].fillna(np.inf).to_numpy()  # of a run that diverged it has not vanished
    tenth = min(FIRST_EPOCHS, epochs) - 1
    smoothed = np.convolve(train, np.ones(SMOOTHING_EPOCHS) / SMOOTHING_EPOCHS, "valid") if epochs >= SMOOTHING_EPOCHS else train[:0]
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "final_train_loss": train[-1],
            "final_test_loss": test[-1],
            "early_train_accuracy": train_accuracy[:EARLY_EPOCHS].mean(),
            "late_fall": fall(train[int(FIRST_PART * epochs) :]),
            "late_gain": test_accuracy[-1] - test_accuracy[(epochs - 1) // 2],
            "accuracy_gap": train_accuracy[-1] - test_accuracy[-1],
            "test_loss_rise": _resolved(test[-1] / test.min()),
            "accuracy_falls": np.maximum(-np.diff(train_accuracy), 0).mean() if epochs > 1 else np.nan,
            "loss_rises": rises(train),
            "early_loss_rises": rises(train[:FIRST_EPOCHS]),
            "smoothed_loss_rises": rises(smoothed),
            "first_grad_norm_fall": norms[0] / norms[tenth],
            "later_grad_norm_fall": norms[tenth] / norms[-1],
        }


def fall(losses):
    """Powers of ten from the first of some losses to their lowest finite one, from the first finite one on; 0 if none is."""
    losses = np.maximum(losses, LEAST_LOSS)
    losses = losses[np.isfinite(losses)]
    return float(np.log10(losses[0] / losses.min())) if len(losses) else 0.0


def rises(losses):
    """Powers of ten by which losses rise from one to the next, all rises together; 0 of losses that only fall, however they bend. Infinite
    if a loss is not finite, NaN of fewer than two.

    Example:

    ```python
    rises(np.array([1.0, 0.1, 0.2, 0.05, 0.1]))  # 0.602: twice the logarithm of 2
    ```
    """
    if len(losses) < 2:
        return np.nan
    if not np.isfinite(losses).all():
        return np.inf
    return float(np.maximum(np.diff(np.log10(np.maximum(losses, LEAST_LOSS))), 0).sum())


def _resolved(ratio):
    """A ratio of 1 or more; 1 where it is more by less than counts."""
    return 1.0 if ratio < 1 + LEAST_RISE else ratio
