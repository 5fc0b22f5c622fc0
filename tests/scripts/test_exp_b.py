"""Experiment B end to end: its tables against Keras and NumPy, starts that kill units, its figures, its page."""

import json

import keras
import numpy as np
import pandas as pd
import pytest

import exp_b_activation
from common import data
from common.experiment import Cell
from tests.support.mlp import build_mlp
from tests.support.scripts import ROOT, run_script, run_without_tensorflow, tables_of

EPOCHS = 12
WORDS = ["--datasets", "circles", "--epochs", EPOCHS, "--seeds", "2"]
REFERENCE = ROOT.parent / "shared" / "reference" / "exp_b.csv"


@pytest.fixture(scope="module")
def circles(tmp_path_factory):
    """A short run on circles: its folder and the finished process."""
    out = tmp_path_factory.mktemp("b")
    return out / "exp_b_activation", run_script("exp_b_activation.py", out, *WORDS)


@pytest.fixture(scope="module")
def dropped(tmp_path_factory):
    """A short run that compares two starts."""
    out = tmp_path_factory.mktemp("b")
    words = ["--datasets", "circles", "--activations", "relu", "leaky_relu", "--bias-drop", "0", "0.03"]
    return out / "exp_b_activation", run_script("exp_b_activation.py", out, *words, "--epochs", "40", "--seeds", "2")


def read(folder, name):
    return pd.read_csv(folder / f"{name}.csv")


def test_every_activation_has_its_row_on_stdout(circles):
    _, process = circles
    assert process.returncode == 0, process.stderr
    lines = process.stdout.splitlines()
    assert lines[0] == "Two circles: 2 seeds, 12 epochs, batch 700, small initialisation, rate 0.01"
    assert [line.split()[0] for line in lines[2:5]] == ["relu", "leaky_relu", "sigmoid"]
    assert max(map(len, lines)) <= 80


def test_an_arm_ends_where_keras_alone_ends(circles):
    (x, y), test = data.load("circles")
    keras.utils.set_random_seed(1)
    model = build_mlp(2, 2, (256, 128), "leaky_relu", init=lambda: keras.initializers.RandomNormal(stddev=0.01))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.AdamW(0.01, weight_decay=0.01), loss=loss, metrics=["accuracy"])
    losses = model.fit(x, y, batch_size=700, epochs=EPOCHS, shuffle=False, verbose=0).history["loss"]
    history = read(circles[0], "history").query("activation == 'leaky_relu' and seed == 1")
    np.testing.assert_allclose(history["train_loss"], losses, rtol=1e-3)
    assert history["test_accuracy"].iloc[-1] == pytest.approx(model.evaluate(*test, verbose=0)[1], abs=0.01)


def test_summary_measures_are_those_of_the_tables(circles):
    folder, _ = circles
    layers, units, summary = (read(folder, name) for name in ("layers", "units", "summary"))
    for (activation, seed), of_run in layers.groupby(["activation", "seed"]):
        row = summary[(summary["activation"] == activation) & (summary["seed"] == seed)].iloc[0]
        hidden, last = of_run[of_run["layer"] != "logits"], of_run[of_run["epoch"] == EPOCHS].set_index("layer")
        assert row["mean_inactive_fraction"] == pytest.approx(hidden["inactive_fraction"].mean())
        assert row["final_grad_mean_abs"] == pytest.approx(last["grad_mean_abs"].mean())
        for layer in ("hidden_1", "hidden_2"):
            for quantity in ("always_off_fraction", "dead_fraction", "dormant_fraction"):
                assert row[f"final_{quantity}_{layer}"] == last.loc[layer, quantity]
        of_units = units[(units["activation"] == activation) & (units["seed"] == seed)]
        assert len(of_units) == 256 + 128
        assert row["revived_fraction"] == pytest.approx((of_units["revivals"] > 0).mean())
        assert row["ever_off_fraction"] == pytest.approx(of_units["first_off_epoch"].notna().mean())


def test_a_diverged_run_has_no_measures_and_the_others_keep_theirs(circles):
    tables = {name: read(circles[0], name) for name in ("layers", "units", "summary")}
    layers, keys = tables["layers"], ["dataset", "activation", "seed"]
    before = exp_b_activation.measure(tables, keys).set_index(keys)
    lost = (layers["activation"] == "relu") & (layers["seed"] == 1) & (layers["epoch"] > 5)
    layers.loc[lost, layers.columns[layers.columns.get_loc("layer") + 1 :]] = np.nan
    after = exp_b_activation.measure(tables, keys).set_index(keys)
    assert after.loc["circles", "relu", 1].isna().all()
    others = after.index != ("circles", "relu", 1)
    pd.testing.assert_frame_equal(after[others], before[others])


@pytest.mark.slow
def test_a_sweep_of_which_every_run_diverges_is_told_as_that_without_a_warning(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONWARNINGS", "error::RuntimeWarning,error::UserWarning")
    words = ["--datasets", "moons", "--activations", "relu", "sigmoid", "--lr", "1e30", "--epochs", "3", "--seeds", "2"]
    process = run_script("exp_b_activation.py", tmp_path, *words)
    assert process.returncode == 0 and "Warning" not in process.stderr, process.stderr
    assert [line[-6:] for line in process.stdout.splitlines()[1:4]] == ["verged", "2 of 2", "2 of 2"]
    folder = tmp_path / "exp_b_activation"
    history, layers, summary, table, claims = (read(folder, name) for name in ("history", "layers", "summary", "table", "claims"))
    assert summary["diverged"].all() and (table["diverged_mean"] == 1).all() and len(history) == 12
    assert history.query("epoch == 3")["test_loss"].isna().all() and ",nan," in (folder / "history.csv").read_text()
    assert layers["weight_norm"].isna().any() and not layers["weight_norm"].isna().all()  # Sigmoid's layers, whose gradients are 0
    assert (claims["verdict"] == "inconclusive").all()
    page = (folder / "report.html").read_text()
    assert "2 of 2" in page and page.count("<img") >= 10


def test_relu_kills_units_that_leaky_relu_only_quietens_and_sigmoid_never_switches_off(circles):
    last = read(circles[0], "layers").query("epoch == @EPOCHS and layer == 'hidden_2'").groupby("activation")
    dead, off = last["dead_fraction"].mean(), last["always_off_fraction"].mean()
    assert dead["relu"] == off["relu"] > 0.2 and dead["leaky_relu"] == 0 < off["leaky_relu"]
    assert off["sigmoid"] == 0


def test_the_grid_of_the_decision_boundary_holds_the_outputs_of_the_saved_weights(circles):
    folder, _ = circles
    (cell,) = (folder / "cells").glob("circles-relu-*")
    with np.load(cell / "boundary.npz", allow_pickle=False) as arrays:
        x, outputs = arrays["x"], arrays["outputs"]
    assert x.shape == (101 * 101, 2) and outputs.shape == (2, 101 * 101, 2)
    (x_train, _), (x_test, y_test) = data.load("circles")
    assert (x.min(axis=0) < x_train.min(axis=0)).all() and (x.max(axis=0) > x_train.max(axis=0)).all()
    assert len(np.unique(x[:, 0])) == len(np.unique(x[:, 1])) == 101 and x[0, 1] == x[1, 1]
    # The points of the grid next to the test points are classified as the test points are, but for those at the boundary.
    nearest = ((x_test[:, None] - x[None]) ** 2).sum(-1).argmin(1)
    accuracy = (outputs[1, nearest].argmax(-1) == y_test).mean()
    history = read(folder, "history").query("activation == 'relu' and seed == 1")
    assert accuracy == pytest.approx(history["test_accuracy"].iloc[-1], abs=0.02)


def test_figures_and_page_are_drawn(circles):
    folder, process = circles
    kinds = ["activations_circles_leaky_relu", "activations_circles_relu", "activations_circles_sigmoid"]
    kinds += [f"{kind}_circles" for kind in ("boundaries", "curves", "final_accuracy", "gradients", "layers", "off", "units", "updates")]
    assert sorted(path.stem for path in folder.glob("*.png")) == kinds
    device, done = process.stderr.splitlines()
    assert device == "exp_b_activation.py: circles: training on CPU"
    assert done == f"exp_b_activation.py: 11 figures, tables and report.html are in {folder}"
    assert (folder / "report.html").read_text().count('<img src="data:image/png;base64,') == 11


@pytest.mark.slow
def test_a_second_call_trains_nothing_and_gives_the_same_tables(circles):
    folder, process = circles
    tables = tables_of(folder)
    again = run_without_tensorflow("exp_b_activation.py", folder.parent, *WORDS)
    assert again.returncode == 0, again.stderr
    assert again.stdout == process.stdout and tables_of(folder) == tables


@pytest.mark.slow
def test_a_start_is_an_arm_only_where_starts_are_compared(circles, dropped):
    assert list(read(circles[0], "table").columns[:3]) == ["dataset", "activation", "n"]
    assert list(read(dropped[0], "table").columns[:4]) == ["dataset", "activation", "bias_drop", "n"]
    assert list(read(dropped[0], "history").columns[:5]) == ["dataset", "activation", "bias_drop", "seed", "epoch"]
    for folder, _ in (circles, dropped):
        (cell,) = (folder / "cells").glob("circles-relu-0.01-0.0-*")  # the same cell in both
        assert json.loads((cell / "cell.json").read_text())["arm"] == {"activation": "relu", "base_learning_rate": 0.01, "bias_drop": 0.0}


@pytest.mark.slow
def test_lowered_biases_kill_relu_at_a_cost_that_leaky_relu_does_not_pay(dropped):
    folder, process = dropped
    assert process.returncode == 0, process.stderr
    summary = read(folder, "summary").set_index(["activation", "bias_drop", "seed"])
    np.testing.assert_array_equal(summary.xs(0.0, level="bias_drop")["accuracy_cost"], 0)
    accuracy = summary["final_test_accuracy"]
    for activation, seed in (("relu", 0), ("relu", 1), ("leaky_relu", 1)):
        cost = accuracy[activation, 0.0, seed] - accuracy[activation, 0.03, seed]
        assert summary.loc[(activation, 0.03, seed), "accuracy_cost"] == pytest.approx(cost)
    dropped_runs = summary.xs(0.03, level="bias_drop")
    assert (dropped_runs.loc["relu", "final_dead_fraction_hidden_2"] == 1).all() and (dropped_runs.loc["relu", "accuracy_cost"] > 0.3).all()
    assert (dropped_runs.loc["leaky_relu", "final_always_off_fraction_hidden_2"] < 0.5).all()
    assert (dropped_runs.loc["leaky_relu", "accuracy_cost"] < 0.1).all()
    lines = process.stdout.splitlines()
    assert lines[0] == "Two circles: 2 seeds, 40 epochs, batch 700, small initialisation, rate 0.01"
    assert lines[1].split()[:5] == ["activation", "bias", "drop", "test", "accuracy"] and "cost" in lines[1]
    assert max(map(len, lines)) <= 80
    figures = {path.stem for path in folder.glob("*.png")}
    assert {"cost_circles", "layers_circles_0.0", "layers_circles_0.03", "units_circles_0.0", "units_circles_0.03"} <= figures


def test_the_bias_drop_lowers_the_first_biases_of_the_hidden_layers_and_nothing_else():
    settings = {"experiment": "b", "dataset": "moons", "seeds": (0,), "epochs": 1, "batch_size": 700, "init": "report", "data": ""}
    weights = []
    for drop in (0.0, 0.25):
        keras.utils.set_random_seed(0)
        cell = Cell(arm={"activation": "relu", "base_learning_rate": 0.01, "bias_drop": drop}, **settings)
        weights.append(exp_b_activation.build_model(cell, 2, 2).get_weights())
    for position, (plain, low) in enumerate(zip(*weights, strict=True)):
        np.testing.assert_allclose(plain - low, 0.25 if position in (1, 3) else 0, atol=1e-7)


@pytest.mark.slow
@pytest.mark.skipif(not REFERENCE.is_file(), reason="the report's tables are not beside this checkout")
def test_the_reports_inactive_fractions_come_out_within_four_points(tmp_path):
    """The whole default run, two to four minutes."""
    assert run_script("exp_b_activation.py", tmp_path).returncode == 0
    ours = read(tmp_path / "exp_b_activation", "table").set_index(["dataset", "activation"])["mean_inactive_fraction_mean"]
    report = pd.read_csv(REFERENCE).query("source == 'csv'").set_index(["dataset", "activation"])["inactive_percent"]
    for dataset in ("moons", "circles"):
        for activation in ("relu", "leaky_relu"):
            assert 100 * ours[dataset, activation] == pytest.approx(report[dataset, activation], abs=4)
        assert ours[dataset, "sigmoid"] == report[dataset, "sigmoid"] == 0
