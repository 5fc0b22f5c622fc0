"""Questions as data: the report's explanation as a question with yes or no, the claims that test it, and facts as further evidence.

A fact becomes a sentence, whose numbers and names come from the run's tables. Imports nothing heavy, because the scripts begin with it;
`common/course_report/answers.py` answers, `common/course_report/facts.py` puts the facts into words.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """A question of the report.

    Attributes:
        id: its name.
        text: the question.
        asks: the report's explanation as a question with yes or no; a control that holds, and a claim that is supported, says yes.
        said: the report's explanation, a sentence.
        claims: ids of the claims that test the explanation, or at least whether there is the effect that it explains. Defaults to none.
        beside: ids of further claims of the report on the matter, of which it is told what became. Defaults to none.
        facts: further evidence, of this module's kinds. Defaults to none.
        figures: file names, without their end, of figures of the arms, in which `{dataset}` stands for the dataset. Defaults to none.

    Example:

    ```python
    Question("C1", "Why do the curves differ?", "Does momentum gain by its inertia?", "Momentum gains by inertia.", ("C-momentum",))
    ```
    """

    id: str
    text: str
    asks: str
    said: str
    claims: tuple = ()
    beside: tuple = ()
    facts: tuple = ()
    figures: tuple = ()


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


def common_questions(arm, curve, silence, gradient):
    """Q1 to Q4, which all experiments answer for their own arms, list of `Question`.

    Args:
        arm: settings of the arm whose layers are described, `{column: value}`.
        curve, silence, gradient: the experiment's own `asks`, `said`, `claims` and `beside` of Q1, Q3 and Q4, `{attribute: value}`.
    """
    return [
        Question(
            "Q1",
            "How does what varies change the learning curve: speed, oscillation, stalling?",
            **curve,
            facts=(
                Extremes("epochs_to_target", "epochs to the target accuracy"),
                Extremes("relative_oscillation", "oscillation of the late test loss, as a share of it"),
                Extremes("final_test_accuracy", "final test accuracy"),
            ),
            figures=("curves_{dataset}", "loss_and_accuracy_{dataset}"),
        ),
        Question(
            "Q2",
            "Where does loss fall without accuracy rising, and what helps?",
            asks="Do the remedies narrow the gap between a loss that falls and an accuracy that does not rise?",
            said="Loss falls without accuracy where the model grows only surer of what it knows; cross-entropy, ReLU, a better rate or "
            "schedule, batch normalisation and dropout mend it.",
            claims=("Q2-batch-norm", "Q2-dropout"),
            beside=("A-gap",),
            facts=(Extremes("idle_fall", "powers of ten by which the training loss falls once test accuracy has settled"),),
        ),
        Question(
            "Q3",
            "How do the activations of each layer change over training?",
            **silence,
            facts=(
                Course("activation_std", "standard deviation of the outputs", arm),
                Course("inactive_fraction", "inactive fraction", arm),
            ),
            figures=("activations_{dataset}_hidden_1", "activations_{dataset}_hidden_2"),
        ),
        Question(
            "Q4",
            "What happens where gradients vanish or explode?",
            **gradient,
            facts=(Vanishing("grad_norm", "gradient norm"),),
            figures=("gradients_{dataset}",),
        ),
    ]
