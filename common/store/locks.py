"""Locks on parts of a folder. The system releases a process's locks when it ends, however it ends, so none is ever stale."""

import contextlib
import errno
import hashlib
import os
import time
from pathlib import Path

SECONDS_BETWEEN_TRIES = 0.2
RESULTS = "results"  # the lock on reading cells, and on writing what is made of them
RESULTS_WAITING = "another process is writing tables and figures there; waiting for it"
HELD = (errno.EAGAIN, errno.EACCES)


class Locks:
    """Locks of one process on names within a folder: bytes of its file `.lock`, one for each name. Other threads of the process are not
    kept out. Must be closed, best by `contextlib.closing`.

    Args:
        folder: one that exists and can be written.
        log: function that takes one line for the user. Defaults to `print`.
    """

    def __init__(self, folder, log=print):
        self._path = Path(folder) / ".lock"
        self._log = log
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        self._supported = True

    def take(self, name):
        """Take a lock; False if another process holds it. Where the file system has no locks, that is logged once, and all are free."""
        if self._supported:
            try:
                _lock_byte(self._file, _position(name))
            except OSError as error:
                if error.errno in HELD:
                    return False
                self._supported = False
                self._log(f"note: {self._path} cannot be locked ({error.strerror}): let no second call write there before this one ends")
        return True

    def release(self, name):
        """Let a lock go."""
        if self._supported:
            _unlock_byte(self._file, _position(name))

    @contextlib.contextmanager
    def held(self, name, waiting):
        """A block in which a lock is held. If another process has it, the line `waiting` is logged, and the block begins later."""
        if not self.take(name):
            self._log(waiting)
            while not self.take(name):
                time.sleep(SECONDS_BETWEEN_TRIES)
        try:
            yield
        finally:
            self.release(name)

    def close(self):
        """Let all go."""
        os.close(self._file)


def _position(name):
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:5], "big")


if os.name == "nt":
    import msvcrt

    def _lock_byte(file, position):
        os.lseek(file, position, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

    def _unlock_byte(file, position):
        os.lseek(file, position, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock_byte(file, position):
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, position)

    def _unlock_byte(file, position):
        fcntl.lockf(file, fcntl.LOCK_UN, 1, position)
