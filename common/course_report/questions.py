"""Questions as data: `{(id, question): facts}`. A fact becomes a sentence, whose numbers and names come from the run's tables.

Imports nothing heavy, because the scripts begin with it; `common/course_report/answers.py` puts the facts into words.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Extremes:
    """A fact: the arms in which the mean of a measure is lowest and highest.

    Attributes:
        measure: a column of summary.csv.
        words: its name in the sentence.
        among: pairs `(column, value)` that choose the arms, where the run has them. Defaults to all arms.

    Example:

    ```python
    Extremes("oscillation", "late oscillation of sgd", among=(("optimizer", "sgd"),))
    ```
    """

    measure: str
    words: str
    among: tuple = ()


@dataclass(frozen=True)
class Contrast:
    """A fact: the difference of a measure between two arms, seed by seed, with its 95 % interval.

    Attributes:
        measure: a column of summary.csv.
        words: its name in the sentence.
        of, than: settings of the two arms, as in a claim.
        than_measure: another measure, of the arm `than`. Defaults to the same.
    """

    measure: str
    words: str
    of: dict
    than: dict
    than_measure: str | None = None


@dataclass(frozen=True)
class Course:
    """A fact: a quantity of layers.csv in each layer of an arm, after the first epoch and after the last, and whether it went up or down:
    the 95 % interval of the change, seed by seed, lies on one side."""

    quantity: str
    words: str
    arm: dict


@dataclass(frozen=True)
class Vanishing:
    """A fact: arm, layer and epoch in which a quantity of layers.csv, mean over seeds, is smallest and largest, and the final accuracy."""

    quantity: str
    words: str


@dataclass(frozen=True)
class Verdicts:
    """A fact: the verdicts on the claims with these ids."""

    ids: tuple

    words = "claims"


def common_questions(arm):
    """Q1 to Q4, which all experiments answer for their own arms: `{(id, question): facts}`.

    Args:
        arm: settings of the arm whose layers are described, `{column: value}`.
    """
    return {
        ("Q1", "How does what varies change the learning curve: speed, oscillation, stalling?"): (
            Extremes("epochs_to_target", "epochs to the target accuracy"),
            Extremes("relative_oscillation", "oscillation of the late test loss, as a share of it"),
            Extremes("final_test_accuracy", "final test accuracy"),
        ),
        ("Q2", "Where does loss fall without accuracy rising, and what helps?"): (
            Extremes("idle_fall", "powers of ten by which the training loss falls once test accuracy has settled"),
            Verdicts(("Q2-batch-norm", "Q2-dropout")),
        ),
        ("Q3", "How do the activations of each layer change over training?"): (
            Course("activation_std", "standard deviation of the outputs", arm),
            Course("inactive_fraction", "inactive fraction", arm),
        ),
        ("Q4", "What happens where gradients vanish or explode?"): (Vanishing("grad_norm", "gradient norm"),),
    }
