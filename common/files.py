"""Files that are there whole or not at all."""

from pathlib import Path

UNFINISHED = ".unfinished-"  # begins the name of what is being written


def write_whole(path, content):
    """Write a file: all of it, or, if that fails, nothing. Only one process at a time may write it.

    Args:
        path: where it goes, a Path.
        content: bytes.
    """
    unfinished = path.with_name(UNFINISHED + path.name)
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def remove_unfinished(folder):
    """Remove what a process left in a folder that was killed while it wrote there."""
    for path in Path(folder).glob(f"{UNFINISHED}*"):
        path.unlink()
