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

KILLS = int(os.environ.get("KILLS", "12"))  # KILLS=100 pytest -m slow -s tests/common/sweep/test_killed.py takes a quarter of an hour
WORDS = ["--datasets", "moons", "--activations", "relu", "sigmoid", "--epochs", "60", "--seeds", "2", "--checkpoint-every", "0"]
STATUS = {signal.SIGKILL: (-signal.SIGKILL,), signal.SIGTERM: (143, -signal.SIGTERM), signal.SIGINT: (130, -signal.SIGINT)}


class Call:
    """A call of exp_b_activation.py in a process group of its own, to which signals get as a terminal sends them."""

    def __init__(self, out, words):
        self.out, self.began = out, time.monotonic()
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
        if any(folder.glob("*.csv")) or len(list(folder.glob("cells/moons*"))) == 2:
            return "writing tables"
        return "training"

    def kill_after(self, seconds, number):
        """Its stage, and how it ended: 0 if it was done before."""
        try:
            status = self.process.wait(timeout=max(0, seconds - (time.monotonic() - self.began)))
            return "done", status
        except subprocess.TimeoutExpired:
            stage = self.stage()
            os.killpg(self.process.pid, number)
            return stage, self.process.wait(timeout=120)


def torment(folder, words, kills, seed):
    """Kill calls at random moments, `kills` in all, each gone on with by the next; whenever one gets to its end, its tables are compared,
    and the next begins with nothing. Returns how often each stage was hit."""
    undisturbed = Call(folder / "undisturbed", words)
    assert undisturbed.process.wait() == 0, undisturbed.stderr.read_text()
    seconds = time.monotonic() - undisturbed.began
    expected = tables_of(folder / "undisturbed" / "exp_b_activation")
    assert len(expected) > 5
    moments, hits, out = random.Random(seed), Counter(), folder / "killed"
    while True:
        ended = sum(hits.values()) == kills
        number = moments.choice([*STATUS])
        call = Call(out, words)
        stage, status = call.kill_after(1e6 if ended else moments.uniform(0, seconds), number)
        said = call.stderr.read_text()
        # Python's own words are let pass: before a line of ours runs, and after the last.
        assert "Traceback" not in said or stage == "loading" or "report.html are in" in said, said
        if status == 0:
            assert tables_of(out / "exp_b_activation") == expected
            left = [path for path in out.rglob("*") if path.name.startswith((".unfinished", ".replaced")) or "checkpoints/" in str(path)]
            assert not left and "py: warning" not in said, (left, said)
            shutil.rmtree(out)
            if ended:
                return hits
        else:
            assert status in STATUS[number], (status, number, stage, said)
            hits[stage] += 1


@pytest.mark.slow
@pytest.mark.parametrize(("jobs", "kills"), [(1, KILLS), (2, KILLS // 4)])
def test_many_kills(jobs, kills, tmp_path, capsys):
    hits = torment(tmp_path, [*WORDS, "--jobs", str(jobs)], kills, seed=jobs)
    with capsys.disabled():
        print(f"\n--jobs {jobs}, killed in: {dict(hits)}")
    assert jobs > 1 or {"training", "drawing"} <= set(hits)
    assert jobs > 1 or kills < 100 or {"loading", "starting"} <= set(hits)


@pytest.mark.slow
def test_a_kill(tmp_path):
    torment(tmp_path, [*WORDS[:3], "relu", *WORDS[5:]], 1, seed=5)
