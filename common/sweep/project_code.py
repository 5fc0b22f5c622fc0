"""This project's code, on its way to the workers of a Dask cluster."""

import hashlib
import io
import sys
import zipfile
from pathlib import Path

import cloudpickle
from distributed import WorkerPlugin

from common.paths import ROOT, code_files


class ProjectCode(WorkerPlugin):
    """Has a worker import this project's code as its client has it, whatever lies on the worker's disk, and also if it imported other
    code of the project before.

    Args:
        archive: a zip file, as bytes.
        digest: its hash.
    """

    name = "project-code"

    def __init__(self, archive, digest):
        self.archive, self.digest = archive, digest

    def setup(self, worker):
        folder = Path(worker.local_directory) / f"project-{self.digest}"
        with zipfile.ZipFile(io.BytesIO(self.archive)) as archive:
            archive.extractall(folder)
            modules = {Path(name).parts[0].removesuffix(".py") for name in archive.namelist()}
        for name in [name for name in sys.modules if name.split(".")[0] in modules]:
            del sys.modules[name]
        sys.path.insert(0, str(folder))


# The workers cannot import the plugin before it has brought them the code.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


def project_code():
    """The plugin, with the code as it is on disk."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in code_files():
            # Without times, so that the same code has the same hash.
            archive.writestr(zipfile.ZipInfo(path.relative_to(ROOT).as_posix()), path.read_bytes())
    return ProjectCode(content.getvalue(), hashlib.sha256(content.getvalue()).hexdigest()[:16])
