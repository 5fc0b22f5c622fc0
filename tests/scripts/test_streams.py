"""Whatever becomes of stdin, stdout, stderr or the terminal: the status and the files of an ordinary call."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

import pytest

from tests.support.scripts import ROOT, files_of, run_script

WORDS = ["--datasets", "moons", "--activations", "relu", "sigmoid", "--epochs", "2", "--seeds", "1"]
IGNORING_SIGHUP = (
    "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)


def command(out, *words):
    return [sys.executable, str(ROOT / "exp_b_activation.py"), "--out", str(out), *words]


def left_by(out):
    """All that a call left, figures too, and whether there is a page."""
    figures = {path.name: path.read_bytes() for path in out.rglob("*.png")}
    return files_of(out), figures, (out / "exp_b_activation" / "report.html").exists()


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory):
    """The files and the stdout of an ordinary call."""
    out = tmp_path_factory.mktemp("ordinary")
    process = run_script("exp_b_activation.py", out, *WORDS)
    assert process.returncode == 0, process.stderr
    return *left_by(out), process.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("redirection", "shown", "words"),
    [
        ("2>&-", True, []),
        ("<&- >&- 2>&-", False, ["--jobs", "2"]),
        (">/dev/full 2>&1", False, []),
        ("1</dev/null 2</dev/null", False, []),  # open, for reading
        ("> >(exit) 2>&1", False, ["--jobs", "2"]),  # a pipe that nobody reads
    ],
)
def test_a_channel_that_is_closed_or_full_costs_what_it_would_have_shown_and_nothing_else(tmp_path, ordinary, redirection, shown, words):
    *files, stdout = ordinary
    call = ["bash", "-c", f'"$0" "$@" {redirection}', *command(tmp_path, *WORDS, *words)]
    process = subprocess.run(call, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    assert list(left_by(tmp_path)) == files
    assert process.stdout == (stdout if shown else "")
    assert "Traceback" not in process.stderr and "Exception ignored" not in process.stderr


@pytest.mark.parametrize("redirection", [">&-", "2>&-", ">/dev/full", "2>/dev/full", "> >(exit)", "2> >(exit)"])
@pytest.mark.parametrize(("word", "status"), [("--help", 0), ("--nonsense", 2)])
def test_help_and_mistakes_keep_their_status(tmp_path, redirection, word, status):
    process = subprocess.run(["bash", "-c", f'"$0" "$@" {redirection}', *command(tmp_path, word)], capture_output=True, text=True)
    assert process.returncode == status and "Traceback" not in process.stderr and "Exception ignored" not in process.stderr


def test_a_full_stdout_is_told_in_a_line_on_stderr(tmp_path):
    with open("/dev/full", "w") as full:
        process = subprocess.run(command(tmp_path, "--help"), stdout=full, stderr=subprocess.PIPE, text=True)
    assert process.returncode == 0 and process.stderr.count("\n") == 1
    assert process.stderr.startswith("exp_b_activation.py: warning: stdout cannot be written (No space left on device)")


class UntilGone:
    """A script on a terminal of its own, the controlling one, that is closed once the trainings are under way."""

    def __init__(self, out, *words, before=()):
        self.process, master = pty.fork()
        if self.process == 0:
            python, *script = command(out, *words)
            os.execv(python, [python, *before, *script])
        shown, deadline = b"", time.monotonic() + 120
        while not re.search(rb": epoch ([2-9]|\d\d)", shown):  # so the first state has been saved, where each is
            assert select.select([master], [], [], max(0, deadline - time.monotonic()))[0], shown
            shown += os.read(master, 65536)
        os.close(master)

    def status(self):
        deadline = time.monotonic() + 200
        while time.monotonic() < deadline:
            ended, status = os.waitpid(self.process, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.1)
        os.kill(self.process, signal.SIGKILL)
        pytest.fail("it does not end")


@pytest.mark.slow
def test_a_terminal_that_vanishes_costs_nothing_where_sighup_is_ignored_as_under_nohup(tmp_path):
    words = [*WORDS[:4], "sigmoid", "--epochs", "150", "--seeds", "1"]
    assert UntilGone(tmp_path / "gone", *words, "--jobs", "2", before=["-c", IGNORING_SIGHUP]).status() == 0
    assert run_script("exp_b_activation.py", tmp_path / "ordinary", *words).returncode == 0
    assert left_by(tmp_path / "gone") == left_by(tmp_path / "ordinary")


@pytest.mark.slow
def test_a_terminal_that_vanishes_ends_a_script_in_good_order_where_sighup_is_not_ignored(tmp_path):
    words = [*WORDS[:4], "sigmoid", "--epochs", "100000", "--seeds", "1", "--checkpoint-every", "0", "--max-minutes", "5"]
    assert UntilGone(tmp_path, *words).status() == 129
    assert list(tmp_path.rglob("checkpoints/*/*.npz")) and not list(tmp_path.rglob("cells/*"))
