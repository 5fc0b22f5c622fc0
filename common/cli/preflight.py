"""Checks before anything is trained, so that a mistake shows at once and not after hours."""

import importlib.util
import multiprocessing
import os
import tempfile
from pathlib import Path

from common import devices, keras_settings, needs
from common.errors import BadInput, first_line
from common.lazy import imported


def check(args):
    """Check the environment, the packages and the temporary folder that the flags need; BadInput if one is missing or cannot be used."""
    devices.require_tensorflow_backend()
    keras_settings.require_importable()
    devices.require_valid_threads()
    if args.cluster is None:
        devices.require_one_worker()
    require_packages(args)
    require_versions()
    require_temporary_folder()


def require_packages(args):
    """Check the packages that the flags need; BadInput if one is missing."""
    if args.tensorboard and not importlib.util.find_spec("tensorboard"):
        raise BadInput("--tensorboard needs the package tensorboard, which TensorFlow no longer brings: pip install tensorboard")
    if args.tensorboard and args.cluster is not None:
        raise BadInput("--tensorboard writes logs on the machine that trains, which is another with --cluster: give one of the two")
    if args.cluster is not None and not importlib.util.find_spec("distributed"):
        raise BadInput("--cluster needs the package distributed: pip install -r requirements-cluster.txt")


def require_versions():
    """Check the versions of packages that were installed without telling them, for which they must be imported; BadInput if one is too old.
    TensorFlow's and Keras's are seen when they are started (`common.training.trainer`)."""
    for module in needs.without_version(module for module in needs.PACKAGES if module not in ("tensorflow", "keras")):
        imported(module)
    needs.require_imported()


def require_temporary_folder():
    """Check the folder for temporary files; BadInput if there is none."""
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        raise BadInput("TMPDIR: no temporary folder can be written; make one, and let TMPDIR name it") from None


def one_job_without_semaphores(args, log):
    """Go on in one process, whatever `--jobs`, where the system has no semaphores, and say so: several processes cannot work together
    without. Linux keeps them in /dev/shm, which may be missing or read-only in a container.

    Args:
        args: the flags; `jobs` may be changed.
        log: function that takes one line for the user.
    """
    methods = multiprocessing.get_all_start_methods()
    try:
        multiprocessing.get_context("fork" if "fork" in methods else None).Lock()  # forked processes' need no helper process
    except (OSError, ImportError) as error:
        os.environ["JOBLIB_MULTIPROCESSING"] = "0"  # else joblib warns of it in its own words
        if args.jobs > 1:
            log(
                f"note: --jobs {args.jobs}: the system has no semaphores, which Linux keeps in /dev/shm ({first_line(error)}). "
                "Going on in one process."
            )
            args.jobs = 1


def output_folder(out, name):
    """The experiment's folder, made, and tried by writing to it."""
    folder = Path(out) / name
    try:
        (folder / "cells").mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as trial:
            trial.write(b"x" * 4096)
    except OSError as error:
        where = error.filename or folder
        raise BadInput(f"--out {out}: cannot write {where} ({error.strerror}); choose a folder that can be written") from None
    return folder
