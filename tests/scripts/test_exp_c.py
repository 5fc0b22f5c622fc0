"""Experiment C end to end: its tables and its optimizers against formulas, files of Fashion-MNIST, and how a script ends."""

import itertools
import signal
import time

import keras
import numpy as np
import pandas as pd
import pytest

import exp_c_optimizer
from common import deadline, figures
from common.experiment import Cell
from common.figures.saved import SavedFigure, png_of, save, svg_of
from common.training.checkpoint import Checkpoint
from tests.support.fashion_files import made_up, write
from tests.support.frames import result_tables
from tests.support.scripts import REAL, run_script
from tests.support.terminal import OnATerminal
from tests.support.undrawn import run_here

ARM = ["optimizer", "base_learning_rate", "schedule"]


def run(out, *words, **kwargs):
    return run_script("exp_c_optimizer.py", out, *words, **kwargs)


@pytest.fixture(scope="module")
def digits(short_run):
    """A short run on Digits, of two seeds."""
    return short_run("exp_c_optimizer")


def test_tables_have_the_columns_of_the_design_and_agree_with_each_other(digits):
    history, layers, summary, table = map(digits.table, ("history", "layers", "summary", "table"))
    measured = ["learning_rate", "train_loss", "train_accuracy", "test_loss", "test_accuracy", "train_grad_norm"]
    assert list(history.columns) == ["dataset", *ARM, "seed", "epoch", *measured]
    assert len(history) == 6 * 2 * 3 and len(layers) == 6 * 2 * 3 * 3 and len(summary) == 6 * 2 and len(table) == 6
    decayed = history.query("schedule == 'exponential' and optimizer == 'adam' and seed == 1")
    np.testing.assert_allclose(decayed["learning_rate"], [0.01, 0.0095, 0.009025], rtol=1e-6)
    last = history.query("epoch == 3").set_index([*ARM, "seed"])["test_accuracy"]
    np.testing.assert_array_equal(summary.set_index([*ARM, "seed"])["final_test_accuracy"], last)
    means = summary.groupby(ARM, sort=False)["final_test_accuracy"].mean()
    np.testing.assert_allclose(table.set_index(ARM)["final_test_accuracy_mean"], means)
    first = history.query("epoch == 1 and schedule == 'constant'").set_index(["optimizer", "seed"])["train_loss"]
    paired = history.query("epoch == 1 and schedule == 'exponential'").set_index(["optimizer", "seed"])["train_loss"]
    np.testing.assert_array_equal(first, paired)  # same weights, same batches, and the rate has not decayed yet


def test_sharpness_is_measured_at_stages_beside_the_limit_of_the_rate(digits):
    sharpness = digits.table("sharpness")
    assert list(sharpness.columns) == ["dataset", *ARM, "seed", "epoch", "sharpness", "sharpness_error", "stability_limit"]
    assert sharpness["epoch"].unique().tolist() == [0, 1, 2, 3] and len(sharpness) == 6 * 2 * 4
    start = sharpness.query("epoch == 0").groupby("seed")["sharpness"]
    assert (start.nunique() == 1).all() and (start.first() > 0).all()  # a seed has the same weights in every arm
    limits = sharpness.query("seed == 0 and schedule == 'exponential'").pivot(index="epoch", columns="optimizer", values="stability_limit")
    np.testing.assert_allclose(limits["sgd"], 200 / 0.95 ** np.arange(4), rtol=1e-5)
    np.testing.assert_allclose(limits["momentum"], 380 / 0.95 ** np.arange(4), rtol=1e-5)
    assert limits["adam"].isna().all()


def test_the_figures_of_the_experiment_are_drawn(digits):
    of_rate = {"curves_lr0.01", "gradients_lr0.01", "activations_hidden_1", "activations_hidden_2"}  # what compares rates needs several
    assert digits.figures() == of_rate | {
        "decay",
        "final_accuracy",
        "loss_and_accuracy",
        "schedule",
        "sharpness",
        "sum_of_rates",
        "updates",
    }


@pytest.mark.slow
def test_fashion_mnist_is_trained_from_files(tmp_path, caplog):
    write(tmp_path / "data", made_up(), "idx.gz")
    words = ["--datasets", "fashion_mnist", "--data-dir", tmp_path / "data", "--optimizers", "adam", "--schedules", "constant"]
    assert run_here(exp_c_optimizer, tmp_path / "out", *words, "--lr", "0.001", "--epochs", "12", "--seeds", "1") == 0
    assert f"{tmp_path / 'data'} holds 120 + 40 images" in caplog.text
    summary = pd.read_csv(tmp_path / "out" / "exp_c_optimizer" / "summary.csv")
    assert summary["final_test_accuracy"].item() > 0.9  # each class has a bright row of its own


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_dir(), reason="the real Fashion-MNIST is not beside this checkout")
def test_the_real_fashion_mnist_is_used_by_default_where_it_is_on_disk(tmp_path, caplog):
    words = ["--optimizers", "momentum", "--schedules", "constant", "--lr", "0.01", "--epochs", "1", "--seeds", "1"]
    assert run_here(exp_c_optimizer, tmp_path, *words, keras_home=REAL) == 0 and "warning" not in caplog.text
    accuracy = pd.read_csv(tmp_path / "exp_c_optimizer" / "summary.csv").set_index("dataset")["final_test_accuracy"]
    assert 0.79 < accuracy["fashion_mnist"] < 0.86


@pytest.mark.slow
def test_divergence_is_a_result_and_figures_of_other_calls_do_not_stay(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONWARNINGS", "error::RuntimeWarning,error::UserWarning")
    folder = tmp_path / "exp_c_optimizer"
    folder.mkdir()
    runs = pd.DataFrame({"rate": [7.0], "seed": 0, "final_test_accuracy": 0.5, "diverged": False})
    drawing = figures.accuracy_figure(result_tables(runs, ["rate"]), ["rate"])
    save(
        png_of(drawing, "", ""), svg_of(drawing.figure), SavedFigure("curves_digits_lr7.png", "", "", ""), folder / "curves_digits_lr7.png"
    )
    (folder / "mine.png").write_bytes(b"drawn by someone else")
    process = run(tmp_path, "--lr", "1e10", "0.1", "--optimizers", "sgd", "--schedules", "constant", "--epochs", "2", "--seeds", "2")
    assert process.returncode == 0 and "Warning" not in process.stderr, process.stderr
    rows = [line for line in process.stdout.splitlines() if line.startswith("sgd ")]
    assert [line[-6:] for line in rows] == ["2 of 2", "0 of 2"]
    assert ",nan," in (folder / "history.csv").read_text()
    assert pd.read_csv(folder / "summary.csv")["diverged"].tolist() == [True, True, False, False]
    there = {path.name for path in folder.iterdir()}
    assert {"curves_digits_lr1e+10.png", "curves_digits_lr0.1.png", "mine.png"} <= there and "curves_digits_lr0.1.svg" in there
    assert not {"curves_digits_lr7.png", "curves_digits_lr7.svg"} & there


@pytest.mark.slow
def test_a_terminal_shows_progress_until_ctrl_c_keeps_what_is_finished_and_the_same_command_goes_on_quietly_if_asked(tmp_path):
    words = ["--lr", "0.01", "--optimizers", "sgd", "--epochs", "250", "--seeds", "1"]
    terminal = OnATerminal(tmp_path, *words)
    cells = tmp_path / "exp_c_optimizer" / "cells"
    done = "[!.]*/[!.]*/cell.json"
    last = time.monotonic() + 120
    while not any(cells.glob(done)) and time.monotonic() < last:
        time.sleep(0.05)
    terminal.process.send_signal(signal.SIGINT)
    status, shown = terminal.finish()
    assert status == 130 and "Traceback" not in shown
    assert all(part in shown for part in ("0/2 cells", "1/2 cells", "digits sgd 0.01 constant"))
    (kept,) = cells.glob(done)
    before = kept.stat().st_mtime_ns
    status, shown = OnATerminal(tmp_path, *words, "--quiet").finish()
    assert status == 0 and all(line.startswith("exp_c_optimizer.py: ") for line in shown.splitlines()), shown
    assert len(list(cells.glob(done))) == 2 and kept.stat().st_mtime_ns == before


class Looks:
    """A clock that goes on by a second at each look of a deadline."""

    def __init__(self):
        self.monotonic = itertools.count().__next__


@pytest.mark.slow
def test_max_minutes_stops_in_time_and_the_next_call_goes_on(tmp_path, capsys, monkeypatch):
    words = ["--lr", "0.01", "--optimizers", "sgd", "--epochs", "20", "--seeds", "1", "--datasets", "digits"]
    with monkeypatch.context() as patch:
        patch.setattr(deadline, "time", Looks())
        assert run_here(exp_c_optimizer, tmp_path, *words, "--max-minutes", "0.5") == 0
    assert "1 of 2 cells are left" in capsys.readouterr().err.splitlines()[-1]
    ((kept, before),) = ((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("cell.json"))
    (state,) = tmp_path.rglob("checkpoints/*/*.npz")
    assert 0 < Checkpoint(state.read_bytes()).epoch < 20
    assert run_here(exp_c_optimizer, tmp_path, *words) == 0
    history = pd.read_csv(tmp_path / "exp_c_optimizer" / "history.csv")
    assert history["epoch"].tolist() == [*range(1, 21)] * 2
    assert kept.stat().st_mtime_ns == before and not list(tmp_path.rglob("checkpoints/*"))


@pytest.mark.parametrize("schedule", ["constant", "exponential"])
@pytest.mark.parametrize("name", ["sgd", "momentum", "adam"])
def test_each_optimizer_updates_as_the_reports_formulas_say(name, schedule):
    """Two epochs of three steps on f(w) = w^2 / 2, against the formulas in float64."""
    settings = dict(zip(ARM, (name, 0.1, schedule), strict=True))
    optimizer = exp_c_optimizer.build_optimizer(settings, steps_per_epoch=3)
    weight = keras.Variable([1.0, -2.0])
    w, v, m, s = np.array([1.0, -2.0]), 0.0, 0.0, 0.0
    for step in range(6):
        optimizer.apply([keras.ops.convert_to_tensor(weight.value)], [weight])
        rate = 0.1 * (0.95 ** (step // 3) if schedule == "exponential" else 1)
        g = w.copy()
        if name == "sgd":
            w = w - rate * g
        elif name == "momentum":
            v = 0.9 * v + rate * g
            w = w - v
        else:
            m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
            t = step + 1
            w = w - rate * (m / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.999**t)) + 1e-7)
    np.testing.assert_allclose(np.array(weight), w, rtol=1e-4)


@pytest.mark.parametrize("name", exp_c_optimizer.CONTROL_OPTIMIZERS)
def test_the_optimizers_of_controls_are_adam_but_for_one_part(name):
    """Three steps on f(w) = w^2 / 2, against the formulas in float64."""
    optimizer = exp_c_optimizer.build_optimizer(dict(zip(ARM, (name, 0.1, "constant"), strict=True)), steps_per_epoch=3)
    weight, w = keras.Variable([[1.0, -2.0]]), np.array([[1.0, -2.0]])
    m, s, beta = 0.0, 0.0, 0.0 if name == "adam_without_momentum" else 0.9
    for t in range(1, 4):
        optimizer.apply([keras.ops.convert_to_tensor(weight.value)], [weight])
        g = w.copy()
        m, s = beta * m + (1 - beta) * g, 0.999 * s + 0.001 * (np.mean(g**2) if name == "tensor_adam" else g**2)
        step = 0.1 * (m / (1 - beta**t)) / (np.sqrt(s / (1 - 0.999**t)) + 1e-7)
        if name == "sign_descent":
            step = 0.1 * np.sign(g)
        if name == "grafted":
            step = g / np.linalg.norm(g) * np.linalg.norm(step)
        w = w - step
    np.testing.assert_allclose(np.array(weight), w, rtol=1e-4)


@pytest.mark.parametrize("epochs", [1, 7, pytest.param(100, marks=pytest.mark.slow)])
def test_the_late_schedule_begins_as_the_constant_rate_and_ends_as_decay_does(epochs):
    settings = {**dict(zip(ARM, ("sgd", 0.1, "late"), strict=True))}
    optimizer = exp_c_optimizer.build_optimizer(Cell("", "", settings, (), epochs, ""), steps_per_epoch=2)
    weight, rates = keras.Variable([0.0]), []
    for _ in range(2 * epochs):
        rates.append(float(optimizer.learning_rate))
        optimizer.apply([keras.ops.zeros(1)], [weight])
    late = int(np.ceil(epochs / 5))
    np.testing.assert_allclose(rates[: 2 * (epochs - late)], 0.1, rtol=1e-6)
    np.testing.assert_allclose(rates[-2:], 0.1 * 0.95 ** (epochs - 1), rtol=1e-5)
    assert (np.diff(rates) <= 0).all() and len(set(rates[-2 * late :])) == late


class Probe:
    """As much of `CellSamples` as interventions ask for."""

    def probe(self):
        return np.zeros((4, 2), "float32"), np.zeros(4, "int32")


@pytest.mark.parametrize(
    ("knob", "value", "acts"),
    [
        ("jump", 1000, {(6, 1): [1000, 1000, 1000]}),
        ("first_gradient", 0.001, {(epoch, step): [0.001, 1, 1] for epoch in range(1, 11) for step in (1, 2)}),
        ("silent_first", 0.2, {(epoch, step): [0, 1, 1] for epoch in (6, 7) for step in (1, 2)}),
    ],
)
def test_a_knob_changes_the_gradients_of_the_layers_and_steps_that_it_names(knob, value, acts):
    """Factors for hidden_1, hidden_2 and logits in each of two steps of ten epochs."""
    cell = Cell("", "", {"batch_norm": False, "init": "glorot", "dropout": 0.0, knob: value}, (0,), 10, "")
    (change,) = exp_c_optimizer.build_interventions(cell, Probe()).values()
    change.choose_layers(exp_c_optimizer.build_model(cell, 2, 3))
    found = {(epoch, step): change.amounts(epoch, [step])[0].tolist() for epoch in range(1, 11) for step in (1, 2)}
    assert {key: factors for key, factors in found.items() if factors != [1, 1, 1]} == acts


def test_a_rate_is_moved_to_a_multiple_of_its_limit_after_half_of_the_epochs():
    (move,) = exp_c_optimizer.build_interventions(Cell("", "", {"times_limit": 2}, (0,), 10, ""), Probe()).values()
    assert (move.multiple, move.after_epoch) == (2, 5)


def test_without_a_knob_nothing_intervenes():
    assert exp_c_optimizer.build_interventions(Cell("", "", {}, (0,), 10, ""), Probe()) == {}
