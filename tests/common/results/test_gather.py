"""The tables of a call, gathered from the cells that are done."""

from dataclasses import replace

import pytest

from common.results.gather import gather
from common.results.trained import Trained
from common.store.stacks import Stacks
from common.sweep import sweep
from tests.support import sweeps
from tests.support.sweeps import cell

DATA = dict.fromkeys(("moons", "circles"), sweeps.DATA["moons"])
EXPERIMENT = replace(sweeps.EXPERIMENT, datasets=tuple(DATA))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A function of the arms that are done, `(dataset, whether only controls need it)`, that returns the gathered `Results`."""
    root = tmp_path_factory.mktemp("out")
    arms = {
        (dataset, jumped): replace(cell(**{"jump": 3} if jumped else {}), dataset=dataset) for dataset in DATA for jumped in (False, True)
    }
    stacks = Stacks.to_train(list(arms.values()), root)
    assert sweep.run(stacks.all, EXPERIMENT, DATA, root, sweep.Options(quiet=True), log=lambda line: None).failed == []

    def results(*names):
        of_controls = frozenset(arms[name].name for name in names if name[1])
        return gather(Trained(EXPERIMENT, Stacks.to_train([arms[name] for name in names], root), root, DATA, controls=of_controls))

    return results


def test_the_arms_of_controls_have_tables_of_their_own_with_what_was_changed(done):
    tables = done(("moons", False), ("moons", True)).tables
    assert set(tables["control_summary"]["control"]) == {"jump=3"} and "control" not in tables["summary"]
    same = [name for name in tables["summary"] if name in tables["control_summary"]]
    assert tables["summary"][same].equals(tables["control_summary"][same])  # this knob turns nothing


def test_arms_of_controls_on_a_dataset_of_which_no_arm_is_done_are_left_out(done):
    tables = done(("moons", False), ("moons", True), ("circles", True)).tables
    assert set(tables["control_summary"]["dataset"]) == set(tables["control_history"]["dataset"]) == {"moons"}
    assert not any(name.startswith("control") for name in done(("moons", False), ("circles", True)).tables)
