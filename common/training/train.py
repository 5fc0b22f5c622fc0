"""The training of a cell: settings and arrays in, the contents of files out. Nothing here writes to the output folder, so a cell may be
trained by a machine that shares no disk with the one that asked for it."""

import io
import platform
import tempfile
import time
import warnings
from pathlib import Path

import keras
import numpy as np

from common.callbacks import build_monitors, records_of
from common.data import DATASETS, CellSamples
from common.devices import num_threads
from common.experiment.measures import left_empty
from common.store import checkpoints, provenance
from common.store.layout import WEIGHTS
from common.store.tables import table_bytes
from common.training.checkpoint import Checkpoint
from common.training.correctness import correctness
from common.training.events import EpochDone, Started, StateSaved
from common.training.task import Outcome
from kerascope.monitors import MonitorWarning, PredictionMonitor, RewindMonitor, SummaryWriter
from kerascope.seed_stack import StackWarning
from kerascope.seed_stack.metrics import accuracy_metric

OPERATIONS_PER_WEIGHT = 6  # and sample: a product and a sum, forward, and backward by inputs and by weights


class CellTraining:
    """The training of one cell; `run` trains it.

    Args:
        task, plan, emit: see `Trainer.train`.
        devices: the `Devices`.
    """

    def __init__(self, task, plan, devices, emit):
        self.began = time.monotonic()
        self.cell, self.experiment = task.cell, plan.experiment
        self.samples = CellSamples(plan.data[task.cell.dataset], task.cell)
        self.emit = emit
        self.tensorboard = plan.tensorboard
        self.deterministic = devices.deterministic
        self.scope, self.device = devices.choose(self.operations_per_step)
        self.checkpoint = Checkpoint(
            task.checkpoint,
            checkpoints.origin(self.cell),
            plan.checkpoint_every,
            keep=lambda state: emit(StateSaved(self.cell, state)),
            deadline=plan.deadline,
        )
        self.epoch_ends = []  # by the monotonic clock, seconds

    def run(self, pools):
        """Train the cell in a stack of `pools`, `{what it trains on: StackPool}`; returns an `Outcome`."""
        self.emit(Started(self.cell, self.device, self.checkpoint.epoch))  # before anything that may end this process
        stack = self.build_stack(pools[self.device])
        monitors = build_monitors(self.experiment, self.cell, self.samples)
        self.fit(stack, monitors, self.experiment.build_interventions(self.cell, self.samples))
        if self.checkpoint.saved is not None:
            return Outcome(self.cell, checkpoint=self.checkpoint.saved)
        records = records_of(monitors)
        notes = {**self.notes(), "measures": [list(quantity) for quantity in records.quantities]}
        arrays = {**records.arrays, **({"correct": correctness(stack, *self.samples.test)} if self.samples.are_shared else {})}
        return Outcome(self.cell, _files(stack, records._replace(arrays=arrays)), notes)

    def build_model(self):
        """The experiment's network for this cell, a built `keras.Sequential`."""
        return self.experiment.build_model(self.cell, self.samples.num_features, DATASETS[self.cell.dataset].num_classes)

    def operations_per_step(self):
        """The floating-point operations of a training step over all seeds, roughly."""
        return OPERATIONS_PER_WEIGHT * self.build_model().count_params() * self.cell.batch_size * len(self.cell.seeds)

    def build_stack(self, pool):
        """The compiled SeedStack of this cell, from a `StackPool`."""
        steps_per_epoch = -(-self.samples.num_samples // self.cell.batch_size)
        with self.scope():
            return pool.stack(
                self.build_model,
                self.cell.seeds,
                self.experiment.build_optimizer(self.cell, steps_per_epoch=steps_per_epoch),
                self.experiment.build_loss(self.cell),
                [accuracy_metric(), *self.experiment.build_metrics(self.cell)],
                weight_seeds=self.cell.seeds_of("weights"),
                order_seeds=self.cell.seeds_of("order"),
            )

    def fit(self, stack, monitors, interventions):
        """Train the stack with its monitors and interventions, each `{name: Keras callback}`."""
        both = {**monitors, **interventions}
        self.checkpoint.monitors = {name: callback for name, callback in both.items() if hasattr(callback, "get_state")}
        callbacks = [*both.values(), keras.callbacks.LambdaCallback(on_epoch_end=self.on_epoch_end)]
        if self.tensorboard is not None:
            # The graph of a SeedStack is no layer diagram, and its profile is one step an epoch: neither is worth its space.
            folder = str(Path(self.tensorboard) / self.cell.id)
            over_time = [monitor for monitor in monitors.values() if not isinstance(monitor, PredictionMonitor | RewindMonitor)]
            callbacks += [keras.callbacks.TensorBoard(folder, write_graph=False), SummaryWriter(folder, *over_time)]
        with warnings.catch_warnings():
            warnings.simplefilter("error", MonitorWarning)  # a cell without one of its measurements has failed
            warnings.simplefilter("ignore", StackWarning)  # runs that diverge are counted in the tables
            stack.fit(
                *self.samples.train,
                batch_size=self.cell.batch_size,
                epochs=self.cell.epochs,
                validation_data=self.samples.test,
                verbose=0,
                callbacks=[*callbacks, self.checkpoint],
            )

    def on_epoch_end(self, epoch, logs):
        """Note the time, and emit the epoch's end; `epoch` counts from 0."""
        self.epoch_ends.append(time.monotonic())
        self.emit(EpochDone(self.cell, self.device, epoch + 1, float(logs["loss"]), float(logs["val_accuracy"])))

    def notes(self):
        """The entries of cell.json about this training."""
        return {
            "device": self.device,
            "host": platform.node(),
            "seconds": round(self.checkpoint.seconds + time.monotonic() - self.began, 3),
            "seconds_per_epoch": float(np.median(np.diff(self.epoch_ends))) if len(self.epoch_ends) > 1 else None,
            "python": platform.python_version(),
            "versions": provenance.versions(),
            "threads": num_threads(),
            "deterministic": self.deterministic,
            "environment": provenance.environment(),
        }


def _files(stack, records):
    """The files of the cell's folder, but for cell.json: `{name: bytes}`. Settings stand in cell.json only, not in the tables."""
    empty = left_empty(records.quantities)
    files = {f"{name}.csv": table_bytes(table, empty) for name, table in {"history": stack.frame(), **records.tables}.items()}
    for name, of_monitor in records.arrays.items():
        content = io.BytesIO()
        np.savez_compressed(content, **of_monitor)
        files[f"{name}.npz"] = content.getvalue()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / WEIGHTS
        stack.save_weights(path)
        files[WEIGHTS] = path.read_bytes()
    return files
