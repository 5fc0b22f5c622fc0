"""Claims as data: the sentence of each, and the statistic that decides it. Imports nothing heavy, because the scripts begin with it.

A claim says that an effect exceeds a margin, in one or more parts. A part is supported if its interval lies beyond the margin, contradicted
if it lies short of it. The claim is supported if all its parts are, contradicted if one is, and inconclusive otherwise. A claim that may
hold in several ways has the parts of each: it is supported if one way is, contradicted if all are.
`common/course_report/verdicts.py` decides.
"""

import math
from dataclasses import dataclass

VERDICTS = ("supported", "contradicted", "inconclusive")


@dataclass(frozen=True)
class Above:
    """A part of a claim: a measure of one arm exceeds that of another, seed by seed.

    Attributes:
        measure: a column of summary.csv.
        of, than: settings of the two arms, `{column: value}`; a column that is left out has its first value.
        by: the margin: the least difference that counts, in the measure's unit; or `{dataset: margin}`. It may be negative. Defaults to 0.
        times: the margin as a ratio; then ratios are compared, by their geometric mean. Defaults to None.
        than_measure: another measure, of the arm `than`. Defaults to the same.

    Example:

    ```python
    Above("final_test_accuracy", {"optimizer": "adam"}, {"optimizer": "sgd"}, by=0.01)
    ```
    """

    measure: str
    of: dict
    than: dict
    by: float | dict = 0.0
    times: float | None = None
    than_measure: str | None = None

    sign = 1

    @property
    def arms(self):
        """The measures and arms that are compared."""
        return [(self.measure, self.of), (self.than_measure or self.measure, self.than)]

    def margin(self, dataset, transformed=False):
        """The margin on a dataset: a ratio if there is one, of which `transformed` gives the logarithm. Defaults to False."""
        if self.times is not None:
            return math.log(self.times) if transformed else self.times
        return self.by[dataset] if isinstance(self.by, dict) else self.by


@dataclass(frozen=True)
class Below:
    """A part of a claim: a measure of an arm stays below a limit.

    Attributes:
        measure, of: as in Above.
        limit: in the measure's unit.

    Example:

    ```python
    Below("final_test_accuracy", {"optimizer": "adam", "base_learning_rate": 0.1}, limit=0.15)
    ```
    """

    measure: str
    of: dict
    limit: float

    sign, times = -1, None

    @property
    def arms(self):
        """The measure and the arm."""
        return [(self.measure, self.of)]

    def margin(self, dataset, transformed=False):
        """The limit on a dataset; `transformed` is without effect and defaults to False."""
        return self.limit


@dataclass(frozen=True)
class Claim:
    """A claim and the parts that decide it.

    Attributes:
        id, sentence: its name and its words.
        parts: the `Above`s and `Below`s that must all hold; those of each way in which it may hold, one after the other.
        datasets: names of the datasets that it is about.
        least_epochs: a shorter training does not decide.
        ways: the number of ways in which it may hold, equal in their number of parts. Defaults to 1.

    Example:

    ```python
    faster = Above("epochs_to_target", {"optimizer": "sgd"}, {"optimizer": "adam"}, by=1)
    Claim("C-fast", "Adam needs fewer epochs than SGD", (faster,), datasets=("digits",), least_epochs=10)
    ```
    """

    id: str
    sentence: str
    parts: tuple
    datasets: tuple
    least_epochs: int
    ways: int = 1


def improvements(arm, claim):
    """The claims on remedies for a loss that falls while accuracy does not rise (question Q2); the same in all experiments.

    Args:
        arm: settings of the arm with and without the remedy, `{column: value}`.
        claim: function of id, sentence and parts that returns a `Claim`.
    """
    remedies = (("batch-norm", "batch_norm", True, "batch normalisation"), ("dropout", "dropout", "highest", "dropout"))
    return tuple(
        claim(
            f"Q2-{name}",
            f"{words} narrows the gap between falling loss and rising accuracy",
            (Above("idle_fall", {**arm, setting: "first"}, {**arm, setting: value}, by=0.1),),
        )
        for name, setting, value, words in remedies
    )


def counts(verdicts, kinds=VERDICTS):
    """The number of verdicts of each kind in words: `"3 supported, 1 inconclusive"`.

    Args:
        verdicts: list of str.
        kinds: their possible values, in order. Defaults to `VERDICTS`.
    """
    return ", ".join(f"{verdicts.count(kind)} {kind}" for kind in kinds if kind in verdicts)
