"""The user's cache changes the time that a call takes, and nothing else."""

import pytest

from common.store import user_cache
from tests.support.scripts import run_script, tables_of

WORDS = ("--losses", "cross_entropy", "--epochs", "1", "--seeds", "1")


@pytest.mark.slow
def test_results_are_the_same_with_a_cache_fresh_filled_damaged_or_switched_off(tmp_path):
    cache, calls = tmp_path / "cache", []
    for turn, words in enumerate([cache, cache, cache, "off"]):
        if turn == 2:
            (entry,) = cache.rglob("*.json")
            whole = entry.read_bytes()
            entry.write_bytes(whole[:-1] + b"]")
        process = run_script("exp_a_loss.py", tmp_path / str(turn), *WORDS, "--cache", words)
        calls.append((process.returncode, process.stdout, tables_of(tmp_path / str(turn) / "exp_a_loss")))
        assert len(list((cache / "datasets").iterdir())) == 1 and (turn != 2 or entry.read_bytes() == whole)
    assert calls[0][0] == 0 and all(call == calls[0] for call in calls)
    assert user_cache.cache_folder() != cache
