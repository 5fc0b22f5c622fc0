"""The record of what a call made in its experiment's folder, `made.json`: it tells the next call that all is there, as it was made."""

import hashlib
import json

from common.store.files import write_whole

MADE = "made.json"
KINDS = (".csv", ".png", ".svg", ".html", ".md")  # of the files that are made


def keep(folder, origin, **more):
    """Write the record, last of all.

    Args:
        folder: the experiment's folder, a Path.
        origin: a digest of all that the files were made of, text.
        **more: what else the next call needs, as JSON takes it.
    """
    record = {"origin": origin, **more, "files": _digests(folder)}
    write_whole(folder / MADE, json.dumps({**record, "sha256": _digest(record)}, indent=1).encode())


def kept(folder, origin):
    """The record, a dict, if the folder holds the files of this origin, unchanged, and no others of their kinds; else None.

    Args:
        folder: the experiment's folder, a Path.
        origin: a digest, or None if it is not known; then what is there is not known either.
    """
    if origin is None:
        return None
    try:
        record = json.loads((folder / MADE).read_bytes())
        whole = record.pop("sha256") == _digest(record) and record["origin"] == origin and record["files"] == _digests(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):  # none, or none that can be used
        return None
    return record if whole else None


def forget(folder):
    """Remove the record, before anything is made anew."""
    (folder / MADE).unlink(missing_ok=True)


def _digests(folder):
    files = sorted(path for path in folder.iterdir() if path.suffix in KINDS and path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _digest(record):
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
