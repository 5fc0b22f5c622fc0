"""A cell is put together from stacks of seeds: none that is done is trained again."""

import os
import shutil
import time

import pytest

from common.errors import BadInput
from common.store import cells
from common.store.layout import checkpoint_path
from common.store.stacks import Stacks, other_sources, stacks_of
from tests.support.sweeps import cell


def write(seeds, root):
    """A stack on disk."""
    cells.write(cell(seeds=seeds), root, {"history.csv": b"seed,epoch\n"}, {})


def seeds_by_stack(seeds, root, **kwargs):
    return [stack.seeds for stack in stacks_of(cell(seeds=seeds), root, **kwargs)]


def test_what_is_done_is_taken_and_the_rest_is_one_new_stack(tmp_path):
    assert seeds_by_stack((0, 1, 2), tmp_path) == [(0, 1, 2)]
    write((0, 1, 2), tmp_path)
    assert seeds_by_stack((0, 1, 2), tmp_path) == [(0, 1, 2)]
    assert seeds_by_stack((0, 1, 2, 3, 4), tmp_path) == [(0, 1, 2), (3, 4)]
    write((3, 4), tmp_path)
    assert seeds_by_stack((3, 0, 9), tmp_path) == [(3, 4), (0, 1, 2), (9,)]  # the newest first
    assert seeds_by_stack((1,), tmp_path) == [(0, 1, 2)]  # more than was asked for
    assert seeds_by_stack((1, 9), tmp_path, fresh=True) == [(1, 9)]


def test_a_training_that_has_begun_goes_on_with_its_own_seeds(tmp_path):
    write((0,), tmp_path)
    begun = checkpoint_path(cell(seeds=(1, 2)), tmp_path)
    begun.parent.mkdir(parents=True)
    begun.write_bytes(b"")
    assert seeds_by_stack((0, 1, 2, 3), tmp_path) == [(0,), (1, 2), (3,)]
    assert seeds_by_stack((0, 1, 3), tmp_path) == [(0,), (1, 3)]  # the training has a seed that nobody asks for


def test_a_seed_in_two_stacks_is_that_of_the_newer_one(tmp_path):
    write((1, 2), tmp_path)
    write((0, 1), tmp_path)
    write((1, 2), tmp_path)
    one = cell(seeds=(0, 1, 2))
    for path in one.folder(tmp_path).parent.glob("*/cell.json"):  # whatever the times of files are
        os.utime(path, ns=(1, 1))
    assert [(stack.seeds, seeds) for stack, seeds in Stacks.to_train([one], tmp_path).seeds_of(one)] == [((1, 2), [1, 2]), ((0, 1), [0])]


def test_only_cells_with_all_their_stacks_are_done():
    one, other = cell(), cell("adam")
    stacks = Stacks([one, other], {one.id: [cell(seeds=(0,)), cell(seeds=(3,))], other.id: [other]})
    assert stacks.without([cell(seeds=(3,))]).cells == [other] and len(stacks.all) == 3


def test_a_stack_that_does_not_say_its_seeds_is_named(tmp_path):
    many = tuple(range(0, 200, 2))
    write(many, tmp_path)
    assert seeds_by_stack(many, tmp_path) == [many]
    (cell(seeds=many).folder(tmp_path) / "cell.json").write_text("{")
    with pytest.raises(BadInput, match=r"seeds-.*--fresh"):
        stacks_of(cell(seeds=many), tmp_path)


def test_cells_of_another_source_are_counted_and_are_other_cells(tmp_path):
    write((0, 3), tmp_path)
    assert other_sources([cell()], tmp_path) == 0
    weights = cell(vary="weights")
    assert other_sources([weights], tmp_path) == 1 and other_sources([weights, cell()], tmp_path) == 0
    assert [stack.seeds for stack in stacks_of(weights, tmp_path)] == [(0, 3)] and not weights.folder(tmp_path).exists()


def test_a_copy_under_another_name_is_no_stack(tmp_path):
    write((0, 1), tmp_path)
    folder = cell(seeds=(0, 1)).folder(tmp_path)
    shutil.copytree(folder, folder.with_name("seeds-0-1 (copy)"))
    shutil.copytree(folder, folder.with_name("seeds-0-4"))
    assert seeds_by_stack((0,), tmp_path) == [(0, 1)] and seeds_by_stack((4,), tmp_path) == [(4,)]


def test_what_was_written_before_a_call_that_trains_afresh_does_not_count(tmp_path):
    write((0, 1), tmp_path)
    began = time.time_ns()
    write((2,), tmp_path)
    assert seeds_by_stack((0, 1, 2), tmp_path, since=began) == [(2,), (0, 1)]
