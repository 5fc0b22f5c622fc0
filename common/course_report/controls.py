"""Controls as data: a cause that the report names, what is done to it, and the rule by which the outcome speaks for or against it.

Imports nothing heavy, because the scripts begin with it.
"""

from dataclasses import dataclass

from common.course_report.claims import Claim

LEAST_SEEDS = 3  # with which a control is decided; fewer than a claim, whose runs cost less
SPOKEN = {"supported": "yes", "smaller than claimed": "yes", "contradicted": "no"}  # for the cause; others are open


@dataclass(frozen=True, kw_only=True)
class Control(Claim):
    """A control: a claim that holds if the named cause is at work, decided by runs in which that cause was removed, matched or injected.

    Its parts name arms as those of a claim do. Beside the columns of an arm, an arm may name other settings of a cell, and knobs, which
    only controls turn; `--controls` trains the arms that the flags have not asked for.

    Attributes:
        question: id of the question that it answers, such as `"C1"`.
        cause: the cause that the report names, a noun phrase.
        done: what is done to the cause, a sentence without a full stop.
        speaks_for, speaks_against: what would be seen if the cause were at work, and if it were not; clauses.
        holds, fails: the mechanism, in one to three sentences with its formula, if the outcome speaks for the cause, and if against it.
        figure: first word of the file names of the figure that shows it. Defaults to none.
        rival: whether the cause is another than the one that the report names, which would explain the same. It does not answer whether the
            report is right, and is told beside it. Defaults to False.

    Example:

    ```python
    Control(
        "C1-matched-rate", "momentum's loss curve differs from that of SGD at the rate to which its steps add up",
        (Apart("train_loss", MOMENTUM, FAST_SGD, beyond=0.1),), ("digits",), 10, "a tenth of a decade: less is not seen on a curve",
        question="C1", cause="momentum's inertia", done="SGD without momentum trains at η / (1 - β)",
        speaks_for="the curves lie apart", speaks_against="the curves lie on each other",
        holds="Inertia ...", fails="Momentum's steps add up to η / (1 - β) ...", figure="matched_rate",
    )
    ```
    """

    question: str
    cause: str
    done: str
    speaks_for: str
    speaks_against: str
    holds: str
    fails: str
    figure: str = ""
    rival: bool = False

    least_seeds = LEAST_SEEDS


@dataclass(frozen=True)
class Apart:
    """A part of a control: the curves of two arms lie apart, by the median over the epochs of |log10 of their ratio|, seed by seed.

    Attributes:
        curve: a column of history.csv, positive.
        of, than: settings of the two arms.
        beyond: the margin, in decades.

    Example:

    ```python
    Apart("train_loss", {"optimizer": "momentum"}, {"optimizer": "sgd"}, beyond=0.1)
    ```
    """

    curve: str
    of: dict
    than: dict
    beyond: float

    measure = "curves_apart"
    sign = 1
    times = None

    @property
    def arms(self):
        """The measure and the arms."""
        return [(self.measure, self.of), (self.measure, self.than)]

    def margin(self, dataset):
        """The margin, the same on all datasets."""
        return self.beyond

    counts_from = nothing = margin  # a distance has no direction


def arms_of(controls):
    """The arms that controls name, `{setting: value}` each, without repetitions, list."""
    found = []
    for arm in (arm for control in controls for part in control.parts for _, arm in part.arms):
        if arm not in found:
            found.append(arm)
    return found
