"""The cells that controls need beside those that the flags ask for."""

import pytest

import exp_c_optimizer
from common import cli
from common.experiment import grid, knobs
from common.sweep import looks
from tests.support.complaints import complaint
from tests.support.sweeps import EXPERIMENT, Sized, cell

ARMS = [{"optimizer": "sgd", "base_learning_rate": 0.5}, {"optimizer": "sgd", "jump": 3}, {"batch_norm": True, "base_learning_rate": 0.1}]


def test_an_arm_that_the_flags_ask_for_is_not_trained_again_and_the_others_are_as_the_first_but_for_what_they_name():
    asked = [cell(base_learning_rate=0.1), cell(base_learning_rate=0.5)]
    found = grid.build_control_cells(asked, lambda dataset: [*ARMS, ARMS[1]])
    changes = [{"jump": 3}, {"batch_norm": True}]
    assert [one.settings for one in found] == [{**asked[0].settings, **change, knobs.SPARSE: True} for change in changes]
    assert all((one.seeds, one.epochs, one.data) == (asked[0].seeds, asked[0].epochs, asked[0].data) for one in found)
    assert not {one.name for one in found} & {one.name for one in asked}


def test_controls_may_have_fewer_seeds_the_first_ones():
    few, all_seeds = (grid.build_control_cells([cell(seeds=(0, 3, 7))], lambda _: ARMS, most) for most in (2, 9))
    assert {one.seeds for one in few} == {(0, 3)} and {one.seeds for one in all_seeds} == {(0, 3, 7)}
    assert {one.name for one in few} == {one.name for one in all_seeds}  # other seeds are another stack of the same cell


def test_a_knob_is_read_where_it_is_turned_and_named_in_progress():
    turned = grid.build_control_cells([cell()], lambda _: [ARMS[1]])[0]
    assert turned.get("jump") == 3 and cell().get("jump") is None and cell().get("jump", 1) == 1
    assert EXPERIMENT.label(turned) == f"{EXPERIMENT.label(cell())} jump=3"


def test_what_no_column_tells_is_named_in_a_column_of_its_own():
    changed = knobs.changes(cell(base_learning_rate=0.5, batch_norm=True, jump=3, bend=0.1).settings, cell().settings, EXPERIMENT)
    assert changed == {"batch_norm": True, "jump": 3, "bend": 0.1}
    assert knobs.words_of(changed) == "batch_norm=True bend=0.1 jump=3" and knobs.words_of({}) == knobs.UNCHANGED


def test_controls_are_trained_after_the_arms_on_their_datasets_alone_and_only_if_they_are_asked_for():
    def planned(*words):
        args = cli.parse(exp_c_optimizer.EXPERIMENT, ["--lr", "0.01", *words])
        _, found, controls, _ = looks.looks(exp_c_optimizer.EXPERIMENT, args, {"digits": Sized()})
        return found, controls

    (without,), none = planned()
    (beside,), names = planned("--controls", "C1", "--control-seeds", "3")
    assert not none and beside[: len(without)] == without and names == {one.name for one in beside[len(without) :]}
    assert "sgd" in {one["optimizer"] for one in beside[len(without) :]} and {len(one.seeds) for one in beside[len(without) :]} == {3}


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--control-seeds", "3"), "--controls"),
        (("--controls", "Z9"), "--controls"),
        (("--controls", "C1", "C1"), "--controls"),
        (("--controls", "--control-seeds", "0"), "--control-seeds"),
    ],
)
def test_flags_that_do_not_fit_are_named_in_one_line(words, named, capsys, tmp_path):
    assert named in complaint(capsys, exp_c_optimizer, *words, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()
