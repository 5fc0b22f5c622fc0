"""The course report on the activation: the claims and questions of Experiment B, as data."""

from functools import partial

from common.course_report.claims import Above, Below, Claim, improvements
from common.course_report.questions import Contrast, Course, Extremes, Vanishing, Verdicts, common_questions
from common.course_report.report import CourseReport

claim = partial(Claim, datasets=("moons", "circles"), least_epochs=100)
RELU, LEAKY, SIGMOID = ({"activation": name} for name in ("relu", "leaky_relu", "sigmoid"))
CLAIMS = (  # where the report gives numbers, the margin is the least that they imply
    claim(
        "B-speed",
        "ReLU and LeakyReLU converge in fewer epochs than Sigmoid",
        (Above("epochs_to_target", SIGMOID, RELU, times=1.1), Above("epochs_to_target", SIGMOID, LEAKY, times=1.1)),
    ),
    claim(
        "B-relief",
        "LeakyReLU lowers the inactive fraction of layer 1 against ReLU (by 5-10 points)",
        (Above("mean_inactive_fraction_hidden_1", RELU, LEAKY, by=0.05),),
    ),
    claim(
        "B-relief-units",
        "LeakyReLU lowers the always-off fraction of layer 2 against ReLU, by 20 points or more",
        (Above("final_always_off_fraction_hidden_2", RELU, LEAKY, by=0.2),),
    ),
    claim(
        "B-grow",
        "under ReLU the inactive fraction of layer 1 grows in training (from 20-40 % to 80-90 %)",
        (Above("final_inactive_fraction_hidden_1", RELU, RELU, by=0.4, than_measure="first_inactive_fraction_hidden_1"),),
    ),
    claim(
        "B-layers",
        "under ReLU layer 1 ends with a higher inactive fraction than layer 2",
        (Above("final_inactive_fraction_hidden_1", RELU, RELU, by=0.02, than_measure="final_inactive_fraction_hidden_2"),),
    ),
    claim(
        "B-vanish",
        "Sigmoid's layer-1 gradient is smaller than ReLU's by an order of magnitude in the early epochs",
        (Above("early_grad_norm_hidden_1", RELU, SIGMOID, times=10),),
        least_epochs=10,  # over which the early gradient is averaged
    ),
    claim(
        "B-stall",
        "Sigmoid never gets past about 60 % accuracy",
        (Below("best_test_accuracy", SIGMOID, limit=0.65),),
        least_epochs=300,
    ),
    *improvements(RELU, claim),
)
QUESTIONS = {
    **common_questions(RELU),
    ("B1", "What does a high share of dead ReLUs do?"): (
        Extremes("final_always_off_fraction_hidden_2", "units of layer 2 that are off at the end"),
        Contrast("final_test_accuracy", "final test accuracy", RELU, LEAKY),
        Verdicts(("B-grow", "B-layers")),
    ),
    ("B2", "How far does LeakyReLU relieve it?"): (
        *(Contrast(f"final_always_off_fraction_hidden_{i}", f"units of layer {i} that are off at the end", RELU, LEAKY) for i in (1, 2)),
        Verdicts(("B-relief", "B-relief-units")),
    ),
    ("B3", "Where does Sigmoid's gradient vanish?"): (
        *(Contrast(f"early_grad_norm_hidden_{i}", f"early gradient norm of layer {i}", SIGMOID, RELU) for i in (1, 2)),
        Course("grad_norm", "gradient norm by layer", SIGMOID),
        Verdicts(("B-vanish", "B-stall")),
    ),
    ("B4", "What does each layer contribute?"): (
        Vanishing("update_ratio", "movement of a layer's weights in an epoch"),
        Course("update_ratio", "by layer, of LeakyReLU", LEAKY),
        Course("dormant_fraction", "dormant units", RELU),
    ),
}
REPORT = CourseReport(CLAIMS, QUESTIONS, settings={"epochs": 300, "base_learning_rate": 0.01, "bias_drop": 0.0})
