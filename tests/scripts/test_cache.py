"""The user's cache changes the time that a call takes, and nothing else."""

import pytest

import exp_a_loss
from common.store import user_cache
from tests.support.scripts import tables_of
from tests.support.undrawn import run_here

WORDS = ("--losses", "cross_entropy", "--epochs", "1", "--seeds", "1")


@pytest.mark.slow
def test_results_are_the_same_with_a_cache_fresh_filled_damaged_or_switched_off(tmp_path, capsys):
    cache, calls = tmp_path / "cache", []
    for turn, words in enumerate([cache, cache, cache, "off"]):
        if turn == 2:
            (entry,) = cache.rglob("*.json")
            whole = entry.read_bytes()
            entry.write_bytes(whole[:-1] + b"]")
        status = run_here(exp_a_loss, tmp_path / str(turn), *WORDS, "--cache", words)
        calls.append((status, capsys.readouterr().out, tables_of(tmp_path / str(turn) / "exp_a_loss")))
        assert len(list((cache / "datasets").iterdir())) == 1 and (turn != 2 or entry.read_bytes() == whole)
    assert calls[0][0] == 0 and all(call == calls[0] for call in calls)
    assert user_cache.cache_folder() != cache
