"""What the course report claims and asks about the activation: Experiment B's claims and questions, as data."""

from common.course_report.claims import Above, Below, Claim, improvements
from common.course_report.questions import Contrast, Course, Extremes, Question, Vanishing, Verdicts, common_questions
from common.course_report.report import CourseReport

EARLY_EPOCHS = 10  # over which the early gradient is averaged
BOTH = ("moons", "circles")
RELU, LEAKY, SIGMOID = ({"activation": name} for name in ("relu", "leaky_relu", "sigmoid"))
CLAIMS = (  # where the report gives numbers, the margin is the least that they imply
    Claim(
        "B-speed",
        "ReLU and LeakyReLU converge in fewer epochs than Sigmoid",
        (Above("epochs_to_target", SIGMOID, RELU, by=5), Above("epochs_to_target", SIGMOID, LEAKY, by=5)),
        BOTH,
        least_epochs=100,
    ),
    Claim(
        "B-relief",
        "LeakyReLU lowers the inactive fraction of layer 1 against ReLU (by 5-10 points)",
        (Above("mean_inactive_fraction_hidden_1", RELU, LEAKY, by=0.05),),
        BOTH,
        least_epochs=100,
    ),
    Claim(
        "B-relief-units",
        "LeakyReLU lowers the always-off fraction of layer 2 against ReLU, by 20 points or more",
        (Above("final_always_off_fraction_hidden_2", RELU, LEAKY, by=0.2),),
        BOTH,
        least_epochs=100,
    ),
    Claim(
        "B-grow",
        "under ReLU the inactive fraction of layer 1 grows in training (from 20-40 % to 80-90 %)",
        (Above("final_inactive_fraction_hidden_1", RELU, RELU, by=0.4, than_measure="first_inactive_fraction_hidden_1"),),
        BOTH,
        least_epochs=100,
    ),
    Claim(
        "B-layers",
        "under ReLU layer 1 ends with a higher inactive fraction than layer 2",
        (Above("final_inactive_fraction_hidden_1", RELU, RELU, by=0.02, than_measure="final_inactive_fraction_hidden_2"),),
        BOTH,
        least_epochs=100,
    ),
    Claim(
        "B-vanish",
        "Sigmoid's layer-1 gradient is smaller than ReLU's by an order of magnitude in the early epochs",
        (Above("early_grad_norm_hidden_1", RELU, SIGMOID, times=10),),
        BOTH,
        least_epochs=EARLY_EPOCHS,
    ),
    Claim(
        "B-stall",
        "Sigmoid never gets past about 60 % accuracy",
        (Below("best_test_accuracy", SIGMOID, limit=0.65),),
        BOTH,
        least_epochs=300,
    ),
    *improvements(RELU, BOTH, least_epochs=100),
)
QUESTIONS = (
    *common_questions(RELU),
    Question(
        "B1",
        "What does a high share of dead ReLUs do?",
        (
            Extremes("final_always_off_fraction_hidden_2", "units of layer 2 that are off at the end", percent=True),
            Contrast("final_test_accuracy", "final test accuracy", RELU, LEAKY, percent=True),
            Verdicts(("B-grow", "B-layers")),
        ),
    ),
    Question(
        "B2",
        "How far does LeakyReLU relieve it?",
        (
            Contrast("final_always_off_fraction_hidden_1", "units of layer 1 that are off at the end", RELU, LEAKY, percent=True),
            Contrast("final_always_off_fraction_hidden_2", "units of layer 2 that are off at the end", RELU, LEAKY, percent=True),
            Verdicts(("B-relief", "B-relief-units")),
        ),
    ),
    Question(
        "B3",
        "Where does Sigmoid's gradient vanish?",
        (
            Contrast("early_grad_norm_hidden_1", "early gradient norm of layer 1", SIGMOID, RELU),
            Contrast("early_grad_norm_hidden_2", "early gradient norm of layer 2", SIGMOID, RELU),
            Course("grad_norm", "gradient norm by layer", SIGMOID),
            Verdicts(("B-vanish", "B-stall")),
        ),
    ),
    Question(
        "B4",
        "What does each layer contribute?",
        (
            Vanishing("update_ratio", "movement of a layer's weights in an epoch"),
            Course("update_ratio", "by layer, of LeakyReLU", LEAKY),
            Course("dormant_fraction", "dormant units", RELU, percent=True),
        ),
    ),
)
REPORT = CourseReport(CLAIMS, QUESTIONS, settings={"epochs": 300, "base_learning_rate": 0.01, "bias_drop": 0.0})
