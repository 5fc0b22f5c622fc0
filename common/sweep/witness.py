"""A small process that tells how a training ended where the training itself cannot: killed for want of memory, above all."""

import contextlib
import subprocess
import sys

# Reads lines, the last of which is what goes on, until its stdin is closed; an empty line says that all is well.
_PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
last = ""
for line in sys.stdin:
    last = line.strip()
if last:
    print(last, file=sys.stderr)
"""


class Witness:
    """A context in which `expect(line)` leaves a line that is printed on stderr if this process is ended by force, out of its own hands.
    One that ends in order, by an exception too, prints nothing."""

    def __enter__(self):
        try:
            command = [sys.executable, "-S", "-E", "-c", _PROGRAM]
            # In a session of its own, for what kills a whole process group shall not silence it.
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, errors="backslashreplace", start_new_session=True)
        except OSError:
            self._process = None  # no place for another process: then there is no witness
        return self

    def expect(self, line):
        """Leave a line, in place of the last."""
        if self._process:
            with contextlib.suppress(OSError):
                self._process.stdin.write(" ".join(line.split()) + "\n")
                self._process.stdin.flush()

    def __exit__(self, *error):
        self.expect("")
        if self._process:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            self._process.wait()
