"""The output of a script: results on stdout, errors on stderr in a line, its exit status. A channel that is closed, full or gone costs what
it would have shown, and nothing else."""

import contextlib
import io
import os
import select
import sys

BAD_INPUT = 2
INTERRUPTED = 130


class ForgivingFile(io.FileIO):
    """A file that takes whatever is written. With the first write that fails its file descriptor becomes the null device, for the whole
    process, its C++ parts and those it starts included.

    Args:
        descriptor: the file descriptor, which stays open.
        on_failure: function that is called with the `OSError`.
    """

    def __init__(self, descriptor, on_failure):
        super().__init__(descriptor, "w", closefd=False)
        self.on_failure = on_failure

    def write(self, data):
        """Write bytes; returns how many were taken."""
        try:
            while (taken := super().write(data)) is None:  # a full pipe that was told not to block; who reads it is slow, not gone
                select.select([], [self], [])
            return taken
        except OSError as error:
            with contextlib.suppress(OSError):
                _to_null_device(self.fileno())
            self.on_failure(error)
            return memoryview(data).nbytes


@contextlib.contextmanager
def forgiving_output(prog):
    """A block in which whatever is written to stdout and stderr costs at most what it would have shown. Streams that somebody else has put
    there, as a notebook does, stay as they are.

    Args:
        prog: the script's file name, with which the line begins that tells of results that could not be printed.
    """
    before = sys.stdout, sys.stderr
    forgive_output(prog)
    ours = sys.stdout, sys.stderr
    try:
        yield
    finally:
        for stream in {*ours} - {*before}:
            stream.flush()
        sys.stdout, sys.stderr = before


def forgive_output(prog):
    """Have whatever is written to stdout and stderr from now on cost at most what it would have shown, in a process that ends with its
    work.

    Args:
        prog: see `forgiving_output`.
    """

    def tell(error):
        if not isinstance(error, BrokenPipeError):  # as that of `| head`, which has read enough
            lost = "what it would have shown is lost, the files in --out are not"
            print(f"{prog}: warning: stdout cannot be written ({error.strerror}): {lost}", file=sys.stderr)

    _open_standard_descriptors()
    for name, descriptor, on_failure in (("stdout", 1, tell), ("stderr", 2, lambda error: None)):
        stream, original = getattr(sys, name), getattr(sys, f"__{name}__")
        if stream is not None and getattr(stream, "closed", False):
            stream = None
        if stream is None or (stream is original and _is_plain(stream)):
            setattr(sys, name, _forgiving(stream, descriptor, on_failure))


def _open_standard_descriptors():
    """Open those of stdin, stdout and stderr that are closed on the null device: the next file that is opened would get their number."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)


def _is_plain(stream):
    """Whether a stream writes to a file descriptor; a console of Windows does not."""
    return isinstance(getattr(stream.buffer, "raw", stream.buffer), io.FileIO)


def _forgiving(stream, descriptor, on_failure):
    """A stream like the one given, which may be None."""
    raw = ForgivingFile(descriptor, on_failure)
    if stream is None:
        return io.TextIOWrapper(io.BufferedWriter(raw), "utf-8", "backslashreplace", line_buffering=True)
    stream.flush()
    return io.TextIOWrapper(
        raw if stream.write_through else io.BufferedWriter(raw),  # the first under `python -u`: nothing waits in a buffer
        stream.encoding,
        stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _to_null_device(descriptor):
    null_device = os.open(os.devnull, os.O_RDWR)
    os.dup2(null_device, descriptor)
    os.close(null_device)


def one_line(message):
    """The message in a line that every stream takes, also if it names a file whose name is not UTF-8."""
    return " ".join(str(message).encode(errors="backslashreplace").decode().split())


def fail(prog, message):
    """End the script with one line on stderr and the status of bad input."""
    print(f"{prog}: error: {one_line(message)}", file=sys.stderr)
    raise SystemExit(BAD_INPUT)
