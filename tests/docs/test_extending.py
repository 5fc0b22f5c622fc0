"""docs/extending.md keeps its word: all its changes, made in a copy of the project, add what they say."""

import re
import subprocess
import sys

import pandas as pd
import pytest

from tests.support.scripts import ROOT, copy_of_project
from tests.support.undrawn import UNDRAWN

pytestmark = pytest.mark.slow


def changes():
    """The diffs of the document: `(the file that is named last before it, lines that are there, lines that replace them)`."""
    text = (ROOT / "docs" / "extending.md").read_text()
    for block in re.finditer(r"^```diff\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        path = re.findall(r"`([\w/]+\.py)`", text[: block.start()])[-1]
        yield path, *("".join(line[1:] + "\n" for line in block[1].splitlines() if line[0] in signs) for signs in (" -", " +"))


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """A copy of the project with all changes made."""
    copy = copy_of_project(tmp_path_factory.mktemp("extended") / "project")
    for path, before, after in changes():
        text = (copy / path).read_text() if before else ""
        assert text.count(before) == (1 if before else len(text) + 1), path
        (copy / path).write_text(text.replace(before, after) if before else after)
    return copy


def run(extended, script, *words, drawn=False):
    """The tables of a short run, `{name: DataFrame}`."""
    start = [f"{script}.py"] if drawn else ["-c", UNDRAWN.format(root=str(extended), name=script)]
    command = [sys.executable, *start, "--epochs", "2", "--seeds", "2", *words]
    process = subprocess.run(command, cwd=extended, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    return {path.stem: pd.read_csv(path) for path in (extended / "plots" / script).glob("*.csv")}


def test_an_optimizer_a_dataset_and_a_monitor_are_in_every_table(extended):
    words = ("--datasets", "digits", "wine", "--lr", "0.01", "--schedules", "constant", "--optimizers", "sgd", "rmsprop")
    tables = run(extended, "exp_c_optimizer", *words)
    expected = {(dataset, optimizer) for dataset in ("digits", "wine") for optimizer in ("sgd", "rmsprop")}
    for name in ("history", "layers", "summary", "table", "noise"):
        assert set(tables[name][["dataset", "optimizer"]].itertuples(index=False, name=None)) == expected
    losses = tables["history"].query("dataset == 'wine' and epoch == 2").groupby("optimizer")["train_loss"].mean()
    assert losses["rmsprop"] < losses["sgd"]  # it is not another optimizer under that name
    assert set(tables["measures"]["name"]) >= set(tables["noise"].columns[6:])


def test_a_loss_is_trained_and_compared(extended):
    tables = run(extended, "exp_a_loss", "--datasets", "digits", "--losses", "mse_softmax", "mae_softmax")
    first = tables["logits"].query("epoch == 0").groupby("loss")["probe_loss"].mean()
    assert first["mae_softmax"] == pytest.approx(2 / 10 * (1 - 1 / 10), rel=0.02)  # of a uniform guess among ten classes
    assert first["mse_softmax"] == pytest.approx(1 / 10 * (1 - 1 / 10), rel=0.02)


def test_an_activation_is_trained_and_measured(extended):
    tables = run(extended, "exp_b_activation", "--datasets", "moons", "--activations", "relu", "tanh")
    hidden = tables["layers"].query("layer != 'logits'").groupby("activation")
    assert hidden["activation_mean"].min()["tanh"] < 0 <= hidden["activation_mean"].min()["relu"]
    assert hidden["saturated_fraction"].count()["tanh"] > 0 == hidden["saturated_fraction"].count()["relu"]


def test_an_experiment_that_compares_batch_sizes_has_tables_figures_a_page_and_its_place_in_the_index(extended):
    tables = run(extended, "exp_d_batch_size", "--datasets", "digits", drawn=True)
    assert tables["table"]["batch_size"].tolist() == [16, 64, 256]
    steps = tables["summary"].groupby("batch_size")["min_train_loss"].mean()
    assert steps[16] < steps[64] < steps[256]  # as many epochs, so fewer steps
    folder = extended / "plots" / "exp_d_batch_size"
    assert {path.name for path in folder.glob("*.png")} == {"curves_digits.png", "final_accuracy_digits.png"}
    assert 'href="exp_d_batch_size/report.html"' in (extended / "plots" / "index.html").read_text()
