"""Runs of a few arms with given values, and claims that compare each with the first."""

import numpy as np

import exp_a_loss
from common.course_report.claims import Above, Claim
from common.course_report.runs import Runs
from common.experiment import Measure
from common.experiment.measures import registry
from tests.support.frames import every

ACCURACY = "final_test_accuracy"
MEASURES = {**registry(exp_a_loss.EXPERIMENT), "m": Measure("m", "m", scale="linear")}
SEEDS, MARGINS = 10, {"b": 0.0, "c": 0.1, "d": 0.4}


def claims(measure=ACCURACY, margins=None, least=None):
    """A claim for each of the arms b, c and d, all against arm a."""
    return [Claim(arm, "", (above(arm, by, measure, least),), ("digits",), 1) for arm, by in (margins or MARGINS).items()]


def above(arm, by, measure=ACCURACY, least=None):
    return Above(measure, {"loss": arm}, {"loss": "a"}, by=by, least=least)


def runs(*arms, measure=ACCURACY, **known):
    """Runs of the arms a, b, ... with these values by seed."""
    keys = every(dataset=["digits"], loss=list("abcd"[: len(arms)]), seed=range(len(arms[0])))
    return Runs(keys.assign(**{measure: np.concatenate(arms)}), ("loss",), MEASURES, 50, **known)


def standardised(random, n=SEEDS):
    noise = random.normal(0, 1, n)
    return (noise - noise.mean()) / noise.std(ddof=1)


def four_arms():
    """Accuracies of four arms; beyond b's margin clearly, beyond c's at one look by three standard errors, short of d's clearly."""
    random = np.random.default_rng(2)
    a, noise = 0.4 + random.normal(0, 0.02, SEEDS), standardised(random)
    arms = a, a + 0.1 + 0.02 * noise, a + 0.1 + 0.03 * (noise + 3 / SEEDS**0.5), a + 0.3 + 0.03 * noise
    return [np.round(arm, 6) for arm in arms]
