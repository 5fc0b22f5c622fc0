"""Many cells, one after another: only those not done yet, each safe on disk before the next begins."""

import traceback

from common import cells as cells_on_disk
from common import devices
from common.progress import SweepProgress


def run(cells, experiment, data, root, fresh=False, quiet=False, tensorboard=False, strategy="auto", log=print):
    """Train the cells that are not on disk yet.

    Args:
        cells: list of `Cell`.
        experiment: their `Experiment`.
        data: `{dataset: ((x_train, y_train), (x_test, y_test))}`.
        root: the output folder.
        fresh: train all, whatever is on disk.
        quiet: show no progress.
        tensorboard: also write TensorBoard logs.
        strategy: how to use the devices, see `devices.start`.
        log: function that takes one line for the user.

    Returns:
        The cells whose training failed.

    Raises:
        BadInput: if a folder on disk cannot be trusted.
        OSError: if a folder cannot be written.
    """
    to_do = [cell for cell in cells if fresh or not cells_on_disk.is_done(cell, root)]
    if not to_do:
        return []
    seconds = {cell.id: cell.seconds_expected(*data[cell.dataset][0][0].shape) for cell in to_do}
    failed = []
    with SweepProgress(len(to_do), sum(seconds.values()), quiet) as progress:
        scope, device = devices.start(strategy)
        from common.stack_pool import StackPool  # which imports TensorFlow, now that it has been started quietly

        pool = StackPool()
        for cell in to_do:
            progress.cell(experiment.label(cell), cell.epochs, seconds[cell.id])
            callbacks = [_progress_callback(progress)]
            if tensorboard:
                callbacks.append(_tensorboard_callback(cell, root))
            try:
                cells_on_disk.train(cell, experiment, data[cell.dataset], root, pool, scope, device, callbacks)
            except OSError:
                raise
            except Exception:
                failed.append(cell)
                log(f"{experiment.label(cell)} failed; the other cells go on. What happened:\n{traceback.format_exc()}")
            progress.cell_done()
    return failed


def _progress_callback(progress):
    import keras

    def on_epoch_end(epoch, logs):
        progress.epoch(epoch + 1, logs["loss"], logs["val_accuracy"])

    return keras.callbacks.LambdaCallback(on_epoch_end=on_epoch_end)


def _tensorboard_callback(cell, root):
    import keras

    # The graph of a SeedStack is no layer diagram, and its profile is one step an epoch: neither is worth its space.
    return keras.callbacks.TensorBoard(str(cell.folder(root).parents[1] / "tensorboard" / cell.id), write_graph=False)
