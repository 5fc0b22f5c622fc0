"""The folders that hold files with the names of Fashion-MNIST's, and the sets that these files make."""

import contextlib
import os
import re
import stat
import zipfile
from pathlib import Path
from typing import NamedTuple

from common.data.formats import NPZ_ARRAYS
from common.errors import BadInput

SEARCH_DEPTH = 4
IDX_NAME = re.compile(r"(train|t10k)-(images|labels)[-.]idx[13]-ubyte(\.gz)?")
CSV_NAME = re.compile(r"fashion-mnist_(train|test)\.csv(\.gz)?")
PARTS = {"train": 0, "t10k": 1, "test": 1}


class Role(NamedTuple):
    """The place of a file in a set.

    Attributes:
        form: `"idx"`, `"csv"` or `"npz"`.
        part: 0 for training, 1 for testing; of npz, 0.
        kind: `"images"` or `"labels"` of IDX; else empty.
    """

    form: str
    part: int = 0
    kind: str = ""

    @property
    def file(self):
        """The file's name as published."""
        if self.form == "idx":
            return f"{('train', 't10k')[self.part]}-{self.kind}-idx{'3' if self.kind == 'images' else '1'}-ubyte"
        return f"fashion-mnist_{('train', 'test')[self.part]}.csv" if self.form == "csv" else ".npz"


SETS = {
    "idx": tuple(Role("idx", part, kind) for part in (0, 1) for kind in ("images", "labels")),
    "csv": (Role("csv", 0), Role("csv", 1)),
    "npz": (Role("npz"),),
}


class Candidate(NamedTuple):
    """A set of files in one folder, or in one folder for each file, as some archives unpack.

    Attributes:
        folder: where they lie.
        form: a key of `SETS`.
        files: `{Role: paths}`, for each role of the form the files that could have it; perhaps none.
    """

    folder: Path
    form: str
    files: dict

    @property
    def missing(self):
        """Names of the files that are not there."""
        return [role.file for role, paths in self.files.items() if not paths]


def candidates(root):
    """The sets below a folder, in the order of their folders' names, those higher up first.

    Args:
        root: the folder. Its subfolders are searched to a depth of 4, those behind links too.

    Returns:
        `(candidates, errors)`: lists of `Candidate`, and of OSErrors of the folders that cannot be read.
    """
    errors, found = [], {}
    listing = dict(_folders(root, errors))
    for folder, names in listing.items():
        nested = role_of(folder.name) if folder.parent in listing else None
        for name in names:
            role, path = role_of(name), folder / name
            if role is None or not _is_file(path) or (role.form == "npz" and not _may_be_a_set(path)):
                continue
            place = (folder.parent, "nested") if role == nested else (folder, path if role.form == "npz" else "")
            found.setdefault((*place, role.form), {}).setdefault(role, []).append(path)
    sets = [
        Candidate(folder, form, {role: sorted(files.get(role, []), key=_plain_first) for role in SETS[form]})
        for (folder, _, form), files in found.items()
    ]
    order = {folder: position for position, folder in enumerate(listing)}
    return sorted(sets, key=lambda candidate: (order[candidate.folder], tuple(SETS).index(candidate.form))), errors


def require_folder(data_dir):
    """Check the folder that the flag `--data-dir` names; BadInput if it is none, or cannot be read."""
    try:
        os.scandir(data_dir).close()
    except OSError as error:
        wrong = {FileNotFoundError: "no such folder", NotADirectoryError: "no folder"}.get(type(error), error.strerror)
        raise BadInput(f"--data-dir {data_dir}: {wrong}; name the one that holds Fashion-MNIST, or leave the flag out") from None


def role_of(name):
    """The `Role` of a file by its name; None for any other."""
    if match := IDX_NAME.fullmatch(name):
        role = Role("idx", PARTS[match[1]], match[2])
        return role if f"idx{'3' if role.kind == 'images' else '1'}" in name else None
    if match := CSV_NAME.fullmatch(name):
        return Role("csv", PARTS[match[1]])
    return Role("npz") if name.endswith(".npz") else None


def _plain_first(path):
    return path.suffix == ".gz", path.name


def _folders(root, errors):
    """Yield `(folder, names of what is in it)`; each folder once, whatever leads to it."""
    seen = set()

    def note(error):
        if not isinstance(error, FileNotFoundError | NotADirectoryError):
            errors.append(error)

    for place, subfolders, names in os.walk(root, onerror=note, followlinks=True):
        folder = Path(place)
        with contextlib.suppress(OSError):
            status = folder.stat()
            if (status.st_dev, status.st_ino) in seen:
                subfolders.clear()
                continue
            seen.add((status.st_dev, status.st_ino))
        subfolders.sort()
        if len(folder.relative_to(root).parts) >= SEARCH_DEPTH:
            subfolders.clear()
        yield folder, sorted(names)


def _is_file(path):
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except PermissionError:
        return True  # it is named where it turns out that it cannot be read
    except OSError:
        return False


def _may_be_a_set(path):
    """Whether an npz file has one of the arrays' names, or cannot be opened to see."""
    try:
        with zipfile.ZipFile(path) as archive:
            return not {f"{name}.npy" for name in NPZ_ARRAYS}.isdisjoint(archive.namelist())
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return True
