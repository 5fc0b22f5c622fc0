"""Seeds and what they vary, call after call in one folder: nothing is trained twice, and nothing is mixed."""

import pandas as pd
import pytest

import exp_b_activation
from tests.support.undrawn import run_here

pytestmark = pytest.mark.slow
WORDS = ("--datasets", "moons", "--activations", "relu", "sigmoid", "--epochs", "12", "--quiet")


def call(out, *words):
    """The tables of a call, as `{name: DataFrame}`, and the times at which stacks were written, by their folders."""
    assert run_here(exp_b_activation, out, *WORDS, *words) == 0
    folder = out / exp_b_activation.NAME
    written = {path.parent: path.stat().st_mtime_ns for path in folder.glob("cells/*/*/cell.json")}
    return {path.stem: pd.read_csv(path) for path in folder.glob("*.csv")}, written


def test_seeds_are_added_and_sources_are_told_apart_in_one_folder(tmp_path, capfd):
    first, of_two = call(tmp_path, "--seeds", "2")
    more, of_four = call(tmp_path, "--seeds", "4")
    assert set(of_two.items()) < set(of_four.items())  # those that were done are as they were
    assert sorted(folder.name for folder in of_four) == ["seeds-0-1"] * 2 + ["seeds-2-3"] * 2
    assert more["history"]["seed"].unique().tolist() == [0, 1, 2, 3]
    pd.testing.assert_frame_equal(more["summary"].query("seed < 2").reset_index(drop=True), first["summary"])

    weights, of_both = call(tmp_path, "--seeds", "4", "--vary", "weights")
    assert set(of_four.items()) < set(of_both.items()) and len(of_both) == 6
    assert "another --vary" in capfd.readouterr().err
    assert not weights["summary"].equals(more["summary"])
    again, after = call(tmp_path, "--seeds", "4")
    assert after == of_both  # nothing is trained, and what was varied otherwise is not used
    pd.testing.assert_frame_equal(again["summary"], more["summary"])
    pd.testing.assert_frame_equal(again["table"], more["table"])

    both, last = call(tmp_path, "--seeds", "4", "--vary", "all", "weights")
    assert last == of_both
    pd.testing.assert_frame_equal(both["summary"], more["summary"])  # the results are those of the first
    spread = both["spread"].query("than.isna()").set_index(["source", "activation"])["sd"]
    for source, of_source in (("all", more), ("weights", weights)):
        sds = of_source["summary"].groupby("activation")["final_test_accuracy"].std()
        pd.testing.assert_series_equal(spread[source].sort_index(), sds, check_names=False, rtol=1e-6, atol=1e-9)
    assert "by what varies" in " ".join(capfd.readouterr().out.split())


def test_a_look_that_is_not_complete_leaves_the_results_of_the_one_before(tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(type(exp_b_activation.EXPERIMENT.report), "undecided", lambda report, results: True)
    call(tmp_path, "--seeds", "2")
    words = ("--seeds", "2", "--until-decided", "--max-seeds", "4", "--max-minutes", "1e-6")
    tables, _ = call(tmp_path, *words)  # the first look is done, and there is no time for the second
    assert tables["history"]["seed"].unique().tolist() == [0, 1] and (tmp_path / exp_b_activation.NAME / "report.html").exists()
    assert "look 1" in capfd.readouterr().err


def test_looks_end_when_all_is_decided_or_at_the_last(tmp_path, capfd, monkeypatch):
    asked = []

    def undecided(report, results):
        asked.append((results.looks, results.tables["history"]["seed"].nunique()))
        return len(asked) < 3

    monkeypatch.setattr(type(exp_b_activation.EXPERIMENT.report), "undecided", undecided)
    tables, _ = call(tmp_path, "--until-decided", "--seeds", "1", "--max-seeds", "7")
    assert asked == [(4, 1), (4, 3), (4, 5)] and tables["history"]["seed"].nunique() == 5
    tables, written = call(tmp_path, "--until-decided", "--seeds", "5", "--max-seeds", "6")
    assert asked[3:] == [(2, 5)] and tables["history"]["seed"].nunique() == 5
    assert sorted({folder.name for folder in written}) == ["seeds-0", "seeds-1-2", "seeds-3-4"]
    assert "look 2 of at most 4" in capfd.readouterr().err
