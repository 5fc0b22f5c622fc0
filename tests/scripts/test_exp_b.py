"""Experiment B end to end: its tables against Keras and NumPy, and starts that kill units."""

import json
import re

import keras
import numpy as np
import pandas as pd
import pytest

import exp_b_activation
from common.data.datasets import find
from tests.support.mlp import build_mlp
from tests.support.scripts import ROOT, run_script
from tests.support.undrawn import run_here

pytestmark = pytest.mark.slow  # plain pytest runs the script of the README's first command, exp_c_optimizer

EPOCHS = 12
LAYERS = ("hidden_1", "hidden_2")
REFERENCE = ROOT.parent / "shared" / "reference" / "exp_b.csv"


@pytest.fixture(scope="module")
def circles(short_run):
    """A short run on circles, of two seeds."""
    return short_run("exp_b_activation")


@pytest.fixture(scope="module")
def dropped(tmp_path_factory):
    """The folder of a short run that compares two starts."""
    out = tmp_path_factory.mktemp("b")
    words = ["--datasets", "circles", "--activations", "relu", "leaky_relu", "--bias-drop", "0", "0.03"]
    process = run_script("exp_b_activation.py", out, *words, "--epochs", "40", "--seeds", "2")
    assert process.returncode == 0 and max(map(len, process.stdout.splitlines())) <= 80, process.stderr
    return out / "exp_b_activation"


def read(folder, name):
    return pd.read_csv(folder / f"{name}.csv")


def test_an_arm_ends_where_keras_alone_ends(circles):
    (x, y), test = find("circles").samples.of(1)
    keras.utils.set_random_seed(1)
    model = build_mlp(2, 2, (256, 128), "leaky_relu", init=lambda: keras.initializers.RandomNormal(stddev=0.01))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.AdamW(0.01, weight_decay=0.01), loss=loss, metrics=["accuracy"])
    losses = model.fit(x, y, batch_size=700, epochs=EPOCHS, shuffle=False, verbose=0).history["loss"]
    history = circles.table("history").query("activation == 'leaky_relu' and seed == 1")
    np.testing.assert_allclose(history["train_loss"], losses, rtol=1e-3)
    assert history["test_accuracy"].iloc[-1] == pytest.approx(model.evaluate(*test, verbose=0)[1], abs=0.01)


def test_summary_measures_are_those_of_the_tables(circles):
    keys = ["activation", "seed"]
    layers, units, summary = (circles.table(name).set_index(keys) for name in ("layers", "units", "summary"))
    last, of_units = layers.query("epoch == @EPOCHS"), units.groupby(keys)
    assert (of_units.size() == 256 + 128).all()
    expected = {
        "mean_inactive_fraction": layers.query("layer != 'logits'").groupby(keys)["inactive_fraction"].mean(),
        "final_grad_mean_abs": last.groupby(keys)["grad_mean_abs"].mean(),
        "revived_fraction": (units["revivals"] > 0).groupby(keys).mean(),
        "ever_off_fraction": units["first_off_epoch"].notna().groupby(keys).mean(),
        "returned_fraction": (~units[units["first_off_epoch"].notna()]["off_at_end"].astype(bool)).groupby(keys).mean(),
    }
    expected |= {
        f"mean_grad_norm_{layer}": layers.query("layer == @layer").groupby(keys)["grad_norm"].mean() for layer in (*LAYERS, "logits")
    }
    for layer in LAYERS:
        for name in ("always_off_fraction", "dead_fraction", "dormant_fraction", "inactive_fraction", "saturated_fraction"):
            expected[f"final_{name}_{layer}"] = last.query("layer == @layer")[name]
    expected["smallest_grad_epoch"] = pd.Series(
        {key: 1.0 + run["train_grad_norm"].to_numpy().argmin() for key, run in circles.table("history").groupby(keys)}
    )
    pd.testing.assert_frame_equal(summary[[*expected]], pd.DataFrame(expected, index=summary.index), check_names=False)
    assert summary[["train_loss_50", "train_loss_150", "rest_loss"]].isna().all(axis=None)  # of twelve epochs


def test_a_diverged_run_has_no_measures_and_the_others_keep_theirs(circles):
    tables = {name: circles.table(name) for name in ("layers", "units", "summary", "history")}
    keys = ["dataset", "activation", "seed"]
    before = exp_b_activation.measure(tables, keys).set_index(keys)
    for name, first in (("layers", "layer"), ("history", "test_accuracy")):
        table = tables[name]
        lost = (table["activation"] == "relu") & (table["seed"] == 1) & (table["epoch"] > 5)
        table.loc[lost, table.columns[table.columns.get_loc(first) + 1 :]] = np.nan
    after = exp_b_activation.measure(tables, keys).set_index(keys)
    assert after.loc["circles", "relu", 1].drop("epochs_to_90_train").isna().all()  # which it may have got to before
    others = after.index != ("circles", "relu", 1)
    pd.testing.assert_frame_equal(after[others], before[others])


@pytest.mark.slow
def test_a_sweep_in_which_every_run_diverges_completes_without_a_warning(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONWARNINGS", "error::RuntimeWarning,error::UserWarning")
    words = ["--datasets", "moons", "--activations", "relu", "sigmoid", "--lr", "1e30", "--epochs", "3", "--seeds", "2"]
    process = run_script("exp_b_activation.py", tmp_path, *words)
    assert process.returncode == 0 and not re.search("RuntimeWarning|UserWarning", process.stderr), process.stderr
    rows = [line for line in process.stdout.splitlines() if line.startswith(("relu ", "sigmoid "))]
    assert [line[-6:] for line in rows] == ["2 of 2", "2 of 2"]
    folder = tmp_path / "exp_b_activation"
    history, layers, summary, table, claims = (read(folder, name) for name in ("history", "layers", "summary", "table", "claims"))
    assert summary["diverged"].all() and (table["diverged_mean"] == 1).all() and len(history) == 12
    assert history.query("epoch == 3")["test_loss"].isna().all() and ",nan," in (folder / "history.csv").read_text()
    assert layers["weight_norm"].isna().any() and not layers["weight_norm"].isna().all()  # Sigmoid's layers, whose gradients are 0
    assert (claims["verdict"] == "not run").all() and "2 of 2" in (folder / "report.html").read_text()


def test_relu_kills_units_that_leaky_relu_only_quietens_and_sigmoid_never_switches_off(circles):
    last = circles.table("layers").query("epoch == @EPOCHS and layer == 'hidden_2'").groupby("activation")
    dead, off = last["dead_fraction"].mean(), last["always_off_fraction"].mean()
    assert dead["relu"] == off["relu"] > 0.2 and dead["leaky_relu"] == 0 < off["leaky_relu"]
    assert off["sigmoid"] == 0


def test_the_grid_of_the_decision_boundary_holds_the_outputs_of_the_saved_weights(circles):
    (cell,) = circles.folder.glob("cells/circles-relu-*/*")
    with np.load(cell / "boundary.npz", allow_pickle=False) as arrays:
        x, outputs = arrays["x"], arrays["outputs"]
    assert x.shape == (101 * 101, 2) and outputs.shape == (2, 101 * 101, 2)
    samples = find("circles").samples
    ((x_train, _), _), (_, (x_test, y_test)) = samples.fixed, samples.of(1)
    assert (x.min(axis=0) < x_train.min(axis=0)).all() and (x.max(axis=0) > x_train.max(axis=0)).all()
    assert len(np.unique(x[:, 0])) == len(np.unique(x[:, 1])) == 101 and x[0, 1] == x[1, 1]
    # The points of the grid next to the test points are classified as the test points are, but for those at the boundary.
    nearest = ((x_test[:, None] - x[None]) ** 2).sum(-1).argmin(1)
    accuracy = (outputs[1, nearest].argmax(-1) == y_test).mean()
    history = circles.table("history").query("activation == 'relu' and seed == 1")
    assert accuracy == pytest.approx(history["test_accuracy"].iloc[-1], abs=0.02)


def test_the_figures_of_the_experiment_are_drawn(circles):
    kinds = {"boundaries", "curves", "final_accuracy", "gradients", "layers", "loss_and_accuracy", "off", "units", "updates"}
    assert circles.figures() == kinds | {f"activations_{layer}" for layer in (*exp_b_activation.HIDDEN, "logits")}


@pytest.mark.slow
def test_a_start_is_an_arm_only_where_starts_are_compared(dropped, tmp_path):
    words = ["--datasets", "circles", "--activations", "relu", "--epochs", "1", "--seeds", "1"]
    assert run_here(exp_b_activation, tmp_path, *words) == 0
    alone = tmp_path / "exp_b_activation"
    assert "bias_drop" not in read(alone, "table") and read(dropped, "history").columns[2] == "bias_drop"
    first, second = (next(folder.glob("cells/circles-relu-0.01-small-*/*")) for folder in (alone, dropped))
    assert json.loads((second / "cell.json").read_text())["settings"] == json.loads((first / "cell.json").read_text())["settings"]


@pytest.mark.slow
def test_lowered_biases_kill_relu_at_a_cost_that_leaky_relu_does_not_pay(dropped):
    summary = read(dropped, "summary").set_index(["bias_drop", "activation", "seed"]).sort_index()
    accuracy = summary["final_test_accuracy"]
    np.testing.assert_array_equal(summary.loc[0.0, "accuracy_cost"], 0)
    np.testing.assert_allclose(summary.loc[0.03, "accuracy_cost"], accuracy[0.0] - accuracy[0.03])
    relu, leaky_relu = (summary.loc[0.03, name] for name in ("relu", "leaky_relu"))
    assert (relu["final_dead_fraction_hidden_2"] == 1).all() and (relu["accuracy_cost"] > 0.3).all()
    assert (leaky_relu["final_always_off_fraction_hidden_2"] < 0.5).all() and (leaky_relu["accuracy_cost"] < 0.1).all()
    figures = {path.stem for path in dropped.glob("*.png")}
    assert {"cost_circles", *(f"{kind}_circles_bias-drop-{drop}" for kind in ("layers", "units") for drop in ("0", "0.03"))} <= figures


@pytest.mark.slow
@pytest.mark.skipif(not REFERENCE.is_file(), reason="the report's tables are not beside this checkout")
def test_the_reports_inactive_fractions_come_out_within_four_points(tmp_path):
    assert run_here(exp_b_activation, tmp_path, "--seeds", "5", "--vary", "weights") == 0  # on the report's points
    ours = read(tmp_path / "exp_b_activation", "table").set_index(["dataset", "activation"])["mean_inactive_fraction_mean"]
    report = pd.read_csv(REFERENCE).query("source == 'csv'").set_index(["dataset", "activation"])["inactive_percent"]
    for dataset in ("moons", "circles"):
        for activation in ("relu", "leaky_relu"):
            assert 100 * ours[dataset, activation] == pytest.approx(report[dataset, activation], abs=4)
        assert ours[dataset, "sigmoid"] == report[dataset, "sigmoid"] == 0
