"""A script on a terminal."""

import contextlib
import os
import pty
import subprocess
import sys
import threading

from tests.support.scripts import ROOT


class OnATerminal:
    """The script with a terminal as its stderr; `finish()` gives what it showed there."""

    def __init__(self, out, *words, **options):
        self.master, slave = pty.openpty()
        environment = {**os.environ, "KERAS_HOME": str(out / "no-keras-home"), "TERM": "xterm", "COLUMNS": "80"}
        command = [sys.executable, str(ROOT / "exp_c_optimizer.py"), "--out", str(out), *words]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=slave, env=environment, text=True, **options)
        os.close(slave)
        self.shown = b""
        self.reader = threading.Thread(target=self._read)  # a terminal that nobody reads blocks the process
        self.reader.start()

    def _read(self):
        with contextlib.suppress(OSError):  # the other end was closed
            while part := os.read(self.master, 65536):
                self.shown += part

    def finish(self):
        status = self.process.wait(timeout=300)
        self.reader.join()
        return status, self.shown.decode()
