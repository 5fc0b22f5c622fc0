"""The end of a script, whatever happens: in order, with a status, and with one line on what was wrong."""

import logging
import os
import sys
import tempfile

from common.cli.streams import INTERRUPTED, TERMINATED, fail
from common.errors import BadInput
from common.signals import Terminated, ended_by_sigterm


def status_of(work, prog, out):
    """Do a script's work.

    Args:
        work: function of `log`, which takes one line for the user; returns the exit status.
        prog: the script's file name, with which each line begins.
        out: the output folder.

    Returns:
        The exit status: that of the work; 130 after Ctrl-C, 143 after SIGTERM.

    Raises:
        SystemExit: with status 2, after one line on stderr, for what cannot be used or written.
    """
    logging.basicConfig(format=f"{prog}: %(message)s", stream=sys.stderr)
    try:
        with ended_by_sigterm():
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
        return TERMINATED if terminated else INTERRUPTED
