"""The end of a script, whatever happens: in order, with a status, and with one line on what was wrong."""

import contextlib
import logging
import os
import sys
import tempfile

from common.cli.streams import INTERRUPTED, fail
from common.errors import BadInput
from common.signals import Terminated, ended_by_signals


def status_of(work, prog, out):
    """Do a script's work.

    Args:
        work: function of `log`, which takes one line for the user; returns the exit status.
        prog: the script's file name, with which each line begins.
        out: the output folder.

    Returns:
        The exit status: that of the work; 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP.

    Raises:
        SystemExit: with status 2, after one line on stderr, for what cannot be used or written.
    """
    try:
        with logged(prog), ended_by_signals():
            return work(lambda line: print(f"{prog}: {line}", file=sys.stderr))
    except BadInput as error:
        fail(prog, error)
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        reason = os.strerror(error.errno) if error.errno else error  # HDF5 puts a paragraph into strerror
        fail(
            prog,
            f"--out {out}: cannot write{where} ({reason}); finished cells are kept: free space there and in {tempfile.gettempdir()}, "
            "or choose another folder",
        )
    except KeyboardInterrupt as error:
        terminated = isinstance(error, Terminated)
        how = "terminated" if terminated else "interrupted"
        print(f"{prog}: {how}; finished cells are kept, and the same command goes on from there", file=sys.stderr)
        return error.status if terminated else INTERRUPTED


@contextlib.contextmanager
def logged(prog):
    """A block in which what packages log shows on stderr, each line under the name of who says it: the script's own, or the package's.
    Logging that was set up in this process already, by a notebook, say, stays as it is."""
    handler = show_logs(prog)
    try:
        yield
    finally:
        logging.root.removeHandler(handler)


def show_logs(prog):
    """Show on stderr what packages log from now on, as `logged` does; returns the handler, or None where logging was set up already."""
    if logging.root.handlers:
        return None
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(lambda record: setattr(record, "says", prog if record.name.startswith("common.") else record.name) or True)
    handler.setFormatter(logging.Formatter("%(says)s: %(message)s"))
    logging.root.addHandler(handler)
    return handler
