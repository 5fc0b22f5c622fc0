"""Experiment A end to end: its tables against Keras itself, its figures, its page."""

import json

import keras
import numpy as np
import pandas as pd
import pytest

import exp_a_loss
from common import data
from common.losses import mse_softmax
from kerascope.seed_stack import batch_order
from tests.support.mlp import build_mlp
from tests.support.scripts import REAL, run_script, run_without_tensorflow, tables_of

EPOCHS, SEEDS = 5, (0, 3)


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """A short run on Digits: its folder and the finished process."""
    out = tmp_path_factory.mktemp("a")
    return out / "exp_a_loss", run_script("exp_a_loss.py", out, "--epochs", EPOCHS, "--seeds", *SEEDS)


def read(folder, name):
    return pd.read_csv(folder / f"{name}.csv")


def test_every_loss_has_its_row_on_stdout(digits):
    _, process = digits
    assert process.returncode == 0, process.stderr
    lines = process.stdout.splitlines()
    assert lines[0] == "Digits: 2 seeds, 5 epochs, batch 64, report initialisation, rate 0.001"
    assert [line.split()[0] for line in lines[2:5]] == ["cross_entropy", "mse_softmax", "mse_linear"]
    assert max(map(len, lines)) <= 80


def test_an_arm_ends_where_keras_alone_ends(digits):
    """The history of MSE on softmax against `keras.Model.fit` with AdamW on the same batches."""
    folder, _ = digits
    (x, y), (x_test, y_test) = data.load("digits")
    keras.utils.set_random_seed(3)
    model = build_mlp(64, 10, (256, 128))
    model.compile(keras.optimizers.AdamW(0.001, weight_decay=0.01), loss=mse_softmax, metrics=["accuracy"])
    for epoch in range(EPOCHS):
        order = batch_order(3, epoch, len(x))
        model.fit(x[order], y[order], batch_size=64, shuffle=False, verbose=0)
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    logits = model.predict(x_test, verbose=0).astype("float64")
    cross_entropy = (np.log(np.exp(logits).sum(1)) - logits[np.arange(len(y_test)), y_test]).mean()
    last = read(folder, "history").query("loss == 'mse_softmax' and seed == 3 and epoch == @EPOCHS").iloc[0]
    assert last["test_loss"] == pytest.approx(loss, rel=1e-3)
    assert last["test_accuracy"] == pytest.approx(accuracy, abs=1e-6)
    assert last["test_cross_entropy"] == pytest.approx(cross_entropy, rel=1e-3)


def test_cross_entropy_is_its_own_yardstick(digits):
    history = read(digits[0], "history").query("loss == 'cross_entropy'")
    np.testing.assert_allclose(history["test_cross_entropy"], history["test_loss"], rtol=1e-5)


def test_the_softmax_of_raw_regression_outputs_has_a_floor_above_zero(digits):
    """Outputs that hit the one-hot labels exactly still have the cross-entropy log(1 + 9 / e) = 1.461."""
    floor = np.log(1 + 9 / np.e)
    history = read(digits[0], "history").query("loss == 'mse_linear' and epoch == @EPOCHS")
    assert ((history["test_cross_entropy"] > floor - 0.1) & (history["test_cross_entropy"] < floor + 0.3)).all()


def test_summary_measures_are_those_of_the_tables(digits):
    folder, _ = digits
    logits, history, summary, table = (read(folder, name) for name in ("logits", "history", "summary", "table"))
    assert logits["epoch"].unique().tolist() == [0, 1, 2, 3, 4, 5] and len(logits) == 3 * 2 * 6
    for (loss, seed), run in logits.groupby(["loss", "seed"]):
        row = summary[(summary["loss"] == loss) & (summary["seed"] == seed)].iloc[0]
        assert row["relative_loss"] == pytest.approx(run["probe_loss"].iloc[-1] / run["probe_loss"].iloc[0], rel=1e-5)
        assert row["vanished_fraction"] == run["vanished_fraction"].iloc[-1]
        assert row["most_vanished_fraction"] == run["vanished_fraction"].max()
        yardstick = history[(history["loss"] == loss) & (history["seed"] == seed)]["test_cross_entropy"].iloc[-1]
        assert row["final_test_cross_entropy"] == yardstick
    np.testing.assert_allclose(table["relative_loss_mean"], summary.groupby("loss", sort=False)["relative_loss"].mean())


def test_the_first_cross_entropy_is_that_of_a_uniform_guess_and_all_arms_start_with_the_same_logits(digits):
    start = read(digits[0], "logits").query("epoch == 0").set_index(["loss", "seed"])
    np.testing.assert_allclose(start.loc["cross_entropy", "probe_loss"], np.log(10), rtol=0.02)
    for column in ("logit_mean", "logit_std", "misclassified_fraction"):
        arms = [start.loc[loss, column].to_numpy() for loss in exp_a_loss.LOSSES]
        np.testing.assert_array_equal(arms[0], arms[1])
        np.testing.assert_array_equal(arms[0], arms[2])


def test_a_cell_keeps_the_logits_sample_by_sample_at_four_stages(digits):
    folder, _ = digits
    for cell in (folder / "cells").iterdir():
        with np.load(cell / "logits.npz", allow_pickle=False) as arrays:
            assert arrays["epochs"].tolist() == [0, 1, 3, 5]
            assert arrays["logits"].shape == (4, 2, 256, 10) and arrays["gradient_norm"].shape == (4, 2, 256)


def test_figures_and_page_are_drawn(digits):
    folder, process = digits
    figures = sorted(path.name for path in folder.glob("*.png"))
    assert figures == [f"{kind}_digits.png" for kind in ("curves", "final_accuracy", "gradients", "logit_gradients", "logits")]
    assert process.stderr.splitlines()[-1] == f"exp_a_loss.py: 5 figures, tables and report.html are in {folder}"
    page = (folder / "report.html").read_text()
    assert page.count('<img src="data:image/png;base64,') == 5 and "http" not in page.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.slow
def test_a_second_call_trains_nothing_and_gives_the_same_tables(digits):
    folder, process = digits
    tables = tables_of(folder)
    again = run_without_tensorflow("exp_a_loss.py", folder.parent, "--epochs", EPOCHS, "--seeds", *SEEDS)
    assert again.returncode == 0, again.stderr
    assert again.stdout == process.stdout and tables_of(folder) == tables


@pytest.mark.slow
def test_losses_and_rate_are_flags_and_two_initialisations_are_compared(tmp_path):
    words = ["--losses", "mse_linear", "--lr", "1e30", "--init", "report", "glorot", "--epochs", "1", "--seeds", "1"]
    process = run_script("exp_a_loss.py", tmp_path, *words)
    assert process.returncode == 0 and "Warning" not in process.stderr, process.stderr
    lines = process.stdout.splitlines()
    assert lines[0] == "Digits: 1 seed, 1 epoch, batch 64, rate 1e+30"
    assert [line.split()[:2] + line.split()[-3:] for line in lines[2:4]] == [
        ["mse_linear", init, "1", "of", "1"] for init in ("report", "glorot")
    ]
    assert read(tmp_path / "exp_a_loss", "summary")["init"].tolist() == ["report", "glorot"]
    assert len(list((tmp_path / "exp_a_loss").glob("*.png"))) == 5


@pytest.mark.slow
def test_batch_normalisation_is_an_arm_of_its_own_and_its_claim_is_decided(tmp_path):
    process = run_script("exp_a_loss.py", tmp_path, "--losses", "cross_entropy", "--batch-norm", "--epochs", "10", "--seeds", "5")
    assert process.returncode == 0, process.stderr
    folder = tmp_path / "exp_a_loss"
    summary, claims, answers = (read(folder, name) for name in ("summary", "claims", "answers"))
    assert summary["batch_norm"].tolist() == [False] * 5 + [True] * 5
    assert sorted(json.loads((cell / "cell.json").read_text())["batch_norm"] for cell in (folder / "cells").iterdir()) == [False, True]
    fall = summary.set_index(["batch_norm", "seed"])["idle_fall"]
    decided = claims.set_index("id").loc["Q2-batch-norm"]
    assert decided["n"] == 5 and decided["estimate"] == pytest.approx((fall[False] - fall[True]).mean())
    assert process.stdout.split("Q2-batch-norm")[1].splitlines()[0].split()[-1] == decided["verdict"]
    assert claims.set_index("id")["note"].loc[["A-speed", "Q2-dropout"]].tolist() == ["needs loss mse_softmax", "needs --dropout"]
    assert (folder / "claims_digits.png").exists() and "Q2-batch-norm is" in answers[answers["id"] == "Q2"]["answer"].item()
    page = (folder / "report.html").read_text()
    assert "Q2-batch-norm" in page and answers["question"].iloc[0] in page


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_dir(), reason="the real Fashion-MNIST is not beside this checkout")
def test_on_fashion_mnist_mse_on_softmax_gives_samples_up_that_cross_entropy_does_not(tmp_path):
    words = ["--datasets", "fashion_mnist", "--losses", "cross_entropy", "mse_softmax", "--epochs", "6", "--seeds", "2"]
    assert run_script("exp_a_loss.py", tmp_path, *words, keras_home=REAL).returncode == 0
    last = read(tmp_path / "exp_a_loss", "logits").query("epoch == 6").groupby("loss")["vanished_fraction"]
    assert last.max()["cross_entropy"] == 0 and last.min()["mse_softmax"] > 0
