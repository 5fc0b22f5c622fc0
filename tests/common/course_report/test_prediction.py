"""Whether a value could be one more run: against SciPy, closed forms and simulation."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from common.course_report.prediction import OneMoreRun, prediction_interval
from common.experiment import Measure
from common.experiment.measures import share

LOSS = Measure("loss", "loss")
EPOCHS = Measure("epochs", "epochs", "epochs", "linear")
ACCURACY = share("accuracy", "accuracy")


def students(values):
    """SciPy's interval for one more value."""
    n = len(values)
    return stats.t.interval(0.95, n - 1, loc=np.mean(values), scale=np.std(values, ddof=1) * np.sqrt(1 + 1 / n))


def test_the_interval_is_students_on_the_measures_scale_and_nothing_impossible_is_in_it():
    losses, epochs, accuracies = np.array([0.2, 0.1, 0.4, 0.3]), np.array([1.0, 2.0, 9.0]), np.array([0.97, 0.99, 0.98])
    of_losses, of_epochs, of_accuracies = OneMoreRun(losses, LOSS), OneMoreRun(epochs, EPOCHS), OneMoreRun(accuracies, ACCURACY)
    assert (of_losses.low, of_losses.high) == pytest.approx(np.exp(students(np.log(losses))))
    assert (of_epochs.low, of_epochs.high) == pytest.approx((1, np.exp(students(np.log(epochs))[1])))
    assert (of_accuracies.low, of_accuracies.high) == pytest.approx(expit(students(logit(accuracies))))
    with_a_whole = OneMoreRun(accuracies + 0.01, ACCURACY)  # which has no odds
    assert (with_a_whole.low, with_a_whole.high) == pytest.approx((students(accuracies + 0.01)[0], 1))
    assert students(np.log(epochs))[0] < 0 and students(accuracies + 0.01)[1] > 1


@pytest.mark.parametrize("n", [3, 5, 10, 20])
def test_one_more_run_lies_in_the_interval_in_95_of_100_cases(n):
    """Of normal values; lognormal ones have normal logarithms."""
    draws = np.random.default_rng(n).normal(size=(n + 1, 40_000))
    low, high = prediction_interval(draws[:-1])
    assert ((low <= draws[-1]) & (draws[-1] <= high)).mean() == pytest.approx(0.95, abs=0.004)
    runs, one_more = np.exp(draws[:-1, :500]), np.exp(draws[-1, :500])
    inside = [OneMoreRun(run, LOSS).holds(value) for run, value in zip(runs.T, one_more, strict=True)]
    assert inside == list((low <= draws[-1])[:500] & (draws[-1] <= high)[:500])


def test_epochs_are_whole_and_one_more_run_lies_in_their_interval_in_95_of_100_cases():
    rng = np.random.default_rng(0)
    draws = np.rint(np.exp(rng.normal(np.log(rng.uniform(4, 20, 2000)), rng.choice([0.04, 0.1, 0.2, 0.4], 2000), (11, 2000))))
    inside = [OneMoreRun(draw[:-1], EPOCHS).holds(draw[-1]) for draw in draws.T]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize("n", [19, 20, 39])
def test_ranks_refuse_one_more_run_of_two_groups_in_at_most_5_of_100_cases(n):
    rng = np.random.default_rng(n)
    draws = np.where(rng.random((1500, n + 1)) < 0.4, 0.1, rng.normal(0.6, 0.03, (1500, n + 1)))
    refused = [not OneMoreRun(draw[:-1], ACCURACY).holds(draw[-1]) for draw in draws]
    assert 0.005 < np.mean(refused) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 1500)


@pytest.mark.parametrize(("n", "informative"), [(18, False), (20, True)])
def test_between_two_groups_ranks_refuse_a_value_that_no_run_has(n, informative):
    test = OneMoreRun(np.repeat([0.10, 0.60], n // 2) + np.linspace(0, 0.01, n), ACCURACY)
    assert test.scale == "ranks" and np.isnan(test.low) and test.informative() == informative
    assert test.holds(0.102) and test.holds(0.608) and test.holds(0.35) != informative
    assert test.holds(0.62, within=0.015)


@pytest.mark.parametrize(("n", "told"), [(6, False), (20, True)])
def test_a_run_without_a_finite_value_is_an_outcome_of_its_own(n, told):
    for missing, measure in ((np.nan, LOSS), (np.inf, LOSS), (0.0, LOSS), (np.nan, EPOCHS)):
        runs = np.where(np.arange(n) < n // 2, missing, 5 + 0.01 * np.arange(n))
        test = OneMoreRun(runs, measure)
        assert test.holds(missing) and test.holds(5.1) and test.holds(7.0) != told
        assert OneMoreRun(np.full(n, missing), measure).holds(5.0) != told


def test_a_number_is_uninformative_from_where_its_interval_holds_half_and_double_of_our_mean():
    """Three logarithms `-a, 0, a` have an interval of plus and minus `t a sqrt(4/3)`."""
    double = np.log(2) / (stats.t.ppf(0.975, 2) * np.sqrt(4 / 3))
    for factor, informative in ((0.99, True), (1.01, False)):
        test = OneMoreRun(3 * np.exp(factor * double * np.array([-1, 0, 1])), LOSS)
        assert test.informative() == informative == (not test.holds(6))
    narrow = OneMoreRun(np.array([1.9e-5, 2e-5, 2.1e-5]), LOSS)
    assert narrow.informative() and not narrow.informative(within=5e-5)  # printed as 0.0000


@pytest.mark.parametrize("share_of", [lambda p: p, lambda p: 1 - p])
def test_shares_are_halved_and_doubled_in_their_odds(share_of):
    spread = np.linspace(-1, 1, 10)
    spread *= np.log(2) / (spread.std(ddof=1) * stats.t.ppf(0.975, 9) * np.sqrt(1.1))
    for factor, informative in ((0.99, True), (1.01, False)):
        assert OneMoreRun(share_of(expit(logit(0.02) + factor * spread)), ACCURACY).informative() == informative


@pytest.mark.parametrize(
    ("value", "measure", "informative"),
    [(0.0, ACCURACY, False), (1.0, ACCURACY, False), (0.3, ACCURACY, True), (1.0, EPOCHS, False), (5.0, EPOCHS, True), (0.0, LOSS, False)],
)
def test_runs_that_all_lie_at_a_bound_tell_nothing(value, measure, informative):
    """A Sigmoid has no inactive unit by definition: that ours have none reproduces nothing."""
    test = OneMoreRun(np.full(20, value), measure)
    assert test.informative() == informative and test.holds(value) and not test.holds(np.inf)


def test_half_of_a_time_is_no_less_than_the_first_epoch():
    """Of 1, 2, 1 and 2 epochs half would be 0.7, which no run could have; the test could fail upwards alone, and there it holds double."""
    test = OneMoreRun(np.array([1.0, 2.0, 1.0, 2.0]), EPOCHS)
    assert test.low == 1 and test.holds(2 * np.sqrt(2)) and not test.informative()


def test_a_share_of_1_stands_for_all_within_half_a_sample():
    """Binomial counts of 360, with a mean of 1.8 errors: none is one more of the runs in 95 of 100 cases too."""
    draws = np.random.default_rng(1).binomial(360, 0.995, (11, 1000)) / 360
    inside = [OneMoreRun(draw[:-1], ACCURACY).holds(draw[-1]) for draw in draws.T]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.015)
