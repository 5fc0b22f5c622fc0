"""The controls of Experiment A on raw outputs, and on remedies for a loss that falls while accuracy does not rise, as data."""

from common.course_report.claims import Above
from common.course_report.loss_arms import CROSS_ENTROPY, LINEAR, MSE, MUCH, POINT, POINTS, SOME, WIDE_RATE, control, early, sgd, wide

RAW = (
    control(
        "A4-probabilities",
        "MSE on raw outputs learns more slowly than on softmax outputs",
        (early(MSE, LINEAR, by=SOME),),
        reason=POINT,
        question="A4",
        cause="outputs that are no probabilities",
        done="the softmax is taken away, under AdamW, which does not feel the losses' scales",
        speaks_for="learning is slower without",
        speaks_against="learning is no slower without",
        holds="Without softmax the outputs do not compete: each class is a regression of its own.",
        fails="MSE on raw outputs has the gradient (2/K)(z - y), which no factor p(1 - p) bends or shortens; and the largest output names "
        "the class without being a probability.",
    ),
    control(
        "A4-divergence",
        "at a rate of 10 under SGD MSE on softmax outputs trains and MSE on raw outputs does not, which at a rate of 1 does",
        tuple(Above("final_train_accuracy", trains, sgd(LINEAR, WIDE_RATE), by=0.3) for trains in (sgd(MSE, WIDE_RATE), sgd(LINEAR, 1.0))),
        reason="three tenths of the samples lie between a network that trains and one that does not",
        question="A4",
        cause="the missing upper end of raw outputs",
        done="rates of 1 and 10 under SGD, with softmax and without",
        speaks_for="at a rate that softmax bears, raw outputs diverge",
        speaks_against="both bear the same rates",
        holds="The Hessian of (1/K) Σ (z_k - y_k)² by the outputs is 2/K everywhere: a rate beyond 2/λ overshoots further with every step. "
        "With softmax the loss is at most 2/K and its gradient bounded, so steps that overshoot end.",
        fails="The rate lies on the same side of both limits, 2/λ.",
        figure="wide_rate",
    ),
    control(
        "A4-scale",
        "at that rate MSE on raw outputs trains if the outputs are divided by 10",
        (Above("final_train_accuracy", wide(sgd(LINEAR, WIDE_RATE)), sgd(LINEAR, WIDE_RATE), by=0.3),),
        reason="three tenths of the samples, as for A4-divergence",
        question="A4",
        cause="the scale of the outputs",
        done="outputs are divided by 10 before they are compared with the labels, as if the targets were 10 times larger",
        speaks_for="training succeeds",
        speaks_against="training diverges all the same",
        holds="Dividing the outputs by c divides the curvature by c², and so multiplies the largest rate, 2/λ, by c²: raw outputs bear "
        "the rate if their scale fits. What diverged did so for its scale, not for lack of probabilities.",
        fails="A curvature that is c² times smaller does not keep the steps from overshooting.",
        figure="wide_rate",
    ),
    control(
        "A4-yardstick",
        "the cross-entropy of the softmax of raw outputs falls if they are trained on targets 10 times larger",
        (Above("final_test_cross_entropy", LINEAR, wide(LINEAR), times=2),),
        reason="to less than a half: that outputs which are right everywhere would bring",
        question="A4",
        cause="targets of 0 and 1, which are no logits",
        done="the outputs are divided by 10 before they are compared with the labels, under AdamW",
        speaks_for="as logits the outputs are good",
        speaks_against="they are hardly better",
        holds="Outputs that equal the one-hot labels have a softmax of e / (e + K - 1) for the right class, a cross-entropy of "
        "log(1 + (K - 1)/e) however good they are; with targets of c it is log(1 + (K - 1) e^-c).",
        fails="The outputs rank the classes wrongly, whatever their scale.",
    ),
)


def remedy(id, arm, against, **words):
    """A control on a remedy for a loss that falls on while accuracy does not rise: it takes a part of that fall, and costs no accuracy."""
    parts = (Above("late_fall", against, arm, by=0.1), Above("final_test_accuracy", arm, against, by=-SOME))
    return control(id, parts=parts, question="Q2", reason=f"a tenth of a decade, a fall by a fifth; {POINT}", **words)


IDLE = (
    remedy(
        "Q2-cross-entropy",
        CROSS_ENTROPY,
        MSE,
        sentence="with cross-entropy in place of MSE on softmax the training loss falls less after the first fifth of training",
        cause="MSE on softmax",
        done="cross-entropy takes the place of MSE",
        speaks_for="the late fall is shorter, at no cost of accuracy",
        speaks_against="the late fall is hardly shorter, or accuracy falls",
        holds="Once samples are right, MSE falls with the square of what p lacks, cross-entropy in proportion to it.",
        fails="Both losses go on falling once every sample is right: pushing p from nearly 1 to 1 changes no decision.",
    ),
    remedy(
        "Q2-late-batch-norm",
        {**CROSS_ENTROPY, "batch_norm": True},
        CROSS_ENTROPY,
        sentence="with batch normalisation cross-entropy falls less after the first fifth of training",
        cause="hidden layers without normalisation",
        done="batch normalisation in both hidden layers",
        speaks_for="the late fall is shorter, at no cost of accuracy",
        speaks_against="the late fall is hardly shorter, or accuracy falls",
        holds="The statistics of a batch are noise, which keeps the training loss from falling without end.",
        fails="Batch normalisation makes training faster; the loss comes to its idle fall all the same.",
    ),
    remedy(
        "Q2-late-dropout",
        {**CROSS_ENTROPY, "dropout": 0.2},
        CROSS_ENTROPY,
        sentence="with dropout cross-entropy falls less after the first fifth of training",
        cause="fitting the training samples ever closer",
        done="dropout of 0.2 after both hidden layers",
        speaks_for="the late fall is shorter, at no cost of accuracy",
        speaks_against="the late fall is hardly shorter, or accuracy falls",
        holds="Dropout trains another part of the network in each step, so that the training samples cannot be fitted to the last digit.",
        fails="The rest of the network fits the training samples as well.",
    ),
    control(
        "Q2-rate",
        "where MSE on softmax falls and its accuracy stays behind, under SGD at 0.1, a rate of 10 mends it",
        (Above("final_test_accuracy", sgd(MSE, WIDE_RATE), sgd(MSE), by=MUCH),),
        reason=POINTS,
        question="Q2",
        cause="a rate that does not fit the loss's scale",
        done="the rate is multiplied by 100, twice the factor K²/2 by which MSE's first gradient is shorter than that of cross-entropy",
        speaks_for="accuracy rises",
        speaks_against="accuracy does not rise",
        holds="The steps were too short: η times a gradient of (2/K²)(p - y) moves the weights hardly at all.",
        fails="The accuracy was not held back by the length of the steps.",
    ),
)
