"""The folder of a cell's seeds on disk."""

import contextlib
import hashlib
import json
import shutil
import time
from dataclasses import asdict
from pathlib import Path

from common.errors import BadInput
from common.lazy import lazy_modules
from common.store import provenance
from common.store.files import UNFINISHED, write_bytes
from common.store.layout import FORMAT, REPLACED, checkpoint_path

np, tables = lazy_modules("numpy common.store.tables")


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
    """The reason why a cell's folder cannot be used, or None."""
    if record["format"] != FORMAT:
        return f"it is of another version of these scripts (format {record['format']!r:.20}, not {FORMAT})"
    if record.pop("sha256") != _digest_of_record(record) or record["id"] != cell.id:
        return "cell.json was altered"
    for name, digest in record["files"].items():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
            return f"{name} was altered"
    return None


def of_other_versions(cells, root):
    """The folders beside those of the cells that another version of these scripts wrote, in another format; list of Path."""
    wanted, found = {cell.folder(root) for cell in cells}, []
    for path in {folder.parent.parent for folder in wanted}:
        for record in [*path.glob("[!.]*/cell.json"), *path.glob("[!.]*/[!.]*/cell.json")]:
            with contextlib.suppress(
                OSError, ValueError, AttributeError, RecursionError
            ):  # a damaged record tells when its cell is asked for
                if record.parent not in wanted and json.loads(record.read_bytes()).get("format", FORMAT) != FORMAT:
                    found.append(record.parent)
    return sorted(found)


def written_at(cell, root):
    """The time at which the cell's folder was written, in nanoseconds; None if there is none."""
    try:
        return (cell.folder(root) / "cell.json").stat().st_mtime_ns
    except OSError:
        return None


def read_record(cell, root):
    """The cell's `cell.json`, as a dict."""
    return json.loads((cell.folder(root) / "cell.json").read_text(encoding="utf-8"))


def read_tables(cell, root, record):
    """All tables of the cell, as `{name: DataFrame}`; `record` is its `cell.json`."""
    names = [name for name in record["files"] if name.endswith(".csv")]
    return {name.removesuffix(".csv"): tables.read_table(cell.folder(root) / name) for name in names}


def read_arrays(cell, root, name):
    """The arrays of one of the cell's `.npz` files, as `{name: array}`."""
    with np.load(cell.folder(root) / f"{name}.npz", allow_pickle=False) as arrays:
        return dict(arrays)


def write(cell, root, files, notes):
    """Put a cell's folder on disk: whole, or, if anything goes wrong, not at all. Only one process at a time may do so, see `Locks`; if
    it is killed meanwhile, `recover` cleans up.

    Args:
        cell: the Cell.
        root: the output folder.
        files: `{name: bytes}`.
        notes: dict of further entries for `cell.json`, about the training and the call.
    """
    folder = cell.folder(root)
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished, replaced = (folder.with_name(prefix + folder.name) for prefix in (UNFINISHED, REPLACED))
    record = {
        "format": FORMAT,
        "id": cell.id,
        **asdict(cell),
        "written": time.time_ns(),  # by which the newest is known, whatever becomes of the file's own time
        **notes,
        "git": provenance.git_state(),
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
    state = checkpoint_path(cell, root)
    state.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # a folder holds other states, or there is none
        state.parent.rmdir()
        state.parents[1].rmdir()


def recover(experiment, root, locks):
    """Clean up after a process that was killed while it wrote cells of an experiment; not the cells that another process is writing."""
    folder = Path(root) / experiment
    patterns = (f"cells/*/{REPLACED}*", f"cells/*/{UNFINISHED}*", f"checkpoints/*/{UNFINISHED}*")
    for path in [path for pattern in patterns for path in folder.glob(pattern)]:
        seeds = path.name.removeprefix(REPLACED).removeprefix(UNFINISHED).removesuffix(".npz")
        if locks.take(name := f"{path.parent.name}/{seeds}"):
            if path.name.startswith(REPLACED) and not path.with_name(seeds).exists():
                path.rename(path.with_name(seeds))
            elif path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            locks.release(name)


def _digest_of_record(record):
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
