"""Controls end to end: the cells, tables and verdicts that --controls adds, and that nothing else changes."""

import numpy as np
import pandas as pd
import pytest

from tests.support.scripts import run_script, tables_of

pytestmark = pytest.mark.slow

WORDS = ["--datasets", "digits", "--lr", "0.01", "--optimizers", "sgd", "momentum", "--epochs", "10", "--seeds", "4"]


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """A folder in which a call without controls was followed by one with those of question C1; and the tables of the first."""
    folder = tmp_path_factory.mktemp("controls")
    assert run_script("exp_c_optimizer.py", folder, *WORDS).returncode == 0
    before = tables_of(folder / "exp_c_optimizer")
    done = run_script("exp_c_optimizer.py", folder, *WORDS, "--controls", "C1", "--control-seeds", "3")
    assert done.returncode == 0, done.stderr
    return folder / "exp_c_optimizer", before


def test_controls_are_cells_like_others_in_tables_of_their_own(out):
    folder, before = out
    history, of_controls = (pd.read_csv(folder / f"{name}.csv") for name in ("history", "control_history"))
    assert "control" not in history and set(of_controls["seed"]) == {0, 1, 2} and (of_controls["epoch"].max() == 10)
    changed = {name for name, content in tables_of(folder).items() if before.get(name) != content}
    assert {name for name in changed if not name.startswith("control")} <= {"answers.csv", "highlights.csv", "measures.csv"}


def test_a_control_is_decided_by_the_tables_beside_it(out):
    folder, _ = out
    tables = [pd.read_csv(folder / f"{name}.csv") for name in ("history", "control_history")]
    both = pd.concat(tables).query("seed < 3 and schedule == 'exponential'")
    curves = both.pivot_table(index="seed", columns=["optimizer", "base_learning_rate", "epoch"], values="train_loss")
    by_seed = np.median(np.abs(np.log10(curves["momentum", 0.01].to_numpy() / curves["sgd", 0.1].to_numpy())), axis=1)
    row = pd.read_csv(folder / "controls.csv").set_index("id").loc["C1-matched-rate"]
    assert row["estimate"] == pytest.approx(by_seed.mean(), rel=1e-6) and row["n"] == 3


def test_a_later_call_without_controls_leaves_what_it_would_have_left_alone(out):
    folder, before = out
    cells = {path.relative_to(folder) for path in folder.glob("cells/*/*")}
    again = run_script("exp_c_optimizer.py", folder.parent, *WORDS)
    assert again.returncode == 0 and tables_of(folder) == before
    assert {path.relative_to(folder) for path in folder.glob("cells/*/*")} == cells  # they are kept for the next call with --controls
