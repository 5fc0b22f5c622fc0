"""The states of unfinished trainings on disk."""

import io
import json
import logging
import zipfile
import zlib

from common.lazy import LazyModule
from common.store import provenance
from common.store.files import write_whole
from common.store.layout import FORMAT, checkpoint_path

np = LazyModule("numpy")
logger = logging.getLogger(__name__)
STATE_FORMAT = 2  # of a state alone; a change of what monitors keep in it makes it another


def write(cell, root, content):
    """Write the state of an unfinished training, all of it or nothing."""
    path = checkpoint_path(cell, root)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)


def read(cell, root):
    """The state of an unfinished training, as bytes; None if there is none, or none that can be used."""
    path = checkpoint_path(cell, root)
    try:
        content = path.read_bytes()
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            for name in arrays:
                arrays[name]  # is checked against its checksum
            # By which packages is seen where the training goes on, perhaps on another machine, see `Checkpoint`.
            if str(arrays["origin"]).startswith(json.dumps([FORMAT, STATE_FORMAT, cell.id])[:-1]):
                return content
            problem = "is of another cell or of another version of these scripts"
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error):
        problem = "is damaged"
    logger.warning("warning: %s %s; its cell begins anew", path, problem)
    return None


def origin(cell):
    """A string of cell, formats and packages, which it imports. A training goes on only from a state of the same origin."""
    return json.dumps([FORMAT, STATE_FORMAT, cell.id, provenance.versions()])
