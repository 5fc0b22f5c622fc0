"""The output of a script: results on stdout, errors on stderr in a line, and its exit status."""

import os
import sys

from common.errors import BadInput

BAD_INPUT = 2
INTERRUPTED, TERMINATED = 130, 143


def show(results):
    """Print results on stdout. A reader that has closed the pipe (`| head`) is no error; any other failure to write is.

    Raises:
        BadInput: if stdout cannot be written.
    """
    try:
        print(results, flush=True)
    except BrokenPipeError:
        _give_up_stdout()
    except OSError as error:
        _give_up_stdout()
        raise BadInput(f"stdout: cannot be written ({error.strerror}); the tables are on disk, and the same command prints them") from None


def _give_up_stdout():
    # Else Python would try once more as it ends, and complain.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def one_line(message):
    """The message in a line that every stream takes, also if it names a file whose name is not UTF-8."""
    return " ".join(str(message).encode(errors="backslashreplace").decode().split())


def fail(prog, message):
    """End the script with one line on stderr and the status of bad input."""
    print(f"{prog}: error: {one_line(message)}", file=sys.stderr)
    raise SystemExit(BAD_INPUT)
