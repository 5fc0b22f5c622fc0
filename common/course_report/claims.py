"""Claims as data: the sentence of each, and the statistic that decides it. Imports nothing heavy, because the scripts begin with it.

A claim says that an effect exceeds a margin, in one or more parts. Its verdict tells direction from size:

- supported: all its parts are shown to exceed their margins;
- contradicted: one is shown to stay below the least difference that counts: it is nothing, or opposite;
- smaller than claimed: all are shown to have the direction that is claimed, and one to stay below its margin;
- undecided: none of these is shown;
- not run: its arms, epochs or seeds are not there.

`common/course_report/deciding.py` decides; `docs/claims.md` lists the claims.
"""

from dataclasses import dataclass

A_TENTH = "a tenth, by convention"
VERDICTS = ("supported", "smaller than claimed", "contradicted", "undecided", "not run")


@dataclass(frozen=True)
class Best:
    """In place of a setting's value: whichever has the lowest mean of a measure, chosen for each seed on the other seeds, which must agree.

    Attributes:
        measure: a column of summary.csv, of losses.
        values: the values among which is chosen; all must have been run.

    Example:

    ```python
    {"optimizer": "adam", "base_learning_rate": Best("early_train_loss", (0.1, 0.01))}
    ```
    """

    measure: str
    values: tuple


@dataclass(frozen=True)
class Highest:
    """In place of a setting's value: the highest that was run; `example` is one that may be run."""

    example: float


@dataclass(frozen=True)
class Above:
    """A part of a claim: a measure of one arm exceeds that of another, seed by seed.

    Attributes:
        measure: a column of summary.csv.
        of, than: settings of the two arms, `{column: value}`, a `Highest` or `Best` among them; a column that is left out has its first
            value.
        by: the margin: the difference that is claimed, in the measure's unit; or `{dataset: margin}`. It is negative where the claim is
            that nothing is lost. Defaults to 0.
        times: the margin as a ratio; then ratios are compared, by their geometric mean. Defaults to None.
        least: the least difference, or ratio, that counts, or `{dataset: it}`; less is nothing. Defaults to None: the margin.
        than_measure: another measure, of the arm `than`. Defaults to the same.

    Example:

    ```python
    Above("final_test_accuracy", {"optimizer": "adam"}, {"optimizer": "sgd"}, by=0.03, least=0.005)
    ```
    """

    measure: str
    of: dict
    than: dict
    by: float | dict = 0.0
    times: float | None = None
    least: float | dict | None = None
    than_measure: str | None = None

    sign = 1

    @property
    def arms(self):
        """The measures and arms that are compared."""
        return [(self.measure, self.of), (self.than_measure or self.measure, self.than)]

    def margin(self, dataset):
        """The margin on a dataset: a ratio if there is one, else a difference."""
        return _on(dataset, self.by if self.times is None else self.times)

    def counts_from(self, dataset):
        """The least effect that counts on a dataset."""
        return self.margin(dataset) if self.least is None else _on(dataset, self.least)

    def nothing(self, dataset):
        """No effect, from which its direction is told; the margin itself if that lies lower, as where nothing is lost."""
        return min(0.0 if self.times is None else 1.0, self.margin(dataset))


def _on(dataset, value):
    return value[dataset] if isinstance(value, dict) else value


@dataclass(frozen=True)
class _Limit:
    measure: str
    of: dict
    limit: float

    times = None

    @property
    def arms(self):
        """The measure and the arm."""
        return [(self.measure, self.of)]

    def margin(self, dataset):
        """The limit, the same on all datasets."""
        return self.limit

    counts_from = nothing = margin  # a level has no direction


class Below(_Limit):
    """A part of a claim: a measure of an arm stays below a limit.

    Attributes:
        measure, of: as in Above.
        limit: in the measure's unit.

    Example:

    ```python
    Below("final_test_accuracy", {"optimizer": "adam", "base_learning_rate": 0.1}, limit=0.15)
    ```
    """

    sign = -1


class AtLeast(_Limit):
    """A part of a claim: a measure of an arm exceeds a limit.

    Attributes:
        measure, of, limit: as in Below.

    Example:

    ```python
    AtLeast("final_test_accuracy", {"activation": "relu"}, limit=0.65)
    ```
    """

    sign = 1


@dataclass(frozen=True)
class Claim:
    """A claim and the parts that decide it.

    Attributes:
        id, sentence: its name and its words.
        parts: the `Above`s, `Below`s and `AtLeast`s that must all hold.
        datasets: names of the datasets that it is about.
        least_epochs: a shorter training does not decide.
        reason: for its margins.
        of: the id of the report's statement that it tests; several claims may test one. Defaults to none, which is its own id.

    Example:

    ```python
    faster = Above("epochs_to_target", {"optimizer": "sgd"}, {"optimizer": "adam"}, times=1.1)
    Claim("C-fast", "Adam needs fewer epochs than SGD", (faster,), ("digits",), 10, "a tenth: less is not seen on a curve")
    ```
    """

    id: str
    sentence: str
    parts: tuple
    datasets: tuple
    least_epochs: int
    reason: str = ""
    of: str = ""

    least_seeds = 5

    @property
    def statement(self):
        """The id of the report's statement that it tests."""
        return self.of or self.id


def improvements(arm, claim):
    """The claims on remedies for a loss that falls while accuracy does not rise (question Q2); the same in all experiments.

    Args:
        arm: settings of the arm with and without the remedy, `{column: value}`.
        claim: function of id, sentence and parts that returns a `Claim`.
    """
    remedies = (("batch-norm", "batch_norm", True, "batch normalisation"), ("dropout", "dropout", Highest(0.2), "dropout"))
    return tuple(
        claim(
            f"Q2-{name}",
            f"{words} narrows the gap between falling loss and rising accuracy",
            (Above("idle_fall", {**arm, setting: "first"}, {**arm, setting: value}, by=0.1),),
            reason="a tenth of a decade: the loss falls by a fifth less",
            of="Q2",
        )
        for name, setting, value, words in remedies
    )


def counts(verdicts):
    """The number of verdicts of each kind, a list of str, in words: `"3 supported, 1 undecided"`."""
    return ", ".join(f"{verdicts.count(kind)} {kind}" for kind in VERDICTS if kind in verdicts)
