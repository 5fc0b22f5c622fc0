"""Claims as data: what each says, and what decides it. Imports nothing heavy, for the scripts begin with it.

A claim says that an effect exceeds a margin, in one or more parts. A part is supported if its interval lies beyond the margin, contradicted
if it lies short of it. The claim is supported if all its parts are, contradicted if one is, and inconclusive otherwise.
`common/course_report/verdicts.py` decides.
"""

import math
from dataclasses import dataclass

LOWEST = "lowest"  # in an arm: the value of that setting at which the mean of the measure is lowest


@dataclass(frozen=True)
class Above:
    """That a measure of one arm exceeds that of another, seed by seed.

    Attributes:
        measure: a column of summary.csv.
        of, than: settings of the two arms, `{column: value}`; what they leave out has its first value.
        by: the margin: the least difference that counts, in the measure's unit; or `{dataset: margin}`. It may be negative.
        times: the margin as a ratio; then ratios are compared, by their geometric mean.
        than_measure: another measure, of the arm `than`.
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
        return [(self.measure, self.of), (self.than_measure or self.measure, self.than)]

    def margin(self, dataset):
        if self.times is not None:
            return math.log(self.times)
        return self.by[dataset] if isinstance(self.by, dict) else self.by

    def describe(self, of, than):
        between = "-" if self.times is None else "/"
        return f"{self.measure}({of}) {between} {self.than_measure or self.measure}({than})"


@dataclass(frozen=True)
class Below:
    """That a measure of an arm stays below a limit.

    Attributes:
        measure, of: as in Above.
        limit: in the measure's unit.
    """

    measure: str
    of: dict
    limit: float

    sign, times = -1, None

    @property
    def arms(self):
        return [(self.measure, self.of)]

    def margin(self, dataset):
        return self.limit

    def describe(self, of):
        return f"{self.measure}({of})"


@dataclass(frozen=True)
class Claim:
    """A claim and what decides it.

    Attributes:
        id, sentence: its name and its words.
        parts: what all must hold, Above or Below.
        datasets: those that it is about.
        least_epochs: a training that is shorter does not decide.
        requires: `{column: values}` that must all be among the arms.
    """

    id: str
    sentence: str
    parts: tuple
    datasets: tuple
    least_epochs: int
    requires: dict | None = None


def improvements(arm, datasets, least_epochs):
    """The claims on what mends a loss that falls while accuracy does not rise (question Q2); the same in all experiments."""
    names = {"batch-norm": ("batch_norm", True, "batch normalisation"), "dropout": ("dropout", "highest", "dropout")}
    return tuple(
        Claim(
            f"Q2-{name}",
            f"{words} narrows the gap between falling loss and rising accuracy",
            (Above("idle_fall", {**arm, setting: "first"}, {**arm, setting: value}, by=0.1),),
            datasets,
            least_epochs,
        )
        for name, (setting, value, words) in names.items()
    )
