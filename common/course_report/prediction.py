"""Whether a value could be one more run: the test behind reproduction.csv.

The report trained each of its networks once, with seed 42, which drew its initial weights, its batch order, its split of Digits, and its
points of moons and circles. Where all varies, a seed of ours draws all of these in the same way: a number of the report is one more run
from the same recipe, and is to lie in an interval for *one more run*, which is wider than that of the mean.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit, logit, stdtrit

from common.experiment import Measure
from common.results.summary import described_runs
from common.stats.means import ROUNDING

CONFIDENCE = 0.95
SCALES = {"log": (np.log, np.exp), "logit": (logit, expit), "linear": (np.asarray, np.asarray)}  # and back
BOUNDS = {"share": (0.0, 1.0), "time": (1.0, np.inf), "log": (0.0, np.inf)}  # of the kinds that have some
LEAST_RANKED = 19  # runs: of fewer, no value is among the rarest 5 % by rank


def prediction_interval(values, confidence=CONFIDENCE):
    """Student's interval for one more value (Hahn & Meeker 1991, section 4.7): the mean plus and minus `t * sd * sqrt(1 + 1 / n)`.

    Args:
        values: array `(runs, ...)`, two runs at least, all finite.
        confidence: the share of repetitions in which one more normal value lies in the interval. Defaults to 0.95.

    Returns:
        `(low, high)`, arrays of shape `(...)`.

    Example:

    ```python
    prediction_interval([1.0, 2.0, 3.0])  # -2.97, 6.97
    ```
    """
    values = np.asarray(values, dtype=np.float64)
    n = len(values)
    half = stdtrit(n - 1, (1 + confidence) / 2) * values.std(axis=0, ddof=1) * np.sqrt(1 + 1 / n)
    return values.mean(axis=0) - half, values.mean(axis=0) + half


@dataclass(frozen=True)
class OneMoreRun:
    """The test of whether a value could be one more of these runs, at 95 %.

    It goes by Student's prediction interval: of the logarithms of losses, norms and times, of the logarithms of the odds of shares that all
    lie between 0 and 1, else of the values themselves; nothing impossible is in it, such as a time before the first epoch. Runs that fall
    into two groups, see `common.stats.two_groups`, and runs of which one has no finite value (or logarithm), go by rank instead: the value
    is refused if it is farther from its nearest run than all but 5 % of the runs, itself among them, are from theirs. That holds for runs
    of any distribution, two groups among them, if the value is exchangeable with them (conformal prediction, Vovk, Gammerman & Shafer
    2005), but only from 19 runs on can it refuse anything.

    Attributes:
        runs: the measure of our runs, array `(runs,)`, three at least. A missing value stands for an outcome of its own, far from all
            numbers.
        measure: the `Measure`.

    Example:

    ```python
    test = OneMoreRun(np.array([0.10, 0.12, 0.11]), Measure("min_train_loss", "lowest training loss"))
    test.low, test.high  # 0.069, 0.174
    test.holds(0.15), test.informative()  # True, True
    ```
    """

    runs: np.ndarray
    measure: Measure

    @cached_property
    def scale(self):
        """`"log"`, `"logit"`, `"linear"`, or `"ranks"`."""
        if not np.isfinite(self._on(self._usual, self.runs)).all() or described_runs(self.runs, self.measure, self.runs.max()).groups:
            return "ranks"
        return self._usual

    @cached_property
    def low(self):
        """The lower end of the prediction interval; NaN where ranks decide."""
        return self._interval[0]

    @cached_property
    def high(self):
        """The upper end of the prediction interval; NaN where ranks decide."""
        return self._interval[1]

    def holds(self, value, within=0.0):
        """Whether one more run could have this value, known up to plus and minus `within`, by default exactly."""
        value = np.inf if np.isnan(value) else value
        if self.scale != "ranks":
            within = max(within, self._step / 2) if self.scale == "logit" and value in (0, 1) else within
            within += (
                ROUNDING * abs(value) if np.isfinite(value) else 0.0
            )  # an interval without width comes back from its scale not quite the same
            return bool(self.low - within <= value <= self.high + within)
        return self._rank(value, within) > (1 - CONFIDENCE) * (len(self.runs) + 1)

    def informative(self, within=0.0):
        """Whether the test could well fail: it does not hold both half and double the centre of our runs, known up to plus and minus
        `within`, by default exactly; and not all runs lie at a bound, such as shares of 0, where there is nothing to find out.

        The centre is the mean on the test's scale, where ranks decide the median; the report's value has no part in it, or whether a number
        counts would depend on how it fares. A share, which has no double beyond 0.5, is halved and doubled in its odds, p / (1 - p): for a
        small share that is the share, for one near 1 the errors; 98 % correct becomes 96.1 % and 99.0 %. Half of a time is no less than the
        first epoch.
        """
        if self.runs.min() == self.runs.max() and self.runs[0] in self._bounds:
            return False
        if self.scale == "ranks" and len(self.runs) < LEAST_RANKED:
            return False
        half, centre, double = self._halved_and_doubled()
        # Runs all without a number have no half: any other value fails.
        return not (half <= centre < double and self.holds(half, within) and self.holds(double, within))

    @cached_property
    def _bounds(self):
        return BOUNDS.get(self.measure.kind, (-np.inf, np.inf))

    @cached_property
    def _usual(self):
        """The scale if the runs are one group and finite there."""
        if self.measure.kind == "share" and ((self.runs > 0) & (self.runs < 1)).all():
            return "logit"
        return "log" if self.measure.kind in ("log", "time") else "linear"

    @cached_property
    def _step(self):
        """The smallest step between runs: a share of 1, of so many samples, stands for all from half a step below."""
        gaps = np.diff(np.sort(self.runs))
        return min(gaps[gaps > ROUNDING], default=0.0)

    @cached_property
    def _known(self):
        return np.where(np.isnan(self.runs), np.inf, self.runs)

    def _on(self, scale, values):
        with np.errstate(divide="ignore", invalid="ignore"):
            return SCALES[scale][0](np.asarray(values, dtype=np.float64))

    @cached_property
    def _interval(self):
        if self.scale == "ranks":
            return np.nan, np.nan
        low, high = map(SCALES[self.scale][1], prediction_interval(self._on(self.scale, self.runs)))
        return float(max(low, self._bounds[0])), float(min(high, self._bounds[1]))

    def _rank(self, value, within):
        """The number of those, the runs and the value, that are at least as far from their nearest as the value is."""
        scale = "log" if self._usual == "log" else "linear"
        # The value that is nearest to each run, of those that it may stand for.
        least = max(value - within, 0.0) if scale == "log" else value - within
        nearest = self._on(scale, np.clip(self._known, least, value + within))
        runs = self._on(scale, self._known)
        to_value, between = _distances(runs, nearest), _distances(runs[:, None], runs)
        np.fill_diagonal(between, np.inf)
        return 1 + int((np.minimum(between.min(axis=1), to_value) >= to_value.min()).sum())

    def _halved_and_doubled(self):
        if self.scale == "ranks":
            centre = float(np.median(self._known))
        else:
            centre = float(SCALES[self.scale][1](np.mean(self._on(self.scale, self.runs))))
        if self.measure.kind == "share" and np.isfinite(centre):
            return centre / (2 - centre), centre, 2 * centre / (1 + centre)
        return max(centre / 2, self._bounds[0]), centre, 2 * centre


def _distances(a, b):
    """Between numbers, those that are infinite alike 0 apart."""
    with np.errstate(invalid="ignore"):
        return np.where(a == b, 0.0, np.abs(a - b))
