"""Questions as data: each is answered by facts, sentences whose every word beyond a measure's name comes from the run's tables. Imports
nothing heavy, for the scripts begin with it; `common/course_report/answers.py` puts the facts into words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Extremes:
    """In which arms the mean of a measure is lowest and highest.

    Attributes:
        measure: a column of summary.csv.
        words: what it is called.
        percent: whether it is a share.
        among: `{column: value}` of the arms that are compared, where the run has them; all by default.
    """

    measure: str
    words: str
    percent: bool = False
    among: tuple = ()


@dataclass(frozen=True)
class Contrast:
    """The difference of a measure between two arms, seed by seed, with its 95 % interval; `of`, `than` as in a claim."""

    measure: str
    words: str
    of: dict
    than: dict
    percent: bool = False
    than_measure: str | None = None


@dataclass(frozen=True)
class Course:
    """A quantity of layers.csv in each layer of an arm, after the first epoch and after the last."""

    quantity: str
    words: str
    arm: dict
    percent: bool = False


@dataclass(frozen=True)
class Vanishing:
    """Where a quantity of layers.csv, mean over seeds, is smallest and where largest: arm, layer, epoch, and the accuracy at the end."""

    quantity: str
    words: str


@dataclass(frozen=True)
class Verdicts:
    """The verdicts on these claims."""

    ids: tuple


@dataclass(frozen=True)
class Question:
    """A question and the facts that answer it."""

    id: str
    words: str
    facts: tuple


def common_questions(arm, further=()):
    """Q1 to Q4, which all experiments answer for their own arms; `arm` is the one whose layers are told of."""
    return (
        Question(
            "Q1",
            "How does what varies change the learning curve: speed, oscillation, stalling?",
            (
                Extremes("epochs_to_target", "epochs to the target accuracy"),
                Extremes("relative_oscillation", "oscillation of the late test loss, as a share of it"),
                Extremes("final_test_accuracy", "final test accuracy", percent=True),
            ),
        ),
        Question(
            "Q2",
            "Where does loss fall without accuracy rising, and what mends it?",
            (
                Extremes("idle_fall", "powers of ten by which the training loss falls once test accuracy has settled"),
                Verdicts(("Q2-batch-norm", "Q2-dropout")),
                *further,
            ),
        ),
        Question(
            "Q3",
            "How do the activations of each layer change over training?",
            (
                Course("activation_std", "standard deviation of the outputs", arm),
                Course("inactive_fraction", "inactive fraction", arm, percent=True),
            ),
        ),
        Question("Q4", "What happens where gradients vanish or explode?", (Vanishing("grad_norm", "gradient norm"),)),
    )
