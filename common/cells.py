"""A cell: one arm on one dataset over all seeds. Its settings, and its folder on disk."""

import hashlib
import io
import json
import logging
import math
import shutil
import zipfile
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from common import provenance
from common.errors import BadInput
from common.files import UNFINISHED, write_bytes, write_whole

FORMAT = 5  # of the files of a cell; a change of what they hold, or of what the training does, makes it another
WEIGHTS = "final.weights.h5"
REPLACED = ".replaced-"  # begins the name of a folder that a new one is taking the place of

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
        settings = json.dumps(asdict(self), sort_keys=True)
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
        BadInput: if its folder is there, but incomplete, altered, or of another version of these scripts.
    """
    folder = cell.folder(root)
    if not folder.exists():
        return False
    try:
        problem = _problem(cell, folder, read_record(cell, root))
    except FileNotFoundError as error:
        problem = f"{Path(error.filename).name} is missing"
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        problem = "cell.json was altered"
    except OSError as error:
        raise BadInput(f"{error.filename}: cannot be read ({error.strerror}); make it readable, or choose another --out") from None
    if problem:
        raise BadInput(f"{folder}: {problem}; delete this folder or use --fresh to train it again")
    return True


def _problem(cell, folder, record):
    """What is wrong with a cell's folder, or None."""
    if record["format"] != FORMAT:
        return f"it is of another version of these scripts (format {record['format']!r:.20}, not {FORMAT})"
    if record.pop("sha256") != _digest_of_record(record) or record["id"] != cell.id:
        return "cell.json was altered"
    for name, digest in record["files"].items():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
            return f"{name} was altered"
    return None


def written_at(cell, root):
    """When the cell's folder was written, in nanoseconds; None if there is none."""
    try:
        return (cell.folder(root) / "cell.json").stat().st_mtime_ns
    except OSError:
        return None


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
    """Put a cell's folder on disk: whole, or, if anything goes wrong, not at all. Only one process at a time may do so, see `Locks`; what
    one leaves that is killed meanwhile, `recover` puts right.

    Args:
        cell: the Cell.
        root: the output folder.
        files: `{name: bytes}`.
        notes: dict of what `cell.json` says of the training.
    """
    folder = cell.folder(root)
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished, replaced = (folder.with_name(prefix + folder.name) for prefix in (UNFINISHED, REPLACED))
    record = {
        "format": FORMAT,
        "id": cell.id,
        **asdict(cell),
        **notes,
        **provenance.of_this_process(),
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
    }
    record["sha256"] = _digest_of_record(record)
    text = json.dumps(record, indent=1) + "\n"  # in ASCII: a path in the command need not be UTF-8
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        for name, content in {**files, "cell.json": text.encode()}.items():
            write_bytes(unfinished / name, content)
        if folder.exists():
            shutil.rmtree(replaced, ignore_errors=True)
            folder.rename(replaced)
        unfinished.rename(folder)
    finally:
        if replaced.exists() and not folder.exists():
            replaced.rename(folder)  # the new one did not get there
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.rmtree(replaced, ignore_errors=True)
    checkpoint_path(cell, root).unlink(missing_ok=True)


def recover(experiment, root, locks):
    """Put right what a process left that was killed while it wrote cells of an experiment, unless another is writing them."""
    folder = Path(root) / experiment
    for path in [*folder.glob(f"cells/{REPLACED}*"), *folder.glob(f"cells/{UNFINISHED}*"), *folder.glob(f"checkpoints/{UNFINISHED}*")]:
        name = path.name.removeprefix(REPLACED).removeprefix(UNFINISHED).removesuffix(".npz")
        if locks.take(name):
            if path.name.startswith(REPLACED) and not path.with_name(name).exists():
                path.rename(path.with_name(name))
            elif path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            locks.release(name)


def checkpoint_path(cell, root):
    """Where the state of an unfinished training of the cell is kept."""
    return Path(root) / cell.experiment / "checkpoints" / f"{cell.id}.npz"


def write_checkpoint(cell, root, content):
    """Keep the state of an unfinished training, all of it or nothing."""
    path = checkpoint_path(cell, root)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)


def read_checkpoint(cell, root):
    """The state of an unfinished training, as bytes; None if there is none, or none that can be gone on with."""
    path = checkpoint_path(cell, root)
    try:
        content = path.read_bytes()
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            for name in arrays:
                arrays[name]  # is checked against its checksum
            if str(arrays["origin"]) == checkpoint_origin(cell):
                return content
            problem = "is of another cell or of other packages"
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error):
        problem = "is damaged"
    logger.warning("warning: %s %s; its cell begins anew", path, problem)
    return None


def checkpoint_origin(cell):
    """What the state of a training must belong to, if the training is to go on from it."""
    return json.dumps([FORMAT, cell.id, provenance.versions()])


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
    write_whole(path, table_bytes(table))


def _digest_of_record(record):
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
