"""The spread over seeds: against NumPy and SciPy."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from common import figures
from common.figures.saved import png_of
from common.results import spread
from tests.support.frames import every

ARMS = {"optimizer": ["sgd", "adam"], "schedule": ["constant", "exponential"]}


def runs(random, of_data=0.02):
    """Final accuracies of four arms, in which all runs of a seed share a part."""
    table = every(dataset=["digits"], **ARMS, seed=range(12))
    return table.assign(final_test_accuracy=0.9 + of_data * random.normal(size=12)[table["seed"]] + 0.005 * random.normal(size=len(table)))


@pytest.fixture
def accuracies():
    random = np.random.default_rng(0)
    return {"all": runs(random), "weights": runs(random, of_data=0.0)}


def test_standard_deviations_are_those_of_runs_and_of_differences_seed_by_seed(accuracies):
    table = spread.by_source(accuracies, tuple(ARMS))
    assert len(table) == 2 * (4 + 2)
    for source, of_source in accuracies.items():
        values = of_source["final_test_accuracy"].to_numpy().reshape(2, 2, 12)
        rows = table[table["source"] == source]
        single, minus = rows[rows["than"] == ""], rows[rows["than"] == "sgd"]
        np.testing.assert_allclose(single["sd"], values.std(axis=-1, ddof=1).ravel()[[0, 1, 2, 3]])
        differences = values[1] - values[0]  # Adam's less SGD's with the same schedule
        np.testing.assert_allclose(minus["sd"], differences.std(axis=-1, ddof=1))
        assert set(minus["optimizer"]) == {"adam"} and list(minus["schedule"]) == ARMS["schedule"]
        of_pairs = differences.var(axis=-1, ddof=1) / values.var(axis=-1, ddof=1).sum(axis=0)
        np.testing.assert_allclose(minus["variance_ratio"], of_pairs)
        variances = 11 * single["sd"].to_numpy() ** 2 / stats.chi2.ppf([0.975, 0.025], 11)[:, None]
        np.testing.assert_allclose(single[["ci_low", "ci_high"]].T, np.sqrt(variances))


def test_equal_runs_have_no_spread_and_one_run_none_that_is_known(accuracies):
    of_all = accuracies["all"].assign(final_test_accuracy=0.5)
    assert (spread.by_source({"all": of_all}, tuple(ARMS))["sd"] == 0).all()
    assert spread.by_source({"all": of_all[of_all["seed"] == 0]}, tuple(ARMS))["sd"].isna().all()


def test_several_sources_stand_side_by_side_as_text_and_in_a_figure(accuracies):
    table = spread.by_source(accuracies, tuple(ARMS))
    (block,) = spread.blocks(table, tuple(ARMS))
    assert block["header"][-2:] == ["all", "weights"] and len(block["rows"]) == 6
    first = accuracies["all"]["final_test_accuracy"][:12].std()
    assert float(block["rows"][0][-2]) == pytest.approx(100 * first, rel=0.05)
    assert spread.blocks(table[table["source"] == "all"], tuple(ARMS)) == []
    drawing = figures.spread_figure(table, tuple(ARMS))
    drawn = [bars.lines[0].get_xdata() for bars in drawing.figure.axes[0].containers]
    np.testing.assert_allclose(drawn, [100 * table[(table["than"] == "") & (table["source"] == source)]["sd"] for source in accuracies])
    assert len(png_of(drawing, "title", "note")) > 5000 and isinstance(table, pd.DataFrame)
