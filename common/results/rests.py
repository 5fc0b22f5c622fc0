"""Times at which a run gets somewhere, and the level at which it rests meanwhile: one row per run."""

from common.experiment import Measure
from common.lazy import LazyModule

pd = LazyModule("pandas")
TRAIN_TARGET = 0.9
AT_EPOCHS = (50, 150)
REST = 40, 80  # first and last epoch
MEASURES = (
    Measure("epochs_to_90_train", "first epoch with 90 % training accuracy", "epochs", "linear", "never"),
    *(Measure(f"train_loss_{epoch}", f"training loss after epoch {epoch}", missing="not measured") for epoch in AT_EPOCHS),
    Measure("rest_loss", f"mean training loss of epochs {REST[0]} to {REST[1]}", missing="not measured"),
    Measure("smallest_grad_epoch", "epoch with the smallest gradient norm", "epochs", "linear", "never"),
)


def measure_rests(history, keys):
    """Measures of each run, for summary.csv.

    Args:
        history: `history.csv`.
        keys: the columns that tell runs apart.

    Returns:
        DataFrame with `keys` as index: `epochs_to_90_train`, the first epoch with a training accuracy of 90 %, NaN if none;
        `train_loss_50`, `train_loss_150`, the training loss after these epochs, NaN if there were fewer; `rest_loss`, its mean over epochs
        40 to 80;
        `smallest_grad_epoch`, in which the gradient norm of the training batches is smallest, NaN of a run that diverged.
    """
    runs = history[keys].drop_duplicates().set_index(keys)
    of_run = [history[key] for key in keys]
    runs["epochs_to_90_train"] = history["epoch"].where(history["train_accuracy"] >= TRAIN_TARGET - 1e-6).groupby(of_run).min()
    for epoch in AT_EPOCHS:
        runs[f"train_loss_{epoch}"] = history[history["epoch"] == epoch].set_index(keys)["train_loss"]
    rest = history[history["epoch"].between(*REST)]
    runs["rest_loss"] = rest.groupby(keys)["train_loss"].agg(lambda losses: losses.mean(skipna=False))
    finite = history["train_grad_norm"].groupby(of_run).transform(lambda norms: norms.notna().all())
    known = history[finite.astype(bool)]
    smallest = known.loc[known.groupby(keys)["train_grad_norm"].idxmin()] if len(known) else known
    runs["smallest_grad_epoch"] = smallest.set_index(keys)["epoch"].astype(float)
    return runs
