"""The training of a cell, wherever it takes place: settings and arrays in, the contents of files out. Nothing here writes to the output
folder, so whoever asks for it need not share a disk with it."""

import io
import platform
import tempfile
import time
import warnings
from pathlib import Path

import keras
import numpy as np

from common.callbacks import build_monitors, records_of
from common.data import NUM_CLASSES
from common.devices import num_threads
from common.store import checkpoints, provenance
from common.store.layout import WEIGHTS
from common.store.tables import table_bytes, with_columns_in_front
from common.training.checkpoint import Checkpoint
from common.training.task import Outcome
from kerascope.monitors import MonitorWarning
from kerascope.seed_stack.metrics import accuracy_metric

OPERATIONS_PER_WEIGHT = 6  # and sample: a product and a sum, forward, and backward by inputs and by weights


def train(task, data, devices, pools, report):
    """Train a cell.

    Args:
        task: the `Task`.
        data: `(x_train, y_train), (x_test, y_test)`.
        devices: the `Devices`.
        pools: `{what it trains on: StackPool}`.
        report: see `Workplace.perform`.

    Returns:
        An `Outcome`.
    """
    cell, experiment, (x, y) = task.cell, task.experiment, data[0]
    began = time.time()

    def build():
        return experiment.build_model(cell, x.shape[1], NUM_CLASSES[cell.dataset])

    scope, device = devices.choose(
        lambda: OPERATIONS_PER_WEIGHT * build().count_params() * cell.batch_size * len(cell.seeds),
    )
    checkpoint = Checkpoint(
        task.checkpoint,
        checkpoints.origin(cell),
        task.every,
        keep=lambda state: report(device, None, None, None, checkpoint=state),
        deadline=task.deadline,
    )
    report(device, checkpoint.epoch, None, None)  # before anything that may end this process
    with scope():
        stack = pools[device].stack(
            build,
            cell.seeds,
            experiment.build_optimizer(cell, steps_per_epoch=-(-len(x) // cell.batch_size)),
            experiment.build_loss(cell),
            [accuracy_metric(), *experiment.build_metrics(cell)],
        )
    monitors = build_monitors(experiment, cell, data)
    checkpoint.monitors = {name: monitor for name, monitor in monitors.items() if hasattr(monitor, "get_state")}
    ends = []
    with warnings.catch_warnings():
        warnings.simplefilter("error", MonitorWarning)  # a cell without one of its measurements has failed
        stack.fit(
            x,
            y,
            batch_size=cell.batch_size,
            epochs=cell.epochs,
            validation_data=data[1],
            verbose=0,
            callbacks=[*monitors.values(), *_reporting(report, device, task.tensorboard, ends), checkpoint],
        )
    if checkpoint.saved is not None:
        return Outcome(cell, checkpoint=checkpoint.saved)
    tables, arrays = records_of(monitors)
    notes = {
        "device": device,
        "host": platform.node(),
        "seconds": round(checkpoint.seconds + time.time() - began, 3),
        "seconds_per_epoch": float(np.median(np.diff(ends))) if len(ends) > 1 else None,
        "python": platform.python_version(),
        "versions": provenance.versions(),
        "threads": num_threads(),
        "deterministic": devices.deterministic,
    }
    return Outcome(cell, _contents(cell, {"history": stack.frame(), **tables}, arrays, stack), notes)


def _reporting(report, device, tensorboard, ends):
    """Callbacks that tell of the epochs: to `report`, to TensorBoard, and into the list `ends`, in seconds since the epoch."""

    def on_epoch_end(epoch, logs):
        ends.append(time.time())
        report(device, epoch + 1, logs["loss"], logs["val_accuracy"])

    callbacks = [keras.callbacks.LambdaCallback(on_epoch_end=on_epoch_end)]
    if tensorboard is not None:
        # The graph of a SeedStack is no layer diagram, and its profile is one step an epoch: neither is worth its space.
        callbacks.append(keras.callbacks.TensorBoard(tensorboard, write_graph=False))
    return callbacks


def _contents(cell, tables, arrays, stack):
    """The files of the cell's folder, but for cell.json: `{name: bytes}`."""
    files = {}
    for name, table in tables.items():
        files[f"{name}.csv"] = table_bytes(with_columns_in_front(table, {"dataset": cell.dataset, **cell.arm}))
    for name, of_monitor in arrays.items():
        content = io.BytesIO()
        np.savez_compressed(content, **of_monitor)
        files[f"{name}.npz"] = content.getvalue()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / WEIGHTS
        stack.save_weights(path)
        files[WEIGHTS] = path.read_bytes()
    return files
