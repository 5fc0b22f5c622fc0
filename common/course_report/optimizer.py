"""The course report on the optimizer: the claims and questions of Experiment C, as data."""

from functools import partial

from common.course_report.claims import Above, Below, Claim, improvements
from common.course_report.questions import Contrast, Extremes, Vanishing, Verdicts, common_questions
from common.course_report.report import CourseReport

claim = partial(Claim, datasets=("fashion_mnist", "digits"), least_epochs=10)
NAMES = ("sgd", "momentum", "adam")
RATES = (0.1, 0.01, 0.001)


def arm(optimizer, learning_rate, schedule="exponential"):
    """The settings of an arm; the schedule defaults to the report's."""
    return {"optimizer": optimizer, "base_learning_rate": learning_rate, "schedule": schedule}


CLAIMS = (  # where the report gives numbers, the margin is the least that they imply
    claim(
        "C-diverge",
        "Adam at 0.1 fails on Fashion-MNIST (chance accuracy)",
        (Below("final_test_accuracy", arm("adam", 0.1), limit=0.15),),
        datasets=("fashion_mnist",),
        least_epochs=5,
    ),
    claim(
        "C-momentum",
        "momentum beats plain SGD at 0.01 (by 3 points on Fashion-MNIST)",
        (Above("final_test_accuracy", arm("momentum", 0.01), arm("sgd", 0.01), by={"fashion_mnist": 0.03, "digits": 0.005}),),
    ),
    claim(
        "C-early",
        "Adam has the lowest training loss after the first 5 epochs, each optimizer at its best learning rate",
        # No rate is chosen by the losses that are then tested: Adam must beat the others at each of their rates, and it may do so at
        # any of its own, which are so many ways.
        tuple(
            Above("early_train_loss", arm(other, rate), arm("adam", own), times=1.1)
            for own in RATES
            for other in NAMES[:2]
            for rate in RATES
        ),
        least_epochs=5,
        ways=len(RATES),
    ),
    claim(
        "C-slow",
        "SGD at 0.001 ends below SGD at 0.01",
        (Above("final_test_accuracy", arm("sgd", 0.01), arm("sgd", 0.001), by=0.005),),
    ),
    claim(
        "C-decay",
        "exponential decay makes the end of training steadier, and not less accurate, than a constant rate",
        (
            *(Above("oscillation", arm(name, 0.01, "constant"), arm(name, 0.01), times=1.1) for name in NAMES),
            *(Above("final_test_accuracy", arm(name, 0.01), arm(name, 0.01, "constant"), by=-0.005) for name in NAMES),
        ),
        least_epochs=50,  # by then the learning rate has fallen to less than a tenth
    ),
    claim(
        "C-order",
        "the gradient norm is steadiest under Adam, then momentum, then SGD",
        # Steady is what changes little from epoch to epoch: the standard deviation of the steps of the norm's logarithm.
        tuple(
            Above("grad_norm_jumps", arm(rougher, 0.01), arm(steadier, 0.01), times=1.1)
            for rougher, steadier in (("sgd", "momentum"), ("momentum", "adam"))
        ),
    ),
    *improvements(arm("sgd", 0.01), claim),
)
SGD, MOMENTUM, ADAM = (arm(name, 0.01) for name in NAMES)
QUESTIONS = {
    **common_questions(SGD),
    ("Q5", "Why do optimizers differ on one network?"): (
        Vanishing("update_ratio", "movement of a layer's weights in an epoch"),
        Extremes("mean_grad_norm", "mean gradient norm"),
    ),
    ("C1", "How far do the curves differ?"): (
        Contrast("epochs_to_target", "epochs to the target accuracy", SGD, MOMENTUM),
        Contrast("epochs_to_target", "the same, momentum and Adam", MOMENTUM, ADAM),
        Verdicts(("C-momentum", "C-slow")),
    ),
    ("C2", "What does the learning rate do to stability?"): (
        *(Extremes("oscillation", f"late oscillation of {name}", among=(("optimizer", name),)) for name in NAMES),
        Extremes("diverged", "share of runs that diverged"),
        Verdicts(("C-diverge",)),
    ),
    ("C3", "Is Adam fast early, and why?"): (
        Contrast("early_train_loss", "training loss after 5 epochs", ADAM, MOMENTUM),
        Contrast("early_train_loss", "the same, against SGD", ADAM, SGD),
        Verdicts(("C-early",)),
    ),
    ("C4", "What does exponential decay do?"): (
        *(
            Contrast(measure, f"{words} of {name}", arm(name, 0.01), arm(name, 0.01, "constant"))
            for measure, words in (("oscillation", "late oscillation"), ("final_test_accuracy", "final test accuracy"))
            for name in NAMES
        ),
        Verdicts(("C-decay",)),
    ),
    ("C5", "What happens when the gradient vanishes or jumps under an optimizer?"): (
        Extremes("grad_norm_jumps", "jumps of the gradient norm from epoch to epoch, in logs"),
        Vanishing("grad_norm", "gradient norm"),
        Verdicts(("C-order",)),
    ),
}
REPORT = CourseReport(CLAIMS, QUESTIONS, settings={"epochs": 100, "schedule": "exponential"})
