"""A cell: one arm on one dataset over all seeds. Its settings, and its folder on disk."""

import hashlib
import io
import json
import logging
import math
import os
import shutil
import sys
import zipfile
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from common.errors import BadInput

FORMAT = 4  # of the files of a cell; a change of what they hold, or of what the training does, makes it another
TABLES = ("history.csv", "layers.csv")
WEIGHTS = "final.weights.h5"
FILES = {*TABLES, "histograms.npz", WEIGHTS}  # of every cell; an experiment's own monitors add theirs

logger = logging.getLogger(__name__)


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
    batch_norm: bool = False
    dropout: float = 0.0

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


def write(cell, root, files, notes):
    """Put a cell's folder on disk: whole, or, if anything goes wrong, not at all.

    Args:
        cell: the Cell.
        root: the output folder.
        files: `{name: bytes}`.
        notes: dict of what `cell.json` says of the training.
    """
    folder = cell.folder(root)
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = folder.with_name(f".unfinished-{os.getpid()}-{folder.name}")
    replaced = folder.with_name(f".replaced-{os.getpid()}-{folder.name}")
    record = {
        "format": FORMAT,
        "id": cell.id,
        **asdict(cell),
        **notes,
        "command": sys.argv,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
    }
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    try:
        unfinished.mkdir()
        for name, content in {**files, "cell.json": text.encode()}.items():
            (unfinished / name).write_bytes(content)
        if folder.exists():
            folder.rename(replaced)
        unfinished.rename(folder)
    finally:
        if replaced.exists() and not folder.exists():
            replaced.rename(folder)  # the new one did not get there
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.rmtree(replaced, ignore_errors=True)
    checkpoint_path(cell, root).unlink(missing_ok=True)


def checkpoint_path(cell, root):
    """Where a training of the cell that was broken off is kept."""
    return Path(root) / cell.experiment / "checkpoints" / f"{cell.id}.npz"


def write_checkpoint(cell, root, content):
    """Keep a training that was broken off, all of it or nothing."""
    path = checkpoint_path(cell, root)
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, content)


def read_checkpoint(cell, root):
    """The bytes of a training that was broken off; None if there is none, or if it is damaged, so that it cannot be gone on with."""
    path = checkpoint_path(cell, root)
    try:
        content = path.read_bytes()
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            for name in arrays:
                arrays[name]  # is checked against its checksum
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        logger.warning("warning: %s is damaged; its cell begins anew", path)
        return None
    return content


def with_columns_in_front(table, values):
    """The table with constant columns before its own."""
    return pd.concat([pd.DataFrame(values, index=table.index), table], axis=1)


def table_bytes(table, may_be_empty=("saturated_fraction", "epochs_to_target", "first_off_epoch")):
    """A table as the bytes of a CSV file.

    Numbers that are not finite are written as `nan` and `inf`. Only where NaN means that there is nothing to measure, in the columns of
    `may_be_empty` and what is derived from them, is the field left empty.
    """
    table = table.copy()
    for column in table.columns:
        if column.startswith(may_be_empty):
            table[column] = [("" if pd.isna(value) else value) for value in table[column]]
    return table.to_csv(index=False, na_rep="nan", lineterminator="\n").encode()


def write_table(table, path):
    """Write a CSV file, all of it or nothing."""
    _replace(path, table_bytes(table))


def _replace(path, content):
    unfinished = path.with_name(f".unfinished-{os.getpid()}-{path.name}")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
