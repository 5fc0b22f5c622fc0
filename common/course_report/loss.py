"""The course report on the loss: the claims and questions of Experiment A, as data."""

from functools import partial

from common.course_report.claims import Above, Claim, improvements
from common.course_report.questions import Contrast, Course, Extremes, Verdicts, common_questions
from common.course_report.report import CourseReport

claim = partial(Claim, datasets=("fashion_mnist", "digits"), least_epochs=10)
CROSS_ENTROPY, MSE, LINEAR = ({"loss": name} for name in ("cross_entropy", "mse_softmax", "mse_linear"))
CLAIMS = (
    claim(
        "A-speed",
        "cross-entropy reaches a given accuracy in fewer epochs than MSE with softmax",
        # A ratio, as for all times: differences of epochs are wrong more often than they say (docs/statistics.md).
        (Above("epochs_to_target", MSE, CROSS_ENTROPY, times=1.1),),
        least_epochs=5,
    ),
    claim(
        "A-accuracy",
        "cross-entropy ends at a higher test accuracy than MSE with softmax",
        (Above("final_test_accuracy", CROSS_ENTROPY, MSE, by=0.002),),
    ),
    claim(
        "A-steady",
        "the loss curve of MSE oscillates less than that of cross-entropy late in training",
        # Each about its trend, as a share of its level: on scales of their own, MSE with its smaller values would win any comparison.
        (Above("relative_oscillation", CROSS_ENTROPY, MSE, times=1.1),),
        least_epochs=20,
    ),
    claim(
        "A-vanish",
        "late in training the gradient under MSE with softmax is smaller than under cross-entropy",
        (Above("final_grad_norm", CROSS_ENTROPY, MSE, times=1.1),),
    ),
    claim(
        "A-linear",
        "MSE without softmax trains worse than MSE with softmax",
        (Above("final_test_accuracy", MSE, LINEAR, by=0.002),),
    ),
    *improvements(CROSS_ENTROPY, claim),
)
QUESTIONS = {
    **common_questions(CROSS_ENTROPY),
    ("A1", "Is MSE slower and less stable, and why?"): (
        Contrast("epochs_to_target", "epochs to the target accuracy", MSE, CROSS_ENTROPY),
        Contrast("relative_oscillation", "late oscillation", MSE, CROSS_ENTROPY),
        Contrast("most_vanished_fraction", "samples that were wrong with a vanished gradient", MSE, CROSS_ENTROPY),
        Verdicts(("A-speed", "A-steady")),
    ),
    ("A2", "Does cross-entropy converge faster, and does its gradient p - y explain it?"): (
        Contrast("epochs_to_95pct", "epochs to 95 % of the best", CROSS_ENTROPY, MSE),
        Contrast("first_grad_norm", "gradient norm after the first epoch", CROSS_ENTROPY, MSE),
        Contrast("vanished_fraction", "samples that are wrong with a vanished gradient at the end", CROSS_ENTROPY, MSE),
    ),
    ("A3", "How does the gradient late in training compare with the early one?"): (
        Contrast("final_grad_norm", "gradient norm at the end and after an epoch", CROSS_ENTROPY, CROSS_ENTROPY, "first_grad_norm"),
        Contrast("final_grad_norm", "the same under MSE on softmax", MSE, MSE, "first_grad_norm"),
        Course("grad_norm", "layer by layer", MSE),
        Verdicts(("A-vanish",)),
    ),
    ("A4", "Does MSE without softmax train badly, and why?"): (
        Contrast("final_test_accuracy", "final test accuracy", LINEAR, MSE),
        Contrast("epochs_to_target", "epochs to the target accuracy", LINEAR, MSE),
        Extremes("final_test_cross_entropy", "cross-entropy of the softmax of the outputs"),
        Verdicts(("A-linear",)),
    ),
}
REPORT = CourseReport(CLAIMS, QUESTIONS, settings={"epochs": 30, "base_learning_rate": 0.001})
