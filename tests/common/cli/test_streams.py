"""What is written to a channel that is closed, full or gone is lost, and nothing else is."""

import contextlib
import errno
import io
import os
import select
import subprocess
import sys
import threading

import pytest

from common.cli import forgiving_output
from common.cli.streams import ForgivingFile
from tests.support.scripts import ROOT


@contextlib.contextmanager
def failing(kind):
    """A file descriptor whose every write fails."""
    if kind == "full":
        descriptor = os.open("/dev/full", os.O_WRONLY)
    elif kind == "read-only":
        descriptor = os.open(os.devnull, os.O_RDONLY)
    elif kind == "gone terminal":
        master, descriptor = os.openpty()
        os.close(master)
    else:
        reader, descriptor = os.pipe()
        os.close(reader)
    yield descriptor
    os.close(descriptor)


@pytest.mark.parametrize(
    ("kind", "number"), [("full", errno.ENOSPC), ("read-only", errno.EBADF), ("gone terminal", errno.EIO), ("no reader", errno.EPIPE)]
)
def test_after_the_first_write_that_fails_every_other_is_taken_also_past_python(kind, number):
    failures = []
    with failing(kind) as descriptor:
        stream = io.TextIOWrapper(io.BufferedWriter(ForgivingFile(descriptor, failures.append)), "utf-8", line_buffering=True)
        print("first", file=stream)
        print("second" * 100_000, file=stream, flush=True)
        assert os.write(descriptor, b"as C++ writes") == 13
        stream.close()
        assert [error.errno for error in failures] == [number]


def test_a_full_pipe_that_does_not_block_is_waited_for():
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    stream, sent, got = io.BufferedWriter(ForgivingFile(writer, pytest.fail)), os.urandom(300_000), []

    def read():
        while part := os.read(reader, 4096):
            got.append(part)

    thread = threading.Thread(target=read)
    thread.start()
    stream.write(sent)
    stream.flush()
    os.close(writer)
    thread.join()
    os.close(reader)
    assert b"".join(got) == sent


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_line_on_stderr_is_shown_at_once(unbuffered):
    """In a pipe too, and whatever Python was told about buffers."""
    code = "import sys; from common.cli import forgiving_output\nwith forgiving_output('x'): print('now', file=sys.stderr); input()"
    command, environment = [sys.executable, "-c", code], {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
    assert select.select([process.stderr], [], [], 60)[0] and process.stderr.readline() == "now\n" and process.poll() is None
    process.communicate("\n")
    assert process.returncode == 0


def test_streams_that_somebody_else_has_put_there_stay(capsys):
    before = sys.stdout, sys.stderr
    with forgiving_output("script.py"):
        assert (sys.stdout, sys.stderr) == before
    assert (sys.stdout, sys.stderr) == before


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_missing_or_closed_stream_is_replaced_within_the_block_alone(monkeypatch, name):
    closed = io.StringIO()
    closed.close()
    for missing in (None, closed):
        monkeypatch.setattr(sys, name, missing)
        with forgiving_output("script.py"):
            stream = getattr(sys, name)
            assert stream.writable() and not stream.closed and stream.encoding == "utf-8"
        assert getattr(sys, name) is missing
