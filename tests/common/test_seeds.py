"""The seeds of a cell's runs, and their names as folders."""

import pytest

from common.seeds import HELD, name_of_seeds, seeds_in_name, seeds_of


@pytest.mark.parametrize(
    ("seeds", "name"),
    [((0,), "seeds-0"), (tuple(range(10)), "seeds-0-9"), ((3, 1, 9), "seeds-3+1+9"), ((0, 1, 2, 7, 9, 10), "seeds-0-2+7+9-10")],
)
def test_a_name_says_which_seeds_it_has(seeds, name):
    assert name_of_seeds(seeds) == name and seeds_in_name(name) == seeds


def test_many_scattered_seeds_have_a_short_name_of_their_own():
    one, other = (name_of_seeds(range(first, 4000, 2)) for first in (0, 1))
    assert one != other and len(one) < 50 and seeds_in_name(one) is None and seeds_in_name("seeds-0-9 (copy)") is None


@pytest.mark.parametrize("vary", ["all", "weights", "order", "data"])
def test_what_does_not_vary_is_held(vary):
    for source in ("weights", "order", "data"):
        assert seeds_of(source, (5, 7), vary) == ([5, 7] if vary in ("all", source) else [HELD, HELD])
