"""A last line on stderr for a training that is killed, for want of memory above all, and cannot write it itself."""

import contextlib
import subprocess
import sys

# Reads lines until its stdin is closed, and prints the last one unless it is empty.
_PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
last = ""
for line in sys.stdin:
    last = line.strip()
if last:
    print(last, file=sys.stderr)
"""


class CrashNotice:
    """A context whose helper process prints a line on stderr if this process is killed within it, and nothing if it ends in order, by an
    exception too.

    Example:

    ```python
    with CrashNotice() as notice:
        notice.set("killed while it trained moons relu")
        train()
    ```
    """

    def __enter__(self):
        try:
            command = [sys.executable, "-S", "-E", "-c", _PROGRAM]
            # In a session of its own, so that a signal to the whole process group does not end it too.
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, errors="backslashreplace", start_new_session=True)
        except OSError:
            self._process = None  # the system allows no further process: there is no notice then
        return self

    def set(self, line):
        """Set the line, in place of the last."""
        if self._process:
            with contextlib.suppress(OSError):
                self._process.stdin.write(" ".join(line.split()) + "\n")
                self._process.stdin.flush()

    def __exit__(self, *error):
        self.set("")
        if self._process:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            self._process.wait()
