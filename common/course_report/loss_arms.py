"""The arms that Experiment A's controls compare, and the margins that they share."""

from functools import partial

from common.course_report.claims import Above
from common.course_report.controls import Control

CROSS_ENTROPY, MSE, LINEAR = ({"loss": name} for name in ("cross_entropy", "mse_softmax", "mse_linear"))
RATE, WIDE_RATE = 0.1, 10.0  # of SGD: at the first cross-entropy trains well, the second is beyond the limit of MSE without softmax
SOME, MUCH = 0.01, 0.05  # of accuracy
POINT = "a point: less is not seen on a curve"
POINTS = "five points: several times what initial weights and batch order change"

control = partial(Control, datasets=("fashion_mnist", "digits"), least_epochs=5)


def sgd(arm, learning_rate=RATE):
    """An arm under SGD, which feels a loss's scale; the rate defaults to that at which cross-entropy trains well."""
    return {**arm, "optimizer": "sgd", "base_learning_rate": learning_rate}


def matched(arm):
    """MSE on softmax with cross-entropy's gradient before training."""
    return {**arm, "loss_scale": "matched"}


def confident(arm, times):
    """An arm whose first logits are so many times larger."""
    return {**arm, "logit_scale": times}


def wide(arm):
    """MSE without softmax whose outputs are divided by ten before they are compared with the labels."""
    return {**arm, "target_scale": 10}


early = partial(Above, "early_train_accuracy")
