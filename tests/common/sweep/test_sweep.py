"""Cells on disk: whole or not at all, trained once, trained again only when a setting changes or it is asked for."""

import io
import json
import os
import platform
import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pandas as pd
import pytest
import rich.console

from common.errors import BadInput
from common.store import provenance, tables
from common.sweep import progress
from common.training.events import EpochDone, Started
from kerascope.monitors import ActivationMonitor, GradientMonitor
from tests.support.sweeps import cell, run

FILES = ("histograms.npz", "history.csv", "layers.csv")


def ids_in(root):
    """The ids of the cells on disk."""
    return [path.parent.relative_to(root / "exp_x" / "cells").as_posix() for path in root.glob("exp_x/cells/*/*/cell.json")]


def test_a_cells_folder_holds_its_tables_histograms_weights_and_settings(tmp_path):
    one = cell()
    run([one], tmp_path)
    folder = tmp_path / "exp_x" / "cells" / one.id
    assert sorted(os.listdir(folder)) == ["cell.json", "correct.npz", "final.weights.h5", *FILES]
    history = pd.read_csv(folder / "history.csv")
    measured = ["learning_rate", "train_loss", "train_accuracy", "test_loss", "test_accuracy", "train_grad_norm"]
    assert list(history.columns) == ["seed", "epoch", *measured]
    assert history[["seed", "epoch"]].to_numpy().tolist() == [[0, 1], [0, 2], [3, 1], [3, 2]]
    layers = pd.read_csv(folder / "layers.csv")
    quantities = [*GradientMonitor.quantities, *ActivationMonitor.quantities]
    assert list(layers.columns) == ["seed", "epoch", "layer", *(quantity.name for quantity in quantities)]
    assert layers["layer"].tolist() == ["hidden_1", "logits"] * 4
    assert layers["saturated_fraction"].isna().all() and ",nan," not in (folder / "layers.csv").read_text()
    record = json.loads((folder / "cell.json").read_text())
    assert record["seeds"] == [0, 3] and record["settings"] == one.settings and record["device"] == "CPU"
    assert record["seconds"] > 0 and record["versions"]["keras"] == keras.__version__
    assert record["command"] == sys.argv and record["git"] == provenance.git_state() and record["python"] == platform.python_version()
    assert record["threads"] == len(os.sched_getaffinity(0)) and record["deterministic"] is False and record["host"] == platform.node()
    with np.load(folder / "histograms.npz", allow_pickle=False) as arrays:
        assert arrays["epochs"].tolist() == [0, 1, 2]


@pytest.mark.slow
def test_a_second_call_does_only_what_is_not_done(tmp_path):
    assert run([cell()], tmp_path)[0] == [cell().id]
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    other = cell(base_learning_rate=0.2)
    assert run([cell(), other], tmp_path)[0] == [other.id]
    assert all(path.read_bytes() == content for path, content in before.items())
    assert run([cell(), other], tmp_path)[0] == []
    assert run([cell()], tmp_path, fresh=True)[0] == [cell().id]


@pytest.mark.slow
def test_training_again_gives_the_same_tables_byte_for_byte(tmp_path):
    for root in ("a", "b"):
        run([cell()], tmp_path / root)
    for name in ("history.csv", "layers.csv"):
        a, b = (cell().folder(tmp_path / root) / name for root in ("a", "b"))
        assert a.read_bytes() == b.read_bytes()


def test_a_cell_that_fails_is_reported_and_the_others_go_on(tmp_path):
    broken = cell("broken")
    trained, failed, lines = run([broken, cell()], tmp_path)
    assert trained == [broken.id, cell().id] and failed == [broken]
    (line,) = (line for line in lines if "failed" in line)
    assert "moons broken" in line and "a layer fell off" in line
    assert ids_in(tmp_path) == [cell().id]


@pytest.mark.slow
def test_an_interrupted_cell_leaves_nothing_and_the_finished_ones_stay(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run([cell(), cell("interrupted")], tmp_path)
    assert ids_in(tmp_path) == [cell().id]


@pytest.mark.slow
@pytest.mark.parametrize("function", ["write_bytes", "rename"])
def test_a_cell_that_cannot_be_written_leaves_the_one_that_it_was_to_replace(function, tmp_path, monkeypatch):
    original = getattr(Path, function)

    def fail_for_the_new_one(path, *args):
        if path.name.startswith(".unfinished") or path.parent.name.startswith(".unfinished"):
            raise OSError(28, "No space left on device")
        return original(path, *args)

    run([cell()], tmp_path)
    before = {path.name: path.read_bytes() for path in cell().folder(tmp_path).iterdir()}
    monkeypatch.setattr(Path, function, fail_for_the_new_one)
    with pytest.raises(OSError, match="No space left"):
        run([cell()], tmp_path, fresh=True)
    assert ids_in(tmp_path) == [cell().id]
    assert {path.name: path.read_bytes() for path in cell().folder(tmp_path).iterdir()} == before


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    root = tmp_path_factory.mktemp("trained")
    run([cell()], root)
    return root


@pytest.mark.parametrize("name", ["history.csv", "layers.csv", "histograms.npz", "final.weights.h5", "cell.json"])
@pytest.mark.parametrize("harm", ["missing", "cut", "altered"])
def test_a_folder_that_was_tampered_with_is_named_with_what_to_do(name, harm, trained, tmp_path):
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    path = cell().folder(tmp_path) / name
    content = path.read_bytes()
    path.unlink()
    if harm == "cut":
        path.write_bytes(content[: len(content) // 2])
    if harm == "altered":
        path.write_bytes(content.replace(b"0", b"1", 1))
    if name == "cell.json" and harm == "altered":
        path.write_text(json.dumps({**json.loads(content), "id": "other"}))
    with pytest.raises(BadInput) as error:
        run([cell()], tmp_path)
    message = str(error.value)
    assert cell().id in message and name in message and "--fresh" in message and "\n" not in message


@pytest.mark.slow
def test_fresh_replaces_a_folder_that_was_tampered_with(trained, tmp_path):
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    (cell().folder(tmp_path) / "history.csv").unlink()
    assert run([cell()], tmp_path, fresh=True)[0] == [cell().id]
    assert run([cell()], tmp_path)[0] == []


def test_values_that_are_not_finite_are_written_as_what_they_are(tmp_path):
    table = pd.DataFrame({"train_loss": np.array([0.1, np.nan, np.inf], "float32"), "epochs_to_target_mean": [1.0, np.nan, 2.5]})
    tables.write_table(table, tmp_path / "t.csv", left_empty=["epochs_to_target_mean", "absent"])
    assert (tmp_path / "t.csv").read_text() == "train_loss,epochs_to_target_mean\n0.1,1.0\nnan,\ninf,2.5\n"


def test_the_progress_shows_the_cells_at_work_and_the_share_that_is_done(monkeypatch):
    console = rich.console.Console(file=io.StringIO(), force_terminal=True, width=100)
    monkeypatch.setattr(progress, "Console", lambda **_: console)
    monkeypatch.setattr(sys, "stderr", SimpleNamespace(isatty=lambda: True))
    cells = [cell(epochs=epochs) for epochs in range(4, 16)]

    def lines():
        with console.capture() as drawn:
            shown.draw()
        return re.sub(r"\x1b\[[^a-zA-Z]*[a-zA-Z]", "", drawn.get()).replace("\r", "").splitlines()

    with progress.SweepProgress({one.id: 1.0 for one in cells}, lambda one: f"cell of {one.epochs}") as shown:
        for one in cells[:10]:
            shown.show(Started(one, "CPU", 0))
        shown.show(EpochDone(cells[1], "CPU", 4, 0.25, 0.5))
        first, *others = lines()
        assert first.startswith("0/12 cells") and first.strip().endswith("left; 2 more at work") and shown.all.tasks[0].completed == 4 / 5
        assert [line.strip() for line in others[:2]] == ["cell of 4: building", "cell of 5: epoch 4/5, loss 0.25, accuracy 50.0 %"]
        assert len(others) == 8
        shown.show(Started(cells[1], "CPU", 1))  # again, for its process was lost
        assert shown.all.tasks[0].completed == pytest.approx(1 / 5)
        for one in cells:
            shown.end(one)
        shown.show(EpochDone(cells[0], "CPU", 4, 0.5, 0.5))  # from another process, whose outcome came first
        (last,) = lines()
        assert last.startswith("12/12 cells") and last.strip().endswith("taken")


@pytest.mark.slow
def test_a_cell_without_one_of_its_measurements_has_failed(tmp_path, monkeypatch):
    monkeypatch.setattr(GradientMonitor, "build_measure", lambda self: 1 / 0)
    _, failed, lines = run([cell()], tmp_path)
    assert [c.id for c in failed] == [cell().id] and any("GradientMonitor measures nothing" in line for line in lines)


@pytest.mark.slow
def test_tensorboard_logs_hold_what_keras_and_the_monitors_log(tmp_path):
    event_accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator", reason="TensorBoard is not installed")
    run([cell()], tmp_path, tensorboard=True)
    folder = tmp_path / "exp_x" / "tensorboard" / cell().id / "train"
    events = event_accumulator.EventAccumulator(str(folder))
    events.Reload()
    assert {"epoch_loss", "epoch_accuracy", "epoch_grad_norm"} <= set(events.Tags()["tensors"])
    of_layers = event_accumulator.EventAccumulator(str(folder.parent))
    of_layers.Reload()
    assert {"grad_norm/hidden_1", "dead_fraction/hidden_1", "gradient/hidden_1"} <= set(of_layers.Tags()["tensors"])
