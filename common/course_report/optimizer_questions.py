"""The questions of Experiment C, as data."""

from common.course_report.optimizer_arms import ADAM, MOMENTUM, NAMES, SGD, WORDS, arm, at_the_best_rate
from common.course_report.questions import Contrast, Extremes, Question, Vanishing, common_questions

QUESTIONS = (
    *common_questions(
        SGD,
        curve={
            "asks": "Does Adam have the fastest and the smoothest loss curve?",
            "said": "Adam is fast early and the smoothest, momentum is between, SGD slow and noisy; elsewhere SGD is said to converge "
            "first, and Adam to oscillate most early.",
            "claims": ("C-early", "C-smooth"),
            "beside": ("C-first", "C-adam-noise", "C-sgd-noise", "C-damp", *(f"C-levels-{name}" for name in NAMES)),
        },
        silence={
            "asks": "",
            "said": "The report shows the distributions of activations where it compares activations, not here.",
        },
        gradient={
            "asks": "Does learning suffer where the gradient vanishes in a layer, or explodes?",
            "said": "Under Adam at 0.1 the gradient explodes, the loss grows to infinity, and never comes back.",
            "claims": ("C-infinite",),
            "beside": ("C-diverge", "C-diverge-constant"),
        },
    ),
    Question(
        "Q5",
        "Why do optimizers differ on one network?",
        asks="Do the optimizers go ways of their own from the same start, to different valleys of the loss?",
        said="On one network each optimizer goes a way of its own, since each makes another step of the same gradient.",
        facts=(
            Vanishing("update_ratio", "movement of a layer's weights in an epoch"),
            Extremes("mean_grad_norm", "mean gradient norm"),
        ),
        figures=("updates_{dataset}",),
    ),
    Question(
        "C1",
        "How far do the curves differ, and why?",
        asks="Does momentum gain by its inertia?",
        said="Momentum beats SGD at the same rate, by 3 points on Fashion-MNIST, because its inertia carries it on.",
        claims=("C-momentum",),
        beside=("C-slow", "C-first", "C-damp"),
        facts=(
            Contrast("epochs_to_target", "epochs to the target accuracy", SGD, MOMENTUM),
            Contrast("epochs_to_target", "the same, momentum and Adam", MOMENTUM, ADAM),
        ),
        figures=("loss_and_accuracy_{dataset}",),
    ),
    Question(
        "C2",
        "What does the learning rate do to stability?",
        asks="Does a high rate make training unstable, by overshooting?",
        said="A high rate overshoots: the loss oscillates, and Adam at 0.1 fails; 0.001 is slow; 0.001 to 0.01 is suitable.",
        claims=("C-diverge", "C-diverge-constant", *(f"C-rate-unsteady-{name}" for name in NAMES)),
        beside=("C-infinite", *(f"{claim}-{name}" for claim in ("C-small-rate", "C-good-rates") for name in NAMES)),
        facts=(
            *(Extremes("oscillation", f"late oscillation of {name}", among=(("optimizer", name),)) for name in NAMES),
            Extremes("diverged", "share of runs that diverged"),
        ),
        figures=("accuracy_by_rate_{dataset}", "sharpness_{dataset}"),
    ),
    Question(
        "C3",
        "Is Adam fast early, and why?",
        asks="Is Adam fast early by its moments, which give each parameter a rate of its own?",
        said="Adam is fast early, for its moments of the gradient give each parameter a rate of its own.",
        claims=("C-early",),
        facts=tuple(
            Contrast(
                "early_train_loss",
                f"training loss after 5 epochs, {WORDS[other]} and Adam at their best rates",
                *map(at_the_best_rate, (other, "adam")),
            )
            for other in reversed(NAMES[:2])
        ),
        figures=("curves_{dataset}_lr0.01",),
    ),
    Question(
        "C4",
        "What does exponential decay do?",
        asks="Does exponential decay steady the end of training, at no cost, and prevent overfitting?",
        said="Since the rate is lower late, the end of training is steadier and no less accurate, and overfitting is prevented.",
        claims=(
            *(f"C-decay-{part}-{name}" for part in ("steady", "accuracy") for name in reversed(NAMES)),
            "C-decay-overfit",
            "C-decay-overfit-loss",
        ),
        facts=tuple(
            Contrast(measure, f"{words} of {name}", arm(name, 0.01), arm(name, 0.01, "constant"))
            for measure, words in (("oscillation", "late oscillation"), ("final_test_accuracy", "final test accuracy"))
            for name in NAMES
        ),
        figures=("decay_{dataset}", "schedule_{dataset}"),
    ),
    Question(
        "C5",
        "What happens when the gradient vanishes or jumps under an optimizer?",
        asks="Does a gradient that jumps throw the training back?",
        said="Adam levels jumps of the gradient, whose norm is steadiest under it, then under momentum; at 0.1 it never comes back.",
        claims=("C-infinite",),
        beside=("C-order", "C-drop", *(f"C-drop-{name}" for name in reversed(NAMES))),
        facts=(
            Extremes("grad_norm_jumps", "jumps of the gradient norm from epoch to epoch, in logs"),
            Vanishing("grad_norm", "gradient norm"),
        ),
        figures=("gradients_{dataset}_lr0.01",),
    ),
    Question(
        "B4",
        "What does each layer contribute, on images?",
        asks="Does each layer contribute to the accuracy by what it learns?",
        said="Each layer contributes; the report asks it of the two-dimensional datasets.",
        facts=(Vanishing("update_ratio", "movement of a layer's weights in an epoch"),),
        figures=("updates_{dataset}",),
    ),
)
