"""A script that is killed at any moment, again and again, ends with the very tables of an undisturbed run."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from tests.support.scripts import ROOT, tables_of
from tests.support.undrawn import run_undrawn

WORDS = ["--datasets", "moons", "--activations", "relu", "sigmoid", "--epochs", "60", "--seeds", "2", "--checkpoint-every", "0"]
STAGES = ("loading", "starting", "training", "saving", "writing tables", "drawing")
STATUS = {signal.SIGKILL: (-signal.SIGKILL,), signal.SIGTERM: (143, -signal.SIGTERM), signal.SIGINT: (130, -signal.SIGINT)}
KILLS = [  # (stage, --jobs, signal)
    ("starting", 2, signal.SIGINT),
    ("training", 1, signal.SIGTERM),
    ("saving", 2, signal.SIGKILL),
    ("drawing", 1, signal.SIGKILL),
]
MORE = int(os.environ.get("KILLS", "0"))  # KILLS=100 pytest -m slow -s tests/common/sweep/test_killed.py takes a quarter of an hour


class Call:
    """A call of exp_b_activation.py in a process group of its own, to which signals get as a terminal sends them."""

    def __init__(self, out, words):
        self.out = out
        self.stdout, self.stderr = out.parent / "stdout", out.parent / "stderr"
        with self.stdout.open("wb") as stdout, self.stderr.open("wb") as stderr:
            # pytest may run with SIGINT ignored, as what a shell runs in the background does; children would inherit that.
            before = signal.signal(signal.SIGINT, signal.default_int_handler)
            self.process = subprocess.Popen(
                [sys.executable, ROOT / "exp_b_activation.py", "--out", out, *words], stdout=stdout, stderr=stderr, start_new_session=True
            )
            signal.signal(signal.SIGINT, before)

    def stage(self):
        """The stage of the training."""
        folder = self.out / "exp_b_activation"
        if self.stdout.stat().st_size:
            return "drawing"
        if not (folder / ".lock").exists():
            return "loading"
        if "training on" not in self.stderr.read_text():
            return "starting"
        if any(folder.glob("*.csv")) or len(list(folder.glob("cells/moons*/seeds-*"))) == 2:
            return "writing tables"
        return "saving" if any(folder.glob("checkpoints/moons*/seeds-*")) else "training"

    def kill(self, stage, seconds, number):
        """Kill it so many seconds after it has got to a stage; its stage then, and how it ended: 0 if it was done before."""
        while self.process.poll() is None and STAGES.index(self.stage()) < STAGES.index(stage):
            time.sleep(0.02)
        try:
            return "done", self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            stage = self.stage()
            os.killpg(self.process.pid, number)
            return stage, self.process.wait(timeout=120)


def check_end(out, said, expected):
    """The tables are the expected ones, and nothing unfinished is left."""
    assert tables_of(out / "exp_b_activation") == expected
    left = [path for path in out.rglob("*") if path.name.startswith((".unfinished", ".replaced")) or "checkpoints/" in str(path)]
    assert not left and "py: warning" not in said, (left, said)


@pytest.mark.slow
def test_calls_that_are_killed_at_any_stage_are_gone_on_with_and_end_with_the_tables_of_an_undisturbed_one(tmp_path, capsys):
    """Each is gone on with by the next, in another number of processes; one that was done before begins with nothing."""
    undisturbed = run_undrawn("exp_b_activation.py", tmp_path / "undisturbed", *WORDS)
    assert undisturbed.returncode == 0, undisturbed.stderr
    expected = tables_of(tmp_path / "undisturbed" / "exp_b_activation")
    assert len(expected) > 5
    moments, hits, out = random.Random(0), Counter(), tmp_path / "killed"
    further = [(moments.choice(STAGES), moments.choice((1, 2)), moments.choice([*STATUS])) for _ in range(MORE)]
    for stage, jobs, number in [*KILLS, *further]:
        call = Call(out, [*WORDS, "--jobs", str(jobs)])
        stage, status = call.kill(stage, moments.uniform(0, 3 if MORE else 0.3), number)
        said = call.stderr.read_text()
        # Python's own words are let pass: before a line of ours runs, and after the last.
        assert "Traceback" not in said or stage == "loading" or "report.html are in" in said, said
        hits[stage] += 1
        if status == 0:
            check_end(out, said, expected)
            shutil.rmtree(out)
        else:
            assert status in STATUS[number], (status, number, stage, said)
    with capsys.disabled():
        print(f"\nkilled in: {dict(hits)}")
    last = Call(out, [*WORDS, "--jobs", "2"])
    assert last.process.wait() == 0, last.stderr.read_text()
    check_end(out, last.stderr.read_text(), expected)
    assert {"starting", "drawing"} <= set(hits) and set(hits) & {"training", "saving"}
