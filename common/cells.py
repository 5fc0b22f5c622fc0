"""A cell: one arm on one dataset over all seeds. Its settings, its training, its folder on disk."""

import hashlib
import json
import math
import os
import platform
import shutil
import sys
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from common.errors import BadInput

FORMAT = 2  # of the files of a cell; a change of what they hold, or of what the training does, makes it another
TABLES = ("history.csv", "layers.csv")
WEIGHTS = "final.weights.h5"
FILES = {*TABLES, "histograms.npz", WEIGHTS}  # of every cell; an experiment's own monitors add theirs
HISTOGRAM_STAGES = (0, 0.05, 0.2, 0.5, 1)  # shares of the epochs
PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "pandas")


@dataclass(frozen=True)
class Cell:
    """The settings that fix what a cell's tables hold. Another setting is another cell."""

    experiment: str
    dataset: str
    arm: dict  # what the flags vary, or can vary: {name: value}
    seeds: tuple
    epochs: int
    batch_size: int
    init: str
    data: str  # fingerprint of the arrays

    @property
    def id(self):
        """Name of the folder: readable, and unique by a hash of all settings."""
        settings = json.dumps({"format": FORMAT, **asdict(self)}, sort_keys=True)
        words = [self.dataset, *(str(value) for value in self.arm.values()), hashlib.sha256(settings.encode()).hexdigest()[:10]]
        return "-".join(words)

    def setting(self, name):
        """The value of a setting, of the arm or the cell's own."""
        return self.arm[name] if name in self.arm else getattr(self, name)

    def epochs_at(self, shares):
        """The epochs after which these shares of the training, from 0 to 1, are done."""
        return [math.ceil(share * self.epochs) for share in shares]

    def seconds_expected(self, samples, features):
        """A rough guess of what the cell takes on two cores, good enough to weigh cells against each other in an ETA."""
        steps = -(-samples // self.batch_size)
        weights = features * 256 + 256 * 128  # of the network that all experiments share
        return self.epochs * (steps * 5e-4 + len(self.seeds) * samples * weights * 3e-11)

    def folder(self, root):
        return Path(root) / self.experiment / "cells" / self.id


def is_done(cell, root):
    """Whether the cell is on disk, whole.

    Raises:
        BadInput: if its folder is there, but incomplete or altered.
    """
    folder = cell.folder(root)
    if not folder.exists():
        return False
    try:
        record = read_record(cell, root)
        for name, digest in record["files"].items():
            if _digest(folder / name) != digest:
                raise BadInput(f"{folder}: {name} was altered; delete this folder or use --fresh to train it again")
        if record["id"] != cell.id or not set(record["files"]) >= FILES:
            raise KeyError
    except FileNotFoundError as error:
        raise BadInput(f"{folder}: {Path(error.filename).name} is missing; delete this folder or use --fresh to train it again") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadInput(f"{folder}: cell.json was altered; delete this folder or use --fresh to train it again") from None
    return True


def read_record(cell, root):
    """The cell's `cell.json`, as a dict."""
    return json.loads((cell.folder(root) / "cell.json").read_text(encoding="utf-8"))


def read_tables(cell, root):
    """All tables of the cell, as `{name: DataFrame}`."""
    names = [name for name in read_record(cell, root)["files"] if name.endswith(".csv")]
    return {name.removesuffix(".csv"): pd.read_csv(cell.folder(root) / name) for name in names}


def read_arrays(cell, root, name):
    """The arrays of one of the cell's `.npz` files, as `{name: array}`."""
    with np.load(cell.folder(root) / f"{name}.npz", allow_pickle=False) as arrays:
        return dict(arrays)


def train(cell, experiment, data, root, pool, scope, device, callbacks=()):
    """Train a cell and put its folder on disk: whole, or, if anything goes wrong, not at all.

    Args:
        cell: the Cell.
        experiment: the `Experiment` that knows how to build model, loss and optimizer of the cell.
        data: `(x_train, y_train), (x_test, y_test)`.
        root: the output folder.
        pool: the `StackPool` that the stack comes from.
        scope: function that returns the context in which the model is built, see `devices.start`.
        device: what the training runs on, for the record.
        callbacks: further Keras callbacks.
    """
    import keras

    from common import data as datasets
    from common.metrics import accuracy_metric
    from common.monitors import ActivationMonitor, GradientMonitor, HistogramMonitor

    (x, y), test = data
    num_classes = datasets.NUM_CLASSES[cell.dataset]
    began = time.time()
    with scope():
        stack = pool.stack(
            lambda: experiment.build_model(cell, x.shape[1], num_classes),
            cell.seeds,
            experiment.build_optimizer(cell, steps_per_epoch=-(-len(x) // cell.batch_size)),
            experiment.build_loss(cell),
            [accuracy_metric(), *experiment.build_metrics(cell)],
        )
    x_probe, y_probe = datasets.probe(x, y)
    gradients, activations = GradientMonitor(x_probe, y_probe), ActivationMonitor(x_probe, units=experiment.keep_units)
    histograms = HistogramMonitor(x_probe, y_probe, cell.epochs_at(HISTOGRAM_STAGES))
    own = experiment.build_monitors(cell, data)
    ends = []
    clock = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: ends.append(time.time()))
    stack.fit(
        x,
        y,
        batch_size=cell.batch_size,
        epochs=cell.epochs,
        validation_data=test,
        verbose=0,
        callbacks=[gradients, activations, histograms, *own.values(), *callbacks, clock],
    )
    layers = gradients.frame().merge(activations.frame(), on=["seed", "epoch", "layer"], how="outer", sort=False)
    tables, arrays = {"history": stack.frame(), "layers": layers}, {"histograms": histograms.arrays()}
    for name, monitor in {**own, **({"units": activations.units} if experiment.keep_units else {})}.items():
        if hasattr(monitor, "frame"):
            tables[name] = monitor.frame()
        if hasattr(monitor, "arrays"):
            arrays[name] = monitor.arrays()
    per_epoch = float(np.median(np.diff(ends))) if len(ends) > 1 else None
    _write(cell, root, stack, tables, arrays, {"device": device, "seconds_per_epoch": per_epoch}, began)


def _write(cell, root, stack, tables, arrays, notes, began):
    folder = cell.folder(root)
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = folder.with_name(f".unfinished-{os.getpid()}-{folder.name}")
    replaced = folder.with_name(f".replaced-{os.getpid()}-{folder.name}")
    try:
        unfinished.mkdir()
        for name, table in tables.items():
            write_table(with_columns_in_front(table, {"dataset": cell.dataset, **cell.arm}), unfinished / f"{name}.csv")
        for name, of_monitor in arrays.items():
            np.savez_compressed(unfinished / f"{name}.npz", **of_monitor)
        stack.save_weights(unfinished / WEIGHTS)
        record = {
            "format": FORMAT,
            "id": cell.id,
            **asdict(cell),
            **notes,
            "seconds": round(time.time() - began, 3),
            "python": platform.python_version(),
            "versions": {name: version(name) for name in PACKAGES},
            "command": sys.argv,
            "files": {path.name: _digest(path) for path in sorted(unfinished.iterdir())},
        }
        (unfinished / "cell.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        if folder.exists():
            folder.rename(replaced)
        unfinished.rename(folder)
    finally:
        if replaced.exists() and not folder.exists():
            replaced.rename(folder)  # the new one did not get there
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.rmtree(replaced, ignore_errors=True)


def with_columns_in_front(table, values):
    """The table with constant columns before its own."""
    return pd.concat([pd.DataFrame(values, index=table.index), table], axis=1)


def write_table(table, path, may_be_empty=("saturated_fraction", "epochs_to_target", "first_off_epoch")):
    """Write a CSV file, all of it or nothing.

    Numbers that are not finite are written as `nan` and `inf`. Only where NaN means that there is nothing to measure, in the columns of
    `may_be_empty` and what is derived from them, is the field left empty.
    """
    table = table.copy()
    for column in table.columns:
        if column.startswith(may_be_empty):
            table[column] = [("" if pd.isna(value) else value) for value in table[column]]
    unfinished = path.with_name(f".unfinished-{os.getpid()}-{path.name}")
    try:
        table.to_csv(unfinished, index=False, na_rep="nan")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
