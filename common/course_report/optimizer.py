"""The course report on the optimizer: the claims and questions of Experiment C, as data."""

import itertools
from functools import partial

from common.course_report import resets
from common.course_report.claims import A_TENTH, Above, AtLeast, Below, Claim, improvements
from common.course_report.highlights import Highlight
from common.course_report.optimizer_arms import ADAM, MOMENTUM, NAMES, RATES, SGD, WORDS, arm, at_the_best_rate
from common.course_report.optimizer_changes import REWOUND
from common.course_report.optimizer_controls import CONTROLS
from common.course_report.optimizer_questions import QUESTIONS
from common.course_report.report import CourseReport

claim = partial(Claim, datasets=("fashion_mnist", "digits"), least_epochs=10)
A_RISE = "0.02 decades, rises by a twentieth all together"
HALF_A_POINT = "half a point: 2 of the 360 test images of Digits, 50 of the 10,000 of Fashion-MNIST"
LEVELS = {"sgd": (0.4, 0.5), "momentum": (0.2, 0.3), "adam": (0.08, 0.1)}  # of the training loss at the end, with 0.01
CLAIMS = (  # where the report gives numbers, the margin is the least that they imply
    claim(
        "C-diverge",
        "Adam at 0.1, with decay as in the report, ends at chance on Fashion-MNIST",
        (Below("final_test_accuracy", arm("adam", 0.1), limit=0.15),),
        datasets=("fashion_mnist",),
        least_epochs=5,
        reason="15 %: chance is 10 %",
    ),
    claim(
        "C-diverge-constant",
        "Adam at a constant 0.1 ends at chance on Fashion-MNIST",
        (Below("final_test_accuracy", arm("adam", 0.1, "constant"), limit=0.15),),
        datasets=("fashion_mnist",),
        least_epochs=5,
        reason="15 %: chance is 10 %",
        of="C-diverge",
    ),
    claim(
        "C-momentum",
        "momentum ends at a higher test accuracy than plain SGD at 0.01 (on Fashion-MNIST by 3 points)",
        (
            Above(
                "final_test_accuracy",
                MOMENTUM,
                SGD,
                by={"fashion_mnist": 0.03, "digits": 0.005},
                least={"fashion_mnist": 0.015, "digits": 0.005},
            ),
        ),
        reason=f"the report's 3 points on Fashion-MNIST, half of which is the least that counts; else {HALF_A_POINT}",
    ),
    claim(
        "C-early",
        "Adam has the lowest training loss after the first 5 epochs, each optimizer at its best rate",
        tuple(Above("early_train_loss", at_the_best_rate(other), at_the_best_rate("adam"), times=1.1) for other in NAMES[:2]),
        least_epochs=5,
        reason=A_TENTH,
    ),
    claim(
        "C-slow",
        "SGD at 0.001 ends at a lower test accuracy than SGD at 0.01",
        (Above("final_test_accuracy", arm("sgd", 0.01), arm("sgd", 0.001), by=0.005),),
        reason=HALF_A_POINT,
    ),
    *(
        claim(
            f"C-decay-steady-{name}",
            f"at 0.01 exponential decay makes {WORDS[name]}'s test loss oscillate less at the end than a constant rate does",
            (Above("oscillation", arm(name, 0.01, "constant"), arm(name, 0.01), times=1.1),),
            least_epochs=50,  # by then the learning rate has fallen to less than a tenth
            reason=A_TENTH,
            of="C-decay",
        )
        for name in reversed(NAMES)
    ),
    *(
        claim(
            f"C-decay-accuracy-{name}",
            f"at 0.01 exponential decay costs {WORDS[name]} no test accuracy",
            (Above("final_test_accuracy", arm(name, 0.01), arm(name, 0.01, "constant"), by=-0.005),),
            least_epochs=50,
            reason=f"no more than {HALF_A_POINT}",
            of="C-decay",
        )
        for name in reversed(NAMES)
    ),
    claim(
        "C-order",
        "the gradient norm is steadiest under Adam, then momentum, then SGD",
        # Steady is what changes little from epoch to epoch: the standard deviation of the steps of the norm's logarithm.
        tuple(
            Above("grad_norm_jumps", arm(rougher, 0.01), arm(steadier, 0.01), times=1.1)
            for rougher, steadier in (("sgd", "momentum"), ("momentum", "adam"))
        ),
        reason=A_TENTH,
    ),
    claim(
        "C-first",
        "at 0.01 SGD reaches the target accuracy before momentum and Adam",
        tuple(Above("epochs_to_target", other, SGD, times=1.1) for other in (MOMENTUM, ADAM)),
        reason=A_TENTH,
    ),
    claim(
        "C-adam-noise",
        "at 0.01 Adam's training loss rises most from epoch to epoch over the first 10 epochs",
        tuple(Above("early_loss_rises", ADAM, other, by=0.02) for other in (SGD, MOMENTUM)),
        reason=A_RISE,
    ),
    claim(
        "C-sgd-noise",
        "at 0.01 SGD's training loss rises most from epoch to epoch over all epochs",
        tuple(Above("loss_rises", SGD, other, by=0.02) for other in (MOMENTUM, ADAM)),
        reason=A_RISE,
    ),
    claim(
        "C-damp",
        "at 0.01 the test loss oscillates less, for its level, under momentum than under SGD late in training",
        (Above("relative_oscillation", SGD, MOMENTUM, times=1.1),),
        reason=A_TENTH,
    ),
    *(
        claim(
            f"C-rate-unsteady-{name}",
            f"under {WORDS[name]} a higher rate makes the test loss oscillate more, for its level, late in training",
            tuple(Above("relative_oscillation", arm(name, more), arm(name, less), times=1.1) for more, less in itertools.pairwise(RATES)),
            reason=A_TENTH,
            of="C-rate-unsteady",
        )
        for name in NAMES
    ),
    claim(
        "C-infinite",
        "under Adam at 0.1 the loss grows without bound: most runs end with a loss that is not finite",
        (AtLeast("diverged", arm("adam", 0.1), limit=0.5),),
        least_epochs=5,
        reason="most is more than half",
    ),
    *(
        claim(
            f"C-small-rate-{name}",
            f"under {WORDS[name]} at 0.001 the test loss rises again while test accuracy stands still",
            (AtLeast("test_loss_rise", arm(name, 0.001), limit=1.1), Below("late_gain", arm(name, 0.001), limit=0.005)),
            least_epochs=50,
            reason=f"{A_TENTH}; {HALF_A_POINT}",
            of="C-small-rate",
        )
        for name in NAMES
    ),
    claim(
        "C-decay-overfit",
        "at 0.01 decay narrows Adam's gap between training and test accuracy",
        (Above("accuracy_gap", arm("adam", 0.01, "constant"), ADAM, by=0.002),),
        least_epochs=50,
        reason="0.2 points, the least difference of accuracy that counts elsewhere",
    ),
    claim(
        "C-decay-overfit-loss",
        "at 0.01 decay lowers Adam's test loss at the end",
        (Above("final_test_loss", arm("adam", 0.01, "constant"), ADAM, times=1.1),),
        least_epochs=50,
        reason=A_TENTH,
        of="C-decay-overfit",
    ),
    claim(
        "C-smooth",
        "at 0.01 Adam's training loss rises least, as a moving average of 5 epochs",
        tuple(Above("smoothed_loss_rises", other, ADAM, by=0.02) for other in (SGD, MOMENTUM)),
        reason=A_RISE,
    ),
    claim(
        "C-drop",
        "at 0.01 Adam's gradient norm falls tenfold over the first 10 epochs",
        (AtLeast("first_grad_norm_fall", ADAM, limit=10),),
        least_epochs=50,
        reason="the report's 1 to 0.1",
    ),
    *(
        claim(
            f"C-drop-{name}",
            f"at 0.01 {WORDS[name]}'s gradient norm is about the same at the end as after 10 epochs"
            + ("" if name == "adam" else ", and after 10 as after the first"),
            tuple(
                part
                for measure in (("later_grad_norm_fall",) if name == "adam" else ("first_grad_norm_fall", "later_grad_norm_fall"))
                for part in (AtLeast(measure, arm(name, 0.01), limit=0.5), Below(measure, arm(name, 0.01), limit=2))
            ),
            least_epochs=50,
            reason="about the same is within a factor of 2, a third of a decade on a log axis",
            of="C-drop",
        )
        for name in reversed(NAMES)
    ),
    *(
        claim(
            f"C-levels-{name}",
            f"at 0.01 {WORDS[name]}'s training loss ends at {low} to {high} on Fashion-MNIST",
            (AtLeast("final_train_loss", arm(name, 0.01), limit=low), Below("final_train_loss", arm(name, 0.01), limit=high)),
            datasets=("fashion_mnist",),
            least_epochs=100,
            reason="the report's numbers",
            of="C-levels",
        )
        for name, (low, high) in LEVELS.items()
    ),
    *(
        claim(
            f"C-good-rates-{name}",
            f"under {WORDS[name]} the rates 0.01 and 0.001 both end at a higher test accuracy than 0.1",
            tuple(Above("final_test_accuracy", arm(name, rate), arm(name, 0.1), by=0.005) for rate in (0.01, 0.001)),
            reason=HALF_A_POINT,
            of="C-good-rates",
        )
        for name in NAMES
    ),
    *improvements(arm("sgd", 0.01), claim),
)
HIGHLIGHTS = (
    Highlight(
        "momentum",
        "Momentum is SGD at a higher rate: at η / (1 - β) SGD without it has the same loss curve, at the same rate another",
        {"C1-matched-rate": "no", "C1-same-rate": "yes"},
    ),
    Highlight(
        "decay",
        "Exponential decay ends SGD hardly better than a stop would: the constant rate, stopped at the same sum of rates, has a hardly "
        "higher test loss",
        {"C4-stopped-loss-sgd": "no"},
    ),
)


class OptimizerReport(CourseReport):
    """The course report on the optimizer, which has a figure of layers set back."""

    def figures(self, results):
        return [*super().figures(results), *resets.planned(results.on_control_seeds(), dict(REWOUND.values()))]


REPORT = OptimizerReport(
    CLAIMS,
    QUESTIONS,
    CONTROLS,
    settings={"epochs": 100, "schedule": "exponential"},
    key_figures=("accuracy_by_rate_{dataset}", "curves_{dataset}_lr0.01", "loss_and_accuracy_{dataset}"),
    highlights=HIGHLIGHTS,
)
