"""Two processes never train the same cell, and what a killed one leaves is taken over and put right."""

import os
import signal
import threading
import time
from contextlib import closing

import pytest

from common.deadline import Deadline
from common.store import cells, locks
from common.store.layout import checkpoint_path
from common.store.locks import Locks
from common.sweep import sweep
from tests.support.scripts import tables_of
from tests.support.sweeps import DATA, EXPERIMENT, cell, held_elsewhere, run
from tests.support.undrawn import run_undrawn


def test_a_lock_keeps_another_process_out_and_goes_with_it(tmp_path):
    lines = []
    with closing(Locks(tmp_path, lines.append)) as ours, held_elsewhere(tmp_path, "a", "b") as other:
        assert not ours.take("a") and not ours.take("b") and ours.take("c")
        threading.Timer(0.5, other.kill).start()
        with ours.held("a", "waiting"):
            assert other.wait() == -signal.SIGKILL
        assert lines == ["waiting"] and ours.take("b")


def test_a_file_system_without_locks_is_told_of_once(tmp_path, monkeypatch):
    def unsupported(*_):
        raise OSError(37, "No locks available")

    lines = []
    monkeypatch.setattr(locks, "_lock_byte", unsupported)
    with closing(Locks(tmp_path, lines.append)) as ours:
        assert ours.take("a") and ours.take("b")
        ours.release("a")
    assert len(lines) == 1 and "cannot be locked (No locks available)" in lines[0]


@pytest.mark.slow
def test_what_another_process_trains_is_left_to_it_until_it_is_dead(tmp_path):
    other = cell(base_learning_rate=0.2)
    lines = []
    with held_elsewhere(tmp_path / "exp_x", cell().id) as holder:

        def log(line):
            lines.append(line)
            if "another process" in line:
                assert cells.is_done(other, tmp_path) and not cell().folder(tmp_path).exists()
                holder.kill()

        assert sweep.run([cell(), other], EXPERIMENT, DATA, tmp_path, log=log) == sweep.Result([], [])
    assert cells.is_done(cell(), tmp_path) and "training the last 1 of the cells" in lines[-1]


@pytest.mark.slow
@pytest.mark.parametrize("fresh", [False, True])
def test_what_another_process_has_done_meanwhile_is_not_done_again(fresh, tmp_path):
    run([cell()], tmp_path / "elsewhere")
    if fresh:
        run([cell()], tmp_path)  # is to be done again, and will have been, by the other
    with held_elsewhere(tmp_path / "exp_x", cell().id) as holder:

        def be_done_elsewhere():
            time.sleep(1)
            cell().folder(tmp_path).exists() and cell().folder(tmp_path).rename(tmp_path / "old")
            cell().folder(tmp_path).parent.mkdir(parents=True, exist_ok=True)
            cell().folder(tmp_path / "elsewhere").rename(cell().folder(tmp_path))
            os.utime(cell().folder(tmp_path) / "cell.json")
            holder.kill()

        threading.Thread(target=be_done_elsewhere).start()
        assert run([cell()], tmp_path, fresh=fresh)[:2] == ([], [])


@pytest.mark.slow
def test_waiting_for_another_process_ends_with_the_deadline(tmp_path):
    with held_elsewhere(tmp_path / "exp_x", cell().id):
        result = sweep.run([cell()], EXPERIMENT, DATA, tmp_path, sweep.Options(deadline=Deadline(1)), lambda _: None)
    assert result == sweep.Result([], [cell()])


@pytest.mark.slow
def test_what_a_killed_process_left_is_put_right_but_not_under_the_hands_of_a_living_one(tmp_path):
    others = [cell(base_learning_rate=learning_rate) for learning_rate in (0.2, 0.3)]
    run([cell(), *others], tmp_path)
    folder = cell().folder(tmp_path)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    folder.rename(folder.with_name(f".replaced-{folder.name}"))  # killed between the two renamings
    unfinished = [other.folder(tmp_path).with_name(f".unfinished-{folder.name}") for other in others]
    for path in unfinished:
        path.mkdir()
    state = checkpoint_path(cell(), tmp_path)
    state.parent.mkdir(parents=True)
    state.with_name(f".unfinished-{state.name}").write_bytes(b"half")
    with held_elsewhere(tmp_path / "exp_x", others[1].id):
        assert run([cell(), others[0]], tmp_path)[0] == []
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files
    assert {*folder.parents[1].glob("*/*")} == {folder, *(other.folder(tmp_path) for other in others), unfinished[1]}
    assert os.listdir(state.parent) == []


@pytest.mark.slow
def test_two_calls_at_once_share_the_cells_and_leave_what_one_leaves(tmp_path):
    words = ["--datasets", "digits", "--losses", "cross_entropy", "mse_linear", "--epochs", "1", "--seeds", "1", "--quiet"]
    both = tmp_path / os.fsdecode(b"two calls \xff")
    alone = run_undrawn("exp_a_loss.py", tmp_path / "alone", *words)
    assert alone.returncode == 0, alone.stderr
    done = []
    calls = [threading.Thread(target=lambda: done.append(run_undrawn("exp_a_loss.py", both, *words))) for _ in range(2)]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert [call.returncode for call in done] == [0, 0], [call.stderr for call in done]
    assert all(call.stdout == alone.stdout for call in done)
    one, two = (out / "exp_a_loss" for out in (tmp_path / "alone", both))
    assert tables_of(one) == tables_of(two)
    assert sorted(path.name for path in one.iterdir()) == sorted(path.name for path in two.iterdir())
    assert {path.relative_to(one) for path in one.glob("cells/*/*")} == {path.relative_to(two) for path in two.glob("cells/*/*")}


@pytest.mark.slow
def test_a_cell_is_replaced_only_while_no_process_reads_it(tmp_path):
    run([cell()], tmp_path)
    before, lines = cells.written_at(cell(), tmp_path), []
    with held_elsewhere(tmp_path / "exp_x", locks.RESULTS) as reader:

        def log(line):
            lines.append(line)
            if line == locks.RESULTS_WAITING:
                assert cells.written_at(cell(), tmp_path) == before
                reader.kill()

        sweep.run([cell()], EXPERIMENT, DATA, tmp_path, sweep.Options(fresh=True), log)
    assert locks.RESULTS_WAITING in lines and cells.written_at(cell(), tmp_path) > before
    assert list(tmp_path.glob("exp_x/cells/*/*")) == [cell().folder(tmp_path)]
