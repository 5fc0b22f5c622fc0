"""Experiment A end to end: its tables against Keras itself."""

import keras
import numpy as np
import pandas as pd
import pytest

import exp_a_loss
from common.data.datasets import find
from common.losses import mse_softmax
from kerascope.seed_stack import batch_order
from tests.support.mlp import build_mlp
from tests.support.scripts import REAL, run_script
from tests.support.undrawn import run_here

pytestmark = pytest.mark.slow  # plain pytest runs the script of the README's first command, exp_c_optimizer

EPOCHS = 5


@pytest.fixture(scope="module")
def digits(short_run):
    """A short run on Digits, of the seeds 0 and 3."""
    return short_run("exp_a_loss")


def test_an_arm_ends_where_keras_alone_ends(digits):
    """The history of MSE on softmax against `keras.Model.fit` with AdamW on the same batches, of the seed's own split."""
    (x, y), (x_test, y_test) = find("digits").samples.of(3)
    keras.utils.set_random_seed(3)
    model = build_mlp(64, 10, (256, 128))
    model.compile(keras.optimizers.AdamW(0.001, weight_decay=0.01), loss=mse_softmax, metrics=["accuracy"])
    for epoch in range(EPOCHS):
        order = batch_order(3, epoch, len(x))
        model.fit(x[order], y[order], batch_size=64, shuffle=False, verbose=0)
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    logits = model.predict(x_test, verbose=0).astype("float64")
    cross_entropy = (np.log(np.exp(logits).sum(1)) - logits[np.arange(len(y_test)), y_test]).mean()
    last = digits.table("history").query("loss == 'mse_softmax' and seed == 3 and epoch == @EPOCHS").iloc[0]
    assert last["test_loss"] == pytest.approx(loss, rel=1e-3)
    assert last["test_accuracy"] == pytest.approx(accuracy, abs=1e-6)
    assert last["test_cross_entropy"] == pytest.approx(cross_entropy, rel=1e-3)


def test_cross_entropy_is_its_own_yardstick_and_that_of_raw_regression_outputs_has_a_floor_above_zero(digits):
    """Outputs that hit the one-hot labels exactly still have the cross-entropy log(1 + 9 / e) = 1.461."""
    history = digits.table("history").set_index("loss")
    own = history.loc["cross_entropy"]
    np.testing.assert_allclose(own["test_cross_entropy"], own["test_loss"], rtol=1e-5)
    floor = np.log(1 + 9 / np.e)
    assert history.loc["mse_linear"].query("epoch == @EPOCHS")["test_cross_entropy"].between(floor - 0.1, floor + 0.3).all()


def test_summary_measures_are_those_of_the_tables(digits):
    keys = ["loss", "seed"]
    logits, history, summary = (digits.table(name).set_index(keys) for name in ("logits", "history", "summary"))
    first, last = logits.query("epoch == 0"), logits.query("epoch == @EPOCHS")
    expected = pd.DataFrame(
        {
            "relative_loss": last["probe_loss"] / first["probe_loss"],
            "vanished_fraction": last["vanished_fraction"],
            "most_vanished_fraction": logits.groupby(keys)["vanished_fraction"].max(),
            "final_test_cross_entropy": history.query("epoch == @EPOCHS")["test_cross_entropy"],
            # Each beside the start of its own run, so that the scale of the loss drops out; late is the last third, epochs 4 and 5.
            "logit_grad_median_left": last["logit_grad_median"] / first["logit_grad_median"],
            "logit_grad_mean_left": last["logit_grad_mean"] / first["logit_grad_mean"],
            "wrong_grad_early": logits.query("epoch == 1")["misclassified_grad_mean"] / first["logit_grad_mean"],
            "wrong_grad_late": logits.query("epoch >= 4").groupby(keys)["misclassified_grad_mean"].mean() / first["logit_grad_mean"],
        }
    )
    pd.testing.assert_frame_equal(summary[expected.columns], expected, rtol=1e-5, check_like=True)
    logs = np.log(summary["relative_loss"]).groupby("loss", sort=False).mean()
    np.testing.assert_allclose(digits.table("table")["relative_loss_mean"], np.exp(logs))


def test_measures_beside_their_own_start_do_not_depend_on_the_scale_of_the_loss(digits):
    """A loss ten times as large has ten times the gradients; what is left of them is the same. Late, where no sample is wrong any more,
    there is nothing to measure."""
    tables, keys = {name: digits.table(name) for name in ("logits", "history")}, ["dataset", "loss", "seed"]
    before = exp_a_loss.measure(tables, keys).set_index(keys)
    logits = tables["logits"]
    gradients = ["logit_grad_median", "logit_grad_mean", "misclassified_grad_mean"]
    logits[gradients] *= 10
    pd.testing.assert_frame_equal(exp_a_loss.measure(tables, keys).set_index(keys), before)
    one = (logits["loss"] == "cross_entropy") & (logits["seed"] == 3)
    logits.loc[one & (logits["epoch"] == 4), "misclassified_grad_mean"] = np.nan
    known = logits.loc[one & (logits["epoch"] == 5), "misclassified_grad_mean"] / logits.loc[one, "logit_grad_mean"].iloc[0]
    after = exp_a_loss.measure(tables, keys).set_index(keys)["wrong_grad_late"]
    assert after["digits", "cross_entropy", 3] == pytest.approx(known.item())
    logits.loc[one & (logits["epoch"] == 5), "misclassified_grad_mean"] = np.nan
    assert np.isnan(exp_a_loss.measure(tables, keys).set_index(keys)["wrong_grad_late"]["digits", "cross_entropy", 3])


def test_the_gradients_of_easy_and_hard_samples_are_those_of_all_put_together(digits):
    """Their shares are of one probe, that of the logits, and what is right is the rest of what is wrong there."""
    by_sample = digits.table("by_sample").set_index(["loss", "seed", "epoch", "group"])["samples"].unstack("group")
    np.testing.assert_allclose(by_sample["easy"] + by_sample["hard"], 1)
    wrong = digits.table("logits").set_index(["loss", "seed", "epoch"])["misclassified_fraction"]
    np.testing.assert_allclose(by_sample["wrong"], wrong.loc[by_sample.index], atol=1e-6)
    assert set(by_sample.index.get_level_values("epoch")) == {0, 1, 2, 3, 4, EPOCHS}


def test_the_first_cross_entropy_is_that_of_a_uniform_guess_and_all_arms_start_with_the_same_logits(digits):
    start = digits.table("logits").query("epoch == 0").set_index(["loss", "seed"])
    np.testing.assert_allclose(start.loc["cross_entropy", "probe_loss"], np.log(10), rtol=0.02)
    same = start.groupby("seed")[["logit_mean", "logit_std", "misclassified_fraction"]].nunique()
    assert len(start) == 2 * len(exp_a_loss.LOSSES) and (same == 1).all(axis=None)


def test_a_cell_keeps_the_logits_sample_by_sample_at_four_stages(digits):
    cells = list(digits.folder.glob("cells/*/*"))
    assert len(cells) == len(exp_a_loss.LOSSES)
    for cell in cells:
        with np.load(cell / "logits.npz", allow_pickle=False) as arrays:
            assert arrays["epochs"].tolist() == [0, 1, 3, 5]
            assert arrays["logits"].shape == (4, 2, 256, 10) and arrays["gradient_norm"].shape == (4, 2, 256)


def test_the_figures_of_the_experiment_are_drawn(digits):
    kinds = {"curves", "final_accuracy", "gradients", "logit_gradients", "logits", "loss_and_accuracy", "sample_gradients", "vanishing"}
    assert digits.figures() == kinds | {f"activations_{layer}" for layer in exp_a_loss.HIDDEN}


@pytest.mark.slow
def test_losses_and_rate_are_flags_and_two_initialisations_are_compared(tmp_path):
    words = ["--losses", "mse_linear", "--lr", "1e30", "--init", "pytorch", "glorot", "--epochs", "1", "--seeds", "1"]
    process = run_script("exp_a_loss.py", tmp_path, *words)
    assert process.returncode == 0 and "Warning" not in process.stderr, process.stderr
    rows = [line.split() for line in process.stdout.splitlines() if line.startswith("mse_linear")]
    assert [row[:2] for row in rows] == [["mse_linear", "pytorch"], ["mse_linear", "glorot"]]
    assert [row[-3:] for row in rows] == [["1", "of", "1"]] * 2  # diverged
    assert len(list((tmp_path / "exp_a_loss").glob("*.png"))) == 9


@pytest.mark.slow
@pytest.mark.usefixtures("nowhere_else")
def test_batch_normalisation_is_an_arm_of_its_own_and_its_claim_is_decided(tmp_path, capsys):
    words = ["--losses", "cross_entropy", "--batch-norm", "--epochs", "10", "--seeds", "5", "--out", str(tmp_path)]
    assert exp_a_loss.main(words) == 0
    folder = tmp_path / "exp_a_loss"
    fall = pd.read_csv(folder / "summary.csv").set_index(["batch_norm", "seed"])["idle_fall"]
    claims = pd.read_csv(folder / "claims.csv").set_index("id")
    decided = claims.loc["Q2-batch-norm"]
    average = np.median if decided["method"] == "sign" else np.mean  # of runs that fall into two groups
    assert decided["n"] == 5 and decided["estimate"] == pytest.approx(average(fall[False] - fall[True]))
    assert capsys.readouterr().out.split("  Q2-batch-norm")[0].split(":\n")[-2].endswith(decided["verdict"])  # the heading above
    missing = claims["note"].loc[["A-speed", "Q2-dropout"]].tolist()
    assert "mse_softmax" in missing[0] and "--dropout" in missing[1]
    assert (folder / "claims_digits.png").exists() and "Q2-batch-norm" in (folder / "report.html").read_text()


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_dir(), reason="the real Fashion-MNIST is not beside this checkout")
def test_on_fashion_mnist_gradients_of_misclassified_samples_vanish_under_mse_on_softmax_alone(tmp_path):
    words = ["--datasets", "fashion_mnist", "--losses", "cross_entropy", "mse_softmax", "--epochs", "6", "--seeds", "1"]
    assert run_here(exp_a_loss, tmp_path, *words, keras_home=REAL) == 0
    last = pd.read_csv(tmp_path / "exp_a_loss" / "logits.csv").query("epoch == 6").groupby("loss")["vanished_fraction"]
    assert last.max()["cross_entropy"] == 0 and last.min()["mse_softmax"] > 0
