"""The controls of Experiment C end to end: what lies between two ends, against their weights on disk."""

import keras
import numpy as np
import pandas as pd
import pytest
from scipy.special import log_softmax

import exp_c_optimizer
from common.data import load_wanted
from common.experiment import Cell
from kerascope import SeedStack
from tests.support.scripts import run_script

pytestmark = pytest.mark.slow
WORDS = ["--datasets", "digits", "--lr", "0.1", "0.01", "--schedules", "exponential", "--epochs", "10", "--seeds", "3"]
NETWORK = {"batch_norm": False, "init": "pytorch", "dropout": 0.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a call with the controls of a question that needs other arms, beside which lines are measured."""
    out = tmp_path_factory.mktemp("controls")
    done = run_script("exp_c_optimizer.py", out, *WORDS, "--controls", "C5", "Q5")
    assert done.returncode == 0, done.stderr
    return out / "exp_c_optimizer"


def networks(folder, arm):
    """`(stack at its start, stack at its end)` of an arm's cell."""
    (weights,) = folder.glob(f"cells/digits-{arm}-exponential-*/*/final.weights.h5")
    cell = Cell("", "", NETWORK, (0, 1, 2), 10, "")
    start, end = (SeedStack(lambda: exp_c_optimizer.build_model(cell, 64, 10), range(3)) for _ in range(2))
    end.load_weights(weights)
    return start, end


def test_a_line_is_between_the_ends_on_disk_and_distances_are_theirs(folder):
    lines, ends = (pd.read_csv(folder / f"control_{name}.csv") for name in ("lines", "ends"))
    assert set(lines["optimizer"]) == {"momentum", "adam"} and len(lines) == 2 * 3 * 11
    for name in ("momentum", "adam"):
        (_, sgd), (start, end) = networks(folder, "sgd-0.1"), networks(folder, f"{name}-0.01")
        for seed in range(3):
            one, other, first = (stack.member(seed).get_weights() for stack in (sgd, end, start))
            row = ends.query("optimizer == @name and seed == @seed").iloc[0]
            for column, reference in (("ends_apart", one), ("from_start", first)):
                squares = sum(((a.astype(float) - b) ** 2).sum() for a, b in zip(other, reference, strict=True))
                assert row[column] == pytest.approx(np.sqrt(squares), rel=1e-6)


def test_the_ends_of_a_line_have_the_loss_of_the_networks(folder):
    data, _ = load_wanted(["digits"], ["digits"], None)
    lines = pd.read_csv(folder / "control_lines.csv").set_index(["optimizer", "seed", "share"])["train_loss"]
    for share, arm in ((0.0, "sgd-0.1"), (1.0, "adam-0.01")):
        _, end = networks(folder, arm)
        for seed in range(3):
            (x, y), _ = data["digits"].samples.of(seed)
            logits = keras.ops.convert_to_numpy(end.member(seed)(x)).astype(float)
            assert lines["adam", seed, share] == pytest.approx(-log_softmax(logits, axis=1)[np.arange(len(y)), y].mean(), rel=1e-4)


def test_a_jump_is_seen_in_the_epoch_after_the_middle_and_not_before(folder):
    plain, jumped = pd.read_csv(folder / "history.csv"), pd.read_csv(folder / "control_history.csv")
    jumped = jumped.query("control == 'jump=1000' and schedule == 'constant'")
    assert set(jumped["optimizer"]) == {"sgd", "momentum", "adam"}
    both = jumped[jumped["optimizer"] == "momentum"].pivot(index="epoch", columns="seed", values="train_loss")
    assert (both.loc[6] > 2 * both.loc[5]).all() and (both.diff().loc[2:5] < 0).all(axis=None)
    assert "accuracy_dip" in pd.read_csv(folder / "control_summary.csv") and set(plain["schedule"]) == {"exponential"}


def test_figures_of_what_was_injected_and_of_lines_are_drawn(folder):
    names = {path.stem for path in folder.glob("*.png")}
    assert {"line_digits", "matched_rate_digits", "recovery_digits"} <= names and "limit_digits" not in names
