"""The looks that are taken at the results, with more and more seeds, and the flags that plan them."""

import pytest

import exp_a_loss
import exp_b_activation
from common import cli
from common.data import DATASETS
from common.errors import BadInput
from common.experiment import grid
from common.sweep import looks
from tests.support.complaints import complaint
from tests.support.sweeps import Sized


def planned(script, *words, datasets=("digits",)):
    """The numbers of seeds in each look, by dataset and source; and the notes."""
    args = cli.parse(script.EXPERIMENT, words)
    _, found, _, notes = looks.looks(script.EXPERIMENT, args, dict.fromkeys(datasets, Sized()))
    return [{(cell.dataset, cell.vary): len(cell.seeds) for cell in cells} for cells in found], notes


@pytest.mark.parametrize(
    ("first", "most", "counts"), [(5, 20, [5, 10, 15, 20]), (10, 10, [10]), (10, 12, [10, 11, 12]), (1, 1000, [1, 334, 667, 1000])]
)
def test_looks_are_at_most_four_evenly_spaced_from_the_first_count_to_the_last(first, most, counts):
    assert grid.seed_counts(first, most) == counts


def test_each_dataset_has_its_own_number_of_seeds_unless_a_flag_says_otherwise():
    assert planned(exp_b_activation, datasets=("moons",)) == ([{("moons", "all"): DATASETS["moons"].seeds}], [])
    assert planned(exp_a_loss, datasets=("digits", "fashion_mnist"))[0] == [{("digits", "all"): 10, ("fashion_mnist", "all"): 5}]
    assert planned(exp_a_loss, "--seeds", "3")[0] == [{("digits", "all"): 3}]
    until = planned(exp_a_loss, "--until-decided", datasets=("digits", "fashion_mnist"))[0]
    assert until == [{("digits", "all"): 10 * look, ("fashion_mnist", "all"): 5 * look} for look in (1, 2, 3, 4)]
    assert planned(exp_a_loss, "--until-decided", "--seeds", "6", "--max-seeds", "7")[0] == [{("digits", "all"): n} for n in (6, 7)]


def test_several_sources_are_trained_beside_the_first_and_what_cannot_vary_is_left_out():
    cells, notes = planned(exp_a_loss, "--vary", "all", "data", datasets=("digits", "fashion_mnist"))
    assert set(cells[0]) == {("digits", "all"), ("fashion_mnist", "all"), ("digits", "data")} and "Fashion-MNIST" in notes[0]
    with pytest.raises(BadInput, match="Fashion-MNIST"):
        planned(exp_a_loss, "--vary", "data", datasets=("fashion_mnist",))
    with pytest.raises(BadInput, match="--max-seeds 7: digits begins with 10"):
        planned(exp_a_loss, "--until-decided", "--max-seeds", "7")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--vary", "split"), "--vary"),
        (("--vary", "all", "all"), "--vary"),
        (("--max-seeds", "20"), "--max-seeds"),
        (("--seeds", "20", "--max-seeds", "10", "--until-decided"), "--seeds"),
        (("--seeds", "3,7", "--until-decided"), "--until-decided"),
        (("--max-seeds", "many", "--until-decided"), "--max-seeds"),
    ],
)
def test_flags_that_do_not_fit_are_named_in_one_line(words, named, capsys, tmp_path):
    assert named in complaint(capsys, exp_a_loss, *words, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()
