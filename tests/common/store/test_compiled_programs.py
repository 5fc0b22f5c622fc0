"""Compiled programs are kept from call to call, and nothing that happens to them changes a result or ends a training."""

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import tensorflow as tf

from common import compat
from common.store import compiled_programs
from common.store.compiled_programs import TRIAL_BYTES, CompiledPrograms
from common.training.task import Plan, Task
from common.training.train import CellTraining
from common.training.trainer import Trainer
from tests.support import sweeps
from tests.support.scripts import ROOT, files_of
from tests.support.undrawn import run_undrawn

tried = pytest.mark.skipif(
    not metadata.version("tensorflow").startswith(compat.XLA_CACHE_SEEN_IN) or sys.platform != "linux",
    reason="no compiled programs are kept with this version of TensorFlow",
)

# A process that compiles two programs. Prints how many it was offered, how many are on disk at its end, and the bits of the results.
PROCESS = """
import ctypes, os, signal, sys
from common import devices
from common.store.compiled_programs import CompiledPrograms
from common.store.user_cache import cache_folder

programs = CompiledPrograms(cache_folder())
with programs.asked_for():
    devices.start()
programs.offer()
offered = len(programs.known)
import tensorflow as tf
x = tf.reshape(tf.range(64.0) % 7 - 3, (8, 8)) / 4
with programs.watched():
    results = [tf.function(function, jit_compile=True)(x).numpy() for function in (lambda x: tf.nn.relu(x @ x), lambda x: tf.exp(x) @ x)]
    end = dict(segfault=lambda: ctypes.string_at(0), abort=os.abort, kill=lambda: os.kill(os.getpid(), signal.SIGKILL))
    end.get(sys.argv[1], lambda: None)()
programs.keep()
assert "TF_XLA_FLAGS" not in os.environ
print(offered, len(programs.known), *(result.tobytes().hex() for result in results))
"""


def start(cache, end="well", prefix=(), **kwargs):
    environment = {**os.environ, "NETWORKS_CACHE": str(cache)}
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
    command = [*prefix, sys.executable, "-c", PROCESS, end]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kwargs)


def process(cache, end="well", **kwargs):
    """Run the process; gives `(number offered, number on disk, results, lines on stderr)`, the lines alone if it failed, or the signal that
    ended it, as a negative number."""
    running = start(cache, end, **kwargs)
    out, err = running.communicate(timeout=300)
    if running.returncode:
        return running.returncode if running.returncode < 0 else err
    offered, known, *results = out.split()
    return int(offered), int(known), results, err


def entries(cache):
    return sorted(Path(cache).glob("xla/*/*.pb"))


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A cache with two programs, and their results."""
    cache = tmp_path_factory.mktemp("cache")
    offered, known, results, err = process(cache)
    assert (offered, known, err) == (0, 2, "") and len(entries(cache)) == 2
    return cache, results


DAMAGES = {
    "cut short": lambda content, other: content[:-100],
    "empty": lambda content, other: b"",
    "shorter than a digest": lambda content, other: content[:20],
    "no program": lambda content, other: content[:32],
    "a bit": lambda content, other: content[:-50] + bytes([content[-50] ^ 1]) + content[-49:],
    "garbage": lambda content, other: bytes(range(256)) * 200,
    "another program": lambda content, other: other,
    "TensorFlow's own": lambda content, other: content[32:],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_an_entry_that_is_not_whole_is_removed(damage, tmp_path):
    path, other = tmp_path / "a.pb", tmp_path / "b.pb"
    for entry, program in ((path, b"program" * 99), (other, b"other" * 99)):
        compiled_programs._write(entry, program)
        assert compiled_programs._read(entry) == program
    path.write_bytes(DAMAGES[damage](path.read_bytes(), other.read_bytes()))
    assert compiled_programs._read(path) is None and not path.exists() and other.exists()


@tried
@pytest.mark.slow
def test_damaged_entries_cost_their_compilation_only(filled, tmp_path):
    cache, results = filled
    first, second = entries(cache)
    contents = first.read_bytes(), second.read_bytes()
    first.write_bytes(DAMAGES["a bit"](*contents))
    second.write_bytes(contents[0])
    assert process(cache) == (0, 2, results, "")
    assert process(cache) == (2, 2, results, "")


@tried
@pytest.mark.slow
def test_tensorflow_loads_what_it_is_offered(filled, tmp_path):
    """It fails where an entry is whole by our digest and no program; were it not read, the program would be compiled anew."""
    cache = shutil.copytree(filled[0], tmp_path / "cache")
    for path in entries(cache):
        compiled_programs._write(path, b"whole, but no program")
    assert "tensorflow.python.framework.errors_impl" in process(cache)


@tried
@pytest.mark.slow
@pytest.mark.parametrize("place", ["below a file", "writable by others", "full after a while"])
def test_a_folder_that_cannot_be_used_costs_time_only(place, filled, tmp_path):
    _, results = filled
    cache = tmp_path / "cache"
    if place == "below a file":
        (tmp_path / "file").touch()
        cache = tmp_path / "file" / "cache"
    elif place == "writable by others":
        shutil.copytree(filled[0], cache)
        entries(cache)[0].parent.chmod(0o777)
    limit = TRIAL_BYTES + 100
    kwargs = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))} if place.startswith("full") else {}
    offered, _, found, err = process(cache, **kwargs)
    assert (offered, found, err) == (0, results, "")
    assert len(entries(cache)) == (2 if place == "writable by others" else 0)
    assert not list(tmp_path.rglob(".unfinished-*"))


@tried
@pytest.mark.slow
def test_programs_in_a_folder_that_can_only_be_read_cost_time_only(filled, tmp_path):
    cache = shutil.copytree(filled[0], tmp_path / "cache")
    mount = f"mount --bind {cache} {cache} && mount -o remount,bind,ro {cache}"
    prefix = ["unshare", "-rm", "sh", "-c", f'{mount} && exec "$@"', "sh"]
    if subprocess.run([*prefix, "true"], capture_output=True).returncode:
        pytest.skip("this system lets nobody mount")
    before = {path: path.read_bytes() for path in cache.rglob("*") if path.is_file()}
    assert process(cache, prefix=prefix) == (0, 0, filled[1], "")  # a crash could not be written down there
    assert {path: path.read_bytes() for path in cache.rglob("*") if path.is_file()} == before


@tried
@pytest.mark.slow
def test_a_crash_with_programs_of_earlier_calls_sets_them_aside(filled, tmp_path):
    _, results = filled
    assert process(tmp_path, "abort") == -signal.SIGABRT and not entries(tmp_path)  # with none of earlier calls: they are not to blame
    assert process(tmp_path) == (0, 2, results, "")
    assert process(tmp_path, "segfault") == -signal.SIGSEGV
    offered, known, found, err = process(tmp_path)
    assert (offered, known, found) == (0, 2, results)
    assert err.count("\n") == 1 and str(tmp_path) in err
    assert process(tmp_path, "kill") == -signal.SIGKILL  # which is no crash
    assert process(tmp_path) == (2, 2, results, "")


@tried
@pytest.mark.slow
def test_processes_that_start_together_do_not_disturb_each_other(filled, tmp_path):
    _, results = filled
    running = [start(tmp_path) for _ in range(2)]
    for one in running:
        out, err = one.communicate(timeout=300)
        assert (one.returncode, err) == (0, "") and out.split()[2:] == results
    assert process(tmp_path) == (2, 2, results, "")


HAMMER = """
import sys
from pathlib import Path
from common.store import compiled_programs
compiled_programs.MOST_BYTES = 300_000
programs = compiled_programs.CompiledPrograms(None)
programs.root, folder = Path(sys.argv[1]), Path(sys.argv[1]) / "key"
folder.mkdir(exist_ok=True)
read = 0
for number in range(400):
    path = folder / f"{number // 2 % 5}.pb"
    program = compiled_programs._read(path) if path.exists() else None
    assert program in (None, path.name.encode() * 20_000), "a part of a program was read"
    read += program is not None
    compiled_programs._write(path, path.name.encode() * 20_000)
    programs._remove_oldest()
print(read)
"""


def test_what_several_processes_write_and_remove_is_read_whole_or_not_at_all(tmp_path):
    command = [sys.executable, "-c", HAMMER, tmp_path]
    running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    ends = [(*one.communicate(timeout=100), one.returncode) for one in running]
    assert all(err == "" and status == 0 and int(out) > 0 for out, err, status in ends), ends
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.pb")) <= 300_000 + 5 * 120_000


def test_the_oldest_entries_go_first_whatever_they_are_for(tmp_path, monkeypatch):
    monkeypatch.setattr(compiled_programs, "MOST_BYTES", 3 * 132)
    programs = CompiledPrograms(None)
    programs.root = tmp_path
    for age, name in enumerate(["new/a.pb", "old/b.pb", "new/c.pb", "old/d.pb", "new/.unfinished-e"]):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        compiled_programs._write(tmp_path / name, b"x" * 100)
        os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
    (tmp_path / "new" / ".unfinished-f").touch()
    programs._remove_oldest()
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("*/*")}
    assert left == {"new/a.pb", "old/b.pb", "new/c.pb", "new/.unfinished-f"}


@tried
def test_programs_are_shared_only_where_everything_is_the_same(monkeypatch):
    digest = compiled_programs._digest_of_all_that_matters
    kind = type(compiled_programs._tensorflow())  # not always that of importlib.metadata: setuptools has a copy
    read_text, seen = kind.read_text, {digest(())}
    assert seen == {digest(())}
    changes = [
        lambda patch: patch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=true"),
        lambda patch: patch.setenv("TF_XLA_FLAGS", "--tf_xla_auto_jit=2"),
        lambda patch: patch.setenv("TF_NUM_INTRAOP_THREADS", "7"),
        lambda patch: patch.setattr(compiled_programs, "cores", lambda: [0, 1, 2, 3, 4]),
        lambda patch: patch.setattr(compiled_programs, "_processors", lambda: ["another"]),
        lambda patch: patch.setattr(compiled_programs.platform, "libc_ver", lambda: ("musl", "1.2")),
        lambda patch: patch.setattr(kind, "version", f"{compat.XLA_CACHE_SEEN_IN[0]}.99"),
        lambda patch: patch.setattr(kind, "read_text", lambda self, name: f"{read_text(self, name)}\n"),
    ]
    for change in changes:
        with monkeypatch.context() as patch:
            change(patch)
            seen.add(digest(()))
    assert len({*seen, digest(("on",))}) == len(changes) + 2


@tried
def test_the_cache_is_left_alone_where_it_is_not_ours_or_of_no_use(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "modules", {name: module for name, module in sys.modules.items() if name != "tensorflow"})
    kind = type(compiled_programs._tensorflow())
    changes = [
        lambda patch: patch.setenv("TF_XLA_FLAGS", "--tf_xla_persistent_cache_directory=/mine"),
        lambda patch: patch.setenv("TF_XLA_FLAGS", "flags.txt"),
        lambda patch: patch.setitem(sys.modules, "tensorflow", None),
        lambda patch: patch.setattr(compiled_programs, "GPU_DRIVERS", ("/proc",)),
        lambda patch: patch.setattr(kind, "version", "3.0"),
        lambda patch: patch.setattr(sys, "platform", "win32"),
    ]
    assert CompiledPrograms(tmp_path).root == tmp_path / "xla"
    monkeypatch.setenv("TF_XLA_FLAGS", " --tf_xla_auto_jit=2")
    assert CompiledPrograms(tmp_path).root == tmp_path / "xla"
    for change in changes:
        with monkeypatch.context() as patch:
            change(patch)
            assert CompiledPrograms(tmp_path).root is None
    assert CompiledPrograms(None).root is None and not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("error", "blamed"),
    [
        (tf.errors.InternalError(None, None, "symbols not found"), True),
        (tf.errors.FailedPreconditionError(None, None, "no AOT result"), True),
        (tf.errors.ResourceExhaustedError(None, None, "memory"), False),
        (ValueError("a layer fell off"), False),
    ],
    ids=lambda value: getattr(type(value), "__name__", str(value)),
)
def test_a_training_that_fails_to_load_a_program_begins_anew_without(error, blamed, tmp_path, monkeypatch, caplog):
    trainer, attempts, train = Trainer(), [], CellTraining.run
    compiled_programs._write(tmp_path / "a.pb", b"program")
    trainer.programs.folder, trainer.programs.offered = tmp_path, True
    monkeypatch.setattr(trainer.programs, "watched", contextlib.nullcontext)

    def run(self, pools):
        attempts.append(self)
        if len(attempts) == 1:
            raise error
        return train(self, pools)

    monkeypatch.setattr(CellTraining, "run", run)
    outcome = trainer.train(Task(sweeps.cell()), Plan(sweeps.EXPERIMENT, {"moons": sweeps.DATA["moons"].samples}), emit=lambda event: None)
    assert (outcome.failure is None) == blamed and len(attempts) == 1 + blamed
    assert (
        (tmp_path / "a.pb").exists() != blamed
        and [record.name.startswith("common.") for record in caplog.records].count(True) == blamed
        and trainer.programs.offered != blamed
    )


@tried
@pytest.mark.slow
def test_files_are_the_same_with_a_cache_that_is_empty_or_filled_or_off_and_in_two_processes(tmp_path, monkeypatch):
    words = ["--datasets", "digits", "--optimizers", "adam", "momentum", "--schedules", "constant", "--lr", "0.01", "--seeds", "7"]
    left = {}  # seven seeds and 150 epochs are enough for Adam's training to be compiled, not for momentum's
    for name, cache, jobs in (
        ("empty", "cache", 1),
        ("filled", "cache", 1),
        ("off", "off", 1),
        ("jobs", "cache", 2),
    ):
        monkeypatch.setenv("NETWORKS_CACHE", "off" if cache == "off" else str(tmp_path / cache))
        done = run_undrawn("exp_c_optimizer.py", tmp_path / name, *words, "--epochs", "150", "--jobs", jobs)
        assert done.returncode == 0, done.stderr
        left[name] = files_of(tmp_path / name), len(done.stderr.splitlines()), len(entries(tmp_path / "cache"))
    assert left["empty"][2] > 0 and left["filled"] == left["empty"] and left["off"] == left["empty"]
    assert left["jobs"][0] == left["empty"][0]
