"""The controls of Experiment A on saturation, the losses' scales and late gradients, as data: each matches or removes what the report
names as a cause."""

from common.course_report.claims import Above, AtLeast, Below
from common.course_report.loss_arms import CROSS_ENTROPY, MSE, MUCH, POINT, POINTS, SOME, confident, control, early, matched, sgd
from common.course_report.loss_output_controls import IDLE, RAW

JACOBIAN = "saturation: the factor p(1 - p) of MSE's gradient"
CONFIDENT = "saturation from a confident start: the factor p(1 - p) of MSE's gradient"
GRADIENT = "(2/K) p_j [(p_j - y_j) - Σ p_k (p_k - y_k)]"  # of MSE on softmax, by a logit

SATURATION = (
    control(
        "A1-confident",
        "the surer the network begins, the slower MSE on softmax learns: from logits times 100 more slowly than from logits times 10",
        (early(confident(MSE, 10), confident(MSE, 100), by=MUCH),),
        reason=POINTS,
        question="A1",
        cause=CONFIDENT,
        done="the first logits are multiplied by 10 and by 100",
        speaks_for="MSE stalls from the surest start",
        speaks_against="MSE does not stall",
        holds=f"MSE's gradient by the logits is {GRADIENT}: it vanishes at every corner of the softmax, the wrong ones too, and then "
        "nothing moves the sample from there. The initial weights of the report are far from that: there p ≈ 1/K.",
        fails="Some samples lie between the corners all the same; AdamW brings their gradient to the usual size, and it moves the rest.",
        figure="confident_start",
    ),
    control(
        "A1-confident-sgd",
        "under SGD, with a gradient as long as that of cross-entropy at the usual start, MSE on softmax learns more slowly from logits "
        "times 100",
        (early(sgd(matched(MSE)), sgd(matched(confident(MSE, 100))), by=MUCH),),
        reason=POINTS,
        question="A1",
        cause=CONFIDENT,
        done="the first logits are multiplied by 100, under SGD, which does not bring small gradients to the usual size; the loss is "
        "multiplied by K²/2, so that no step is too short at the usual start",
        speaks_for="MSE stalls",
        speaks_against="MSE does not stall",
        holds="A step of SGD is as long as the gradient, and that is nearly 0 at a wrong corner, p_j → 0 or 1, whatever the loss is "
        "multiplied by.",
        fails="The gradient of the samples between the corners moves the rest along.",
    ),
    control(
        "A1-unsure",
        "from logits divided by 10 MSE on softmax learns faster than from the usual ones",
        (early(confident(MSE, 0.1), MSE, by=SOME),),
        reason=POINT,
        question="A1",
        cause="saturation from the usual start",
        done="the first logits are divided by 10, so that no sample begins anywhere near a corner of the softmax",
        speaks_for="MSE learns faster",
        speaks_against="MSE learns no faster",
        holds="Already the usual start is sure enough for the softmax's Jacobian to shorten some samples' gradients.",
        fails="From weights of ±1/√fan_in the softmax begins at p ≈ 1/K, where its Jacobian shortens the gradients of all samples alike: "
        "no sample has to leave a corner.",
    ),
    control(
        "A2-confident",
        "from the same confident start cross-entropy learns faster than MSE on softmax, and hardly slower than from an unsure one",
        (
            early(confident(CROSS_ENTROPY, 100), confident(MSE, 100), by=MUCH),
            early(confident(CROSS_ENTROPY, 100), CROSS_ENTROPY, by=-MUCH),
            early(confident(CROSS_ENTROPY, 10), CROSS_ENTROPY, by=-MUCH),
        ),
        reason=POINTS,
        question="A2",
        cause="the gradient p - y, which does not saturate, from a confident start",
        done="both losses begin at the same wrong corners, with logits times 10 and times 100",
        speaks_for="cross-entropy recovers where MSE stalls",
        speaks_against="both stall, or neither",
        holds="The logarithm in -log p_y cancels the softmax's Jacobian: p - y stays long for as long as a sample is wrong, however sure "
        "the network is.",
        fails="Where the gradient does not tell the losses apart, their first logits do not decide how fast they learn.",
        figure="confident_start",
    ),
    control(
        "A2-confident-sgd",
        "under SGD with the losses' scales matched, cross-entropy ends at a higher training accuracy than MSE on softmax from logits times "
        "100",
        (Above("final_train_accuracy", sgd(confident(CROSS_ENTROPY, 100)), sgd(matched(confident(MSE, 100))), by=MUCH),),
        reason=POINTS,
        question="A2",
        cause="the gradient p - y, which does not saturate, from a confident start",
        done="both losses begin with logits times 100, under SGD, which does not bring small gradients to the usual size; MSE is "
        "multiplied by K²/2",
        speaks_for="cross-entropy recovers where MSE stalls",
        speaks_against="both stall, or neither",
        holds="A step of SGD is as long as the gradient: at a wrong corner that is nearly 0 under MSE, whatever the loss is multiplied by.",
        fails="SGD leaves the corner under both losses, or under none.",
    ),
)
SCALE = (
    control(
        "A1-scale-sgd",
        "under SGD, MSE on softmax learns faster if it is multiplied so that its first gradient is that of cross-entropy",
        (early(sgd(matched(MSE)), sgd(MSE), by=SOME),),
        reason=POINT,
        question="A1",
        cause="the small scale of MSE's gradient",
        rival=True,
        done="MSE is multiplied by K²/2: where all p are 1/K its gradient is (2/K²)(p - y), that of cross-entropy p - y",
        speaks_for="MSE learns faster",
        speaks_against="MSE learns no faster",
        holds="With p ≈ 1/K before training, MSE's gradient points where that of cross-entropy does and is K²/2 times shorter. SGD at one "
        "rate for both takes steps that are K²/2 times too short.",
        fails="The rate is no bound on the speed here: longer steps do not learn faster.",
        figure="matched_scale",
    ),
    control(
        "A1-scale-adamw",
        "under AdamW, MSE on softmax learns faster if it is multiplied so that its first gradient is that of cross-entropy",
        (early(matched(MSE), MSE, by=SOME),),
        reason=POINT,
        question="A1",
        cause="the small scale of MSE's gradient",
        rival=True,
        done="MSE is multiplied by K²/2, under AdamW",
        speaks_for="MSE learns faster",
        speaks_against="MSE learns no faster",
        holds="AdamW's ε is not small beside the root of the second moment: a longer gradient makes longer steps.",
        fails="AdamW divides a gradient by the root of its own mean square: m̂ / (√v̂ + ε) stays what it is when a loss is multiplied.",
        figure="matched_scale",
    ),
    *(
        control(
            f"A2-scale-{name}",
            f"under {words} cross-entropy learns faster than MSE on softmax that is multiplied so that both begin with the same gradient",
            (early(change(CROSS_ENTROPY), change(matched(MSE)), by=SOME),),
            reason=POINT,
            question="A2",
            cause="the gradient p - y, beyond its scale, from the usual start",
            done=f"MSE is multiplied by K²/2, under {words}",
            speaks_for="cross-entropy is faster all the same",
            speaks_against="cross-entropy is no faster: with the scale goes the lead",
            holds="The scale does not explain the lead: after the first steps the softmax's Jacobian bends MSE's gradient, and does not "
            "bend that of cross-entropy, p - y.",
            fails="As long as p is near 1/K, both gradients point the same way, and K²/2 is all that tells them apart; between the "
            "corners, at p ≈ 1/2, MSE times K²/2 even has the longer one.",
            figure="matched_scale",
        )
        for name, words, change in (("sgd", "SGD", sgd), ("adamw", "AdamW", dict))
    ),
)
LATE = (
    control(
        "A3-factor",
        "the median of the samples that are right after the first epoch has nearly no gradient left at the end under MSE on softmax, but "
        "has under cross-entropy, which lacks the factor",
        (Below("easy_grad_left", MSE, limit=0.1), AtLeast("easy_grad_left", CROSS_ENTROPY, limit=0.1)),
        reason="less than a tenth is nearly none",
        question="A3",
        cause=JACOBIAN,
        done="the factor is taken away: cross-entropy on the same samples, each against its own gradient before training",
        speaks_for="the gradient goes with the factor alone",
        speaks_against="the gradient goes without the factor too",
        holds="p - y stays while p(1 - p) goes: the late gradient vanishes because of the loss.",
        fails="A sample that is learnt has p → y, and with it p - y → 0: nothing is left to correct. MSE's factor makes the same end come "
        "faster.",
        figure="sample_gradients",
    ),
    control(
        "A3-wrong",
        "samples that are wrong have nearly no gradient left under MSE on softmax, when some are wrong for the last time",
        (Below("wrong_grad_left", MSE, limit=0.1),),
        reason="less than a tenth is nearly none",
        question="A3",
        cause=JACOBIAN,
        done="samples that are wrong at that stage are looked at apart: they are not learnt, so only the factor can take their gradient",
        speaks_for="their gradient is gone",
        speaks_against="they keep their gradient",
        holds="They lie at wrong corners, where p(1 - p) ≈ 0: they stay wrong and are no longer corrected.",
        fails="Samples that are wrong lie between the corners, where p(1 - p) is larger than before training, at p ≈ 1/K. What is "
        "gone late is the gradient of samples that are right.",
        figure="sample_gradients",
    ),
    control(
        "A3-learnt",
        "under MSE on softmax hard samples, wrong after the first epoch, keep more of their gradient than easy ones",
        (Above("hard_grad_left", MSE, MSE, times=2, than_measure="easy_grad_left"),),
        reason="twice: less could be the spread of samples",
        question="A3",
        cause="learning: what is learnt needs no correction",
        rival=True,
        done="samples are told apart after the first epoch, and followed to the end",
        speaks_for="those that were learnt later have more left",
        speaks_against="all lose alike",
        holds="The gradient of a sample goes as it is learnt, p → y: the late gradient is that of the hard samples.",
        fails="Easy and hard samples lose alike: not what was learnt first, but the stage of training decides.",
        figure="sample_gradients",
    ),
)
CONTROLS = (*SATURATION, *SCALE, *LATE, *RAW, *IDLE)
