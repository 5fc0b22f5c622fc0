"""Programs that XLA compiled for the CPU, kept from call to call.

TensorFlow has a persistent cache, but reads and writes it while it trains, and a training fails where its folder cannot be written or an
entry is damaged. So TensorFlow gets a folder in memory: it is filled before the training, with the entries on disk that prove whole, and
what is new in it is written to disk after each cell. Whatever the disk does costs time only.
"""

import contextlib
import faulthandler
import hashlib
import json
import logging
import os
import platform
import re
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

from common import compat
from common.devices import cores, num_threads
from common.lazy import LazyModule
from common.store.files import UNFINISHED, write_whole_at_once

tf = LazyModule("tensorflow")
logger = logging.getLogger(__name__)

MOST_BYTES = 100_000_000  # of all entries on disk, those of other versions and machines included
SECONDS_UNFINISHED = 3600  # after which nobody is still writing a file
TRIAL_BYTES = 4096  # that must fit into a folder for it to be used
DIGEST_BYTES = hashlib.sha256().digest_size
ENTRIES, CRASHED = "*.pb", "crashed"
# Of these depends, beside TensorFlow itself, how a program is compiled.
VARIABLES = ("XLA_FLAGS", "TF_XLA_FLAGS", "TF_DETERMINISTIC_OPS", "TF_ENABLE_ONEDNN_OPTS")
GPU_DRIVERS = ("/proc/driver/nvidia", "/dev/kfd", "/dev/dxg")


class CompiledPrograms:
    """The compiled programs of this process: those on disk are offered to TensorFlow, and new ones kept.

    They are used on Linux without a GPU, with versions of TensorFlow that were tried, and if TensorFlow has not been imported yet; and not
    if `TF_XLA_FLAGS` names a folder of the user's own, or a file of flags.

    Args:
        cache: the user's cache folder, a Path; None to keep nothing.
        settings: values of which it depends, too, how a program is compiled. Defaults to none.

    Example:

    ```python
    programs = CompiledPrograms(cache_folder())
    with programs.asked_for():
        devices.start()
    programs.offer()
    with programs.watched():
        train()
    programs.keep()
    ```
    """

    def __init__(self, cache, settings=()):
        self.root = None
        self.known = set()  # names of the entries that are on disk
        self.offered = False
        if cache is not None and _can_be_used():
            with contextlib.suppress(OSError):
                self.folder = Path(cache) / "xla" / _digest_of_all_that_matters(settings)
                self.root = self.folder.parent

    @contextlib.contextmanager
    def asked_for(self):
        """A block in which TensorFlow starts, and reads that it is to use the cache; the environment is as before when it ends."""
        if self.root is None:
            yield
            return
        # With every entry that is loaded TensorFlow logs errors that are none: it is no text, the CPU lacks what is no instruction of one.
        level = os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3")
        flags = f"{os.environ.get('TF_XLA_FLAGS', '')} {compat.XLA_CACHE_FLAGS}".strip()
        with _environment(TF_CPP_MIN_LOG_LEVEL=level, TF_XLA_FLAGS=flags):
            yield

    def offer(self):
        """Give TensorFlow the entries on disk that are whole; the others are removed, and all of them if one has crashed a process."""
        if self.root is None:
            return
        try:
            self._make_folder()
            self._set_aside_after_crash()
            self._remove_oldest()
            for path in sorted(self.folder.glob(ENTRIES)):
                if (program := _read(path)) is not None:
                    compat.write_to_xla_cache(path.name, program)
                    self.known.add(path.name)
                    self.offered = True
        except (OSError, tf.errors.OpError):
            self.root = None  # nothing can be kept there

    @contextlib.contextmanager
    def watched(self):
        """A block in which a crash (SIGSEGV, SIGILL, SIGABRT, SIGBUS, SIGFPE) is written down, so that `offer` of the next process knows of
        it. A process that is killed leaves nothing."""
        if not self.offered:
            yield
            return
        enabled = faulthandler.is_enabled()
        faulthandler.enable(self.crashed)
        try:
            yield
        finally:
            faulthandler.disable()
            if enabled:
                with contextlib.suppress(AttributeError, OSError, RuntimeError, ValueError):  # stderr may be closed, or none
                    faulthandler.enable()

    def keep(self):
        """Write the programs that were compiled since to disk; nothing happens where that is impossible."""
        if self.root is None:
            return
        with contextlib.suppress(OSError, tf.errors.OpError):
            new = {name for name in compat.names_in_xla_cache() if Path(name).match(ENTRIES)} - self.known
            for name in sorted(new):
                _write(self.folder / name, compat.read_from_xla_cache(name))
                self.known.add(name)
            if new:
                self._remove_oldest()

    def doubted(self, error):
        """Whether a training may have failed because an entry could not be loaded. If so, none is offered any more, here or to others."""
        if not self.offered or not isinstance(error, tf.errors.OpError) or isinstance(error, tf.errors.ResourceExhaustedError):
            return False
        logger.warning("note: a training failed with compiled programs of earlier calls; they are removed, and it begins anew")
        self._remove_entries()
        for name in compat.names_in_xla_cache():
            compat.remove_from_xla_cache(name)
        self.offered, self.known = False, set()
        return True

    def _make_folder(self):
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        state = self.folder.lstat()
        if state.st_uid != os.geteuid() or state.st_mode & 0o022:
            raise PermissionError(f"{self.folder} is another user's, who could put programs there")
        # An entry is offered only where a crash can be written down.
        self.crashed = open(self.folder / CRASHED, "ab")  # noqa: SIM115  (until this process ends)
        with tempfile.TemporaryFile(dir=self.folder) as trial:
            trial.write(b"x" * TRIAL_BYTES)

    def _set_aside_after_crash(self):
        crashed = self.folder / CRASHED
        if crashed.read_bytes().strip():
            logger.warning("note: an earlier call crashed with compiled programs of %s; they are removed, and compiled anew", self.folder)
            self._remove_entries()
            os.truncate(crashed, 0)  # other processes have it open

    def _remove_entries(self):
        for path in self.folder.glob(ENTRIES):
            _remove(path)

    def _remove_oldest(self):
        """Keep the last `MOST_BYTES` that were written, and no file that a killed process left unfinished."""
        entries = []
        for path in self.root.glob("*/*"):
            with contextlib.suppress(OSError):
                state = path.lstat()
                if path.name.startswith(UNFINISHED):
                    if time.time() - state.st_mtime > SECONDS_UNFINISHED:
                        _remove(path)
                elif path.match(ENTRIES):
                    entries.append((state.st_mtime_ns, state.st_size, path))
        left = MOST_BYTES
        for _, size, path in sorted(entries, reverse=True):
            left -= size
            if left < 0:
                _remove(path)


@contextlib.contextmanager
def _environment(**variables):
    """A block with these environment variables."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _can_be_used():
    flags = os.environ.get("TF_XLA_FLAGS", "").strip()
    return (
        sys.platform == "linux"
        and "tensorflow" not in sys.modules
        and (not flags or flags.startswith("-"))  # else it is the name of a file of flags
        and compat.XLA_CACHE_DIRECTORY_FLAG not in flags
        and not any(map(os.path.exists, GPU_DRIVERS))
        and _tensorflow() is not None
    )


def _tensorflow():
    """The distribution that brings TensorFlow, if it is one of those and of a version that were tried; else None."""
    for name in ("tensorflow", "tensorflow-cpu"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            distribution = metadata.distribution(name)
            tried = re.match(r"\d+\.\d+", distribution.version)
            return distribution if tried and tried[0] in compat.XLA_CACHE_SEEN_IN and distribution.read_text("RECORD") else None
    return None


def _digest_of_all_that_matters(settings):
    """A digest of all that makes a program unusable, or another, elsewhere: TensorFlow's files, system, processors, threads and flags."""
    tensorflow = _tensorflow()
    matters = [
        *(tensorflow.metadata["Name"], tensorflow.version, hashlib.sha256(tensorflow.read_text("RECORD").encode()).hexdigest()),
        *(platform.machine(), platform.libc_ver(), _processors()),
        *(num_threads(), len(cores()), os.environ.get("TF_NUM_INTEROP_THREADS")),
        *(os.environ.get(name) for name in VARIABLES),
        *settings,
    ]
    return hashlib.sha256(json.dumps(matters).encode()).hexdigest()[:32]


def _processors():
    """The kinds of processors of this machine with their instructions, sorted."""
    text = Path("/proc/cpuinfo").read_text(errors="replace")
    changing = re.compile(r"(processor|core id|apicid|initial apicid|cpu MHz|bogomips|BogoMIPS|physical id|microcode)\s*:")
    return sorted({"\n".join(line for line in one.splitlines() if not changing.match(line)) for one in text.strip().split("\n\n")})


def _read(path):
    """The program in an entry; None, and the entry is removed, if it is not whole or not the one of this name."""
    with contextlib.suppress(OSError):
        if path.is_file() and path.stat().st_size <= MOST_BYTES:
            content = path.read_bytes()
            digest, program = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
            if program and digest == _digest(path.name, program):
                return program
    _remove(path)
    return None


def _write(path, program):
    write_whole_at_once(path, _digest(path.name, program) + program)


def _digest(name, program):
    return hashlib.sha256(name.encode() + b"\n" + program).digest()


def _remove(path):
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
