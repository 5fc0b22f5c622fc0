"""Files that are there whole or not at all."""

import os
import tempfile
from pathlib import Path

UNFINISHED = ".unfinished-"  # begins the name of a file or folder that is being written


def write_whole(path, content):
    """Write a file: all of it, or, if that fails, nothing. Only one process at a time may write it.

    Args:
        path: where it goes, a Path.
        content: bytes.
    """
    unfinished = path.with_name(UNFINISHED + path.name)
    try:
        write_bytes(unfinished, content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_whole_at_once(path, content):
    """Write a file: all of it, or, if that fails, nothing; several processes may write it at once, and the last one's stays.

    Args:
        path: where it goes, a Path.
        content: bytes.
    """
    file, unfinished = tempfile.mkstemp(prefix=UNFINISHED, dir=path.parent)
    try:
        with open(file, "wb") as stream:
            stream.write(content)
        os.replace(unfinished, path)
    finally:
        Path(unfinished).unlink(missing_ok=True)


def write_bytes(path, content):
    """Write bytes to a path. An OSError names the file in any case, also where the disk fills up while it is written."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def remove_unfinished(folder):
    """Remove the unfinished files of a process that was killed while it wrote in a folder."""
    for path in Path(folder).glob(f"{UNFINISHED}*"):
        path.unlink()
