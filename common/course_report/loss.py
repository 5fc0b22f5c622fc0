"""The course report on the loss: the claims and questions of Experiment A, as data."""

from functools import partial

from common.course_report.claims import A_TENTH, Above, AtLeast, Below, Claim, improvements
from common.course_report.highlights import Highlight
from common.course_report.loss_arms import CROSS_ENTROPY, LINEAR, MSE
from common.course_report.loss_controls import CONTROLS
from common.course_report.questions import Contrast, Extremes, Question, common_questions
from common.course_report.report import CourseReport, section
from common.lazy import lazy_modules

formula, loss_figures = lazy_modules("common.course_report.formula common.course_report.loss_figures")

claim = partial(Claim, datasets=("fashion_mnist", "digits"), least_epochs=10)
SAMPLES = {"median": "the median sample", "mean": "the mean sample"}
NEARLY_NONE = "nearly none is less than a tenth of that before training"
CLAIMS = (
    claim(
        "A-speed",
        "cross-entropy learns faster than MSE with softmax: its training accuracy, step by step over the first 5 epochs, is higher",
        (Above("early_train_accuracy", CROSS_ENTROPY, MSE, by=0.01),),
        least_epochs=5,
        reason="a point: less is not seen on a curve",
    ),
    claim(
        "A-accuracy",
        "cross-entropy ends at a higher test accuracy than MSE with softmax",
        (Above("final_test_accuracy", CROSS_ENTROPY, MSE, by=0.002),),
        reason="0.2 points, about half of the difference that the report calls high against low (89.04 and 88.68 %)",
    ),
    claim(
        "A-steady",
        "the loss curve of MSE with softmax oscillates less, for its level, than that of cross-entropy late in training",
        # Each about its trend, as a share of its level: on scales of their own, MSE with its smaller values would win any comparison.
        (Above("relative_oscillation", CROSS_ENTROPY, MSE, times=1.1),),
        least_epochs=20,
        reason=A_TENTH,
    ),
    # By the logits, end ÷ start: the scales of the losses drop out.
    *(
        claim(
            f"A-vanish{'' if kind == 'median' else '-mean'}",
            f"at the end {sample} has nearly no gradient left under MSE with softmax, but has under cross-entropy",
            (
                Below(f"logit_grad_{kind}_left", MSE, limit=0.1),
                AtLeast(f"logit_grad_{kind}_left", CROSS_ENTROPY, limit=0.1),
            ),
            reason=NEARLY_NONE,
            of="A-vanish",
        )
        for kind, sample in SAMPLES.items()
    ),
    *(
        claim(
            f"A-vanish-more{'' if kind == 'median' else '-mean'}",
            f"from start to end the gradient of {sample} shrinks more under MSE with softmax than under cross-entropy",
            (Above(f"logit_grad_{kind}_left", CROSS_ENTROPY, MSE, times=1.1),),
            reason=A_TENTH,
            of="A-vanish",
        )
        for kind, sample in SAMPLES.items()
    ),
    claim(
        "A-linear",
        "MSE without softmax ends at a lower test accuracy than MSE with softmax",
        (Above("final_test_accuracy", MSE, LINEAR, by=0.002),),
        reason="0.2 points, as for A-accuracy",
    ),
    claim(
        "A-stall",
        "under MSE with softmax the training loss hardly falls after the first fifth of training, under cross-entropy it goes on falling",
        (Below("late_fall", MSE, limit=0.1), Above("late_fall", CROSS_ENTROPY, MSE, by=0.1)),
        least_epochs=20,
        reason="a tenth of a decade, a fall by a fifth: a curve that falls less looks level on a log axis",
    ),
    claim(
        "A-gap",
        "under MSE with softmax the training loss falls on after test accuracy has settled, more than under cross-entropy",
        (Above("idle_fall", MSE, CROSS_ENTROPY, by=0.1),),
        least_epochs=20,
        reason="a tenth of a decade, as for A-stall",
    ),
    claim(
        "A-late-signal",
        "samples that are wrong early have a strong gradient under both losses, those that are still wrong late nearly none under MSE "
        "with softmax (under cross-entropy they must: there |p - y| is at least 0.5)",
        (
            AtLeast("wrong_grad_early", CROSS_ENTROPY, limit=0.5),
            AtLeast("wrong_grad_early", MSE, limit=0.5),
            Below("wrong_grad_late", MSE, limit=0.1),
        ),
        least_epochs=20,
        reason="half of a sample's gradient before training is strong, less than a tenth of it is nearly none",
    ),
    *improvements(CROSS_ENTROPY, claim),
)
QUESTIONS = (
    *common_questions(
        CROSS_ENTROPY,
        curve={
            "asks": "Does cross-entropy learn faster, and end higher, than MSE with softmax?",
            "said": "Cross-entropy converges faster and to a higher accuracy; MSE with softmax is slower, and stalls.",
            "claims": ("A-speed", "A-accuracy"),
            "beside": ("A-steady", "A-stall"),
        },
        silence={
            "asks": "",
            "said": "The report shows the distributions of activations where it compares activations, not here.",
        },
        gradient={
            "asks": "Does the gradient under MSE with softmax vanish late in training, and learning stop with it?",
            "said": "Under MSE with softmax the gradient goes to nearly zero, and learning stalls; under cross-entropy it lasts.",
            "claims": ("A-vanish", "A-stall"),
        },
    ),
    Question(
        "A1",
        "Is MSE slower and less stable, and why?",
        asks="Is MSE with softmax slowed down by saturation, the factor p(1 - p) of its gradient?",
        said="MSE is slower, for its gradient has the factor p(1 - p), which is nearly zero where an output is sure, be it right or wrong.",
        claims=("A-speed", "A-stall"),
        beside=("A-steady",),
        facts=(
            Contrast("early_train_accuracy", "training accuracy over the steps of the first 5 epochs", MSE, CROSS_ENTROPY),
            Contrast("relative_oscillation", "late oscillation", MSE, CROSS_ENTROPY),
            Extremes("most_vanished_fraction", "samples that were wrong with a vanished gradient", among=(("loss", "mse_softmax"),)),
        ),
        figures=("loss_and_accuracy_{dataset}", "vanishing_{dataset}"),
    ),
    Question(
        "A2",
        "Does cross-entropy converge faster, and does its gradient p - y explain it?",
        asks="Does cross-entropy converge faster because its gradient p - y lacks the factor of saturation?",
        said="The gradient of cross-entropy is p - y, as large as the error itself; that of MSE passes through the Jacobian of softmax.",
        claims=("A-speed", "A-accuracy"),
        facts=(
            Contrast("early_train_accuracy", "training accuracy over the steps of the first 5 epochs", CROSS_ENTROPY, MSE),
            Contrast("final_test_accuracy", "final test accuracy", CROSS_ENTROPY, MSE),
        ),
        figures=("loss_and_accuracy_{dataset}",),
    ),
    Question(
        "A3",
        "How does the gradient late in training compare with the early one?",
        asks="Is the gradient of a sample strong early under both losses, and late nearly gone under MSE with softmax alone?",
        said="Early errors give a strong signal under both losses; late, MSE with softmax gives almost none, even for samples still wrong.",
        claims=("A-vanish", "A-vanish-mean", "A-vanish-more", "A-vanish-more-mean", "A-late-signal"),
        facts=(
            Contrast("logit_grad_median_left", "what is left at the end of the median sample's gradient by its logits", CROSS_ENTROPY, MSE),
            Contrast("logit_grad_mean_left", "what is left of the mean", CROSS_ENTROPY, MSE),
            Contrast("wrong_grad_late", "gradient of samples still wrong, of that before training", CROSS_ENTROPY, MSE),
        ),
        figures=("logit_gradients_{dataset}",),
    ),
    Question(
        "A4",
        "Does MSE without softmax train badly, and why?",
        asks="Does MSE train badly without softmax, for want of probabilities?",
        said="Without softmax the outputs are no probabilities and their scale is free, so that MSE trains badly.",
        claims=("A-linear",),
        facts=(
            Contrast("final_test_accuracy", "final test accuracy", LINEAR, MSE),
            Contrast("early_train_accuracy", "training accuracy over the steps of the first 5 epochs", LINEAR, MSE),
            Extremes("final_test_cross_entropy", "cross-entropy of the softmax of the outputs"),
        ),
        figures=("logits_{dataset}",),
    ),
)
HIGHLIGHTS = (
    Highlight(
        "scale",
        "From the usual start MSE on softmax is slow under SGD for the scale of its gradient, not for saturation: times K²/2 it learns "
        "faster, from a less sure start no faster",
        {"A1-scale-sgd": "yes", "A1-unsure": "no"},
    ),
)


class LossReport(CourseReport):
    """The course report on the loss, which has the report's formula beside the gradient too, `formula.csv`, and figures of its controls."""

    def tables(self, results):
        return {**super().tables(results), "formula": formula.tabulate(results)}

    def figures(self, results):
        return [*super().figures(results), *loss_figures.plan(results)]

    def sections(self, results, figures):
        corrections = {dataset: results.correction(dataset) for dataset in results.datasets}
        lines = formula.in_words(results.tables["formula"], corrections)
        return [
            *super().sections(results, figures),
            *([section("formula", "Formula", "The report's formula", lines=lines)] if lines else []),
        ]


REPORT = LossReport(
    CLAIMS,
    QUESTIONS,
    CONTROLS,
    settings={"epochs": 30, "base_learning_rate": 0.001},
    key_figures=("vanishing_{dataset}", "gradients_{dataset}"),
    highlights=HIGHLIGHTS,
)
