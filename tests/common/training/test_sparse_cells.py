"""Cells whose layers are measured after few epochs: they train as others do, and what is measured is the same."""

import math

import pytest

from common.callbacks import SPARSE_FIRST, SPARSE_STAGES
from common.experiment import grid
from common.experiment.knobs import SPARSE, WATCHED, changes
from common.results import parts
from common.store.stacks import Stacks
from common.sweep import sweep
from tests.support.sweeps import DATA, EXPERIMENT, cell

EPOCHS = 30


def tables(one, root):
    stacks = Stacks.to_train([one], root)
    assert sweep.run(stacks.all, EXPERIMENT, DATA, root, sweep.Options(quiet=True), log=lambda line: None).failed == []
    return parts.tables(one, stacks.seeds_of(one), root)[0]


@pytest.mark.slow
def test_a_sparse_cell_has_the_history_of_others_and_their_layers_after_few_epochs(tmp_path):
    dense = cell(epochs=EPOCHS)
    (sparse,) = grid.build_control_cells([cell(base_learning_rate=9.0, epochs=EPOCHS)], lambda _: [dense.settings])
    assert sparse.get(SPARSE) and sparse.name != dense.name
    few, every = tables(sparse, tmp_path), tables(dense, tmp_path)
    assert few["history"].equals(every["history"])
    epochs = sorted({*range(1, SPARSE_FIRST + 1), *(math.ceil(share * EPOCHS) for share in SPARSE_STAGES)})
    assert sorted(few["layers"]["epoch"].unique()) == epochs and EPOCHS in epochs
    at_these = every["layers"]["epoch"].isin(epochs)
    columns = [name for name in few["layers"] if name != "update_ratio"]  # since the measurement before, which another epoch ended
    assert few["layers"][columns].equals(every["layers"].loc[at_these, columns].reset_index(drop=True))


def test_an_arm_that_is_watched_is_measured_at_every_epoch_and_no_table_tells_a_sparse_cell_from_its_arm():
    arms = [{"jump": 3}, {"jump": 3, WATCHED: True}]
    sparse, watched = grid.build_control_cells([cell()], lambda _: arms)
    assert watched.get(SPARSE) is None
    assert changes(sparse.settings, cell().settings, EXPERIMENT) == {"jump": 3}
