"""The controls of Experiment C on what is changed in the course of a training, as data: decay, gradients that jump or vanish, remedies."""

from functools import partial

from common.course_report.claims import A_TENTH, Above, AtLeast
from common.course_report.controls import Control
from common.course_report.resets import reset

BOTH = ("fashion_mnist", "digits")
LARGE = BOTH[:1]  # whose 10,000 test images tell differences of half a point, which 360 of Digits do not
control = partial(Control, datasets=BOTH, least_epochs=10)
WORDS = {"sgd": "SGD", "momentum": "momentum", "adam": "Adam"}
A_TENTH_OF_A_DECADE = "a tenth of a decade: less is not seen on a curve over several decades"
HALF_A_POINT = "half a point: 2 of the 360 test images of Digits, 50 of the 10,000 of Fashion-MNIST"
LATE = {"least_epochs": 50}  # by then the rate has fallen to less than a tenth


def arm(optimizer, learning_rate, schedule="exponential", **changes):
    """The settings of an arm and what is changed in it; the schedule defaults to the report's."""
    return {"optimizer": optimizer, "base_learning_rate": learning_rate, "schedule": schedule, **changes}


def steady(optimizer, **changes):
    """An arm at the constant rate 0.01, in which what is changed in mid-training has half of the training to show."""
    return arm(optimizer, 0.01, "constant", **changes)


def _stopped(name, part, **words):
    """A control of C4 that compares decay with the constant rate, stopped at the same sum of rates."""
    return control(
        f"C4-stopped-{name}",
        parts=(part,),
        question="C4",
        done="the constant rate is stopped in the epoch in which it has spent the sum of rates that decay spends in all epochs",
        figure="sum_of_rates",
        **LATE,
        **words,
    )


def _decay_or_stop(name, rate=0.01):
    """Whether decay ends one optimizer, by default at 0.01, better than a stop at the same sum of rates: two controls of C4."""
    constant, decayed = arm(name, rate, "constant"), arm(name, rate)
    words, name = (WORDS[name], name) if rate == 0.01 else (f"{WORDS[name]} at {rate}", f"{name}-{rate}")
    outcome = {
        "cause": "a lower rate late in training",
        "speaks_for": "decay ends better than the training that is stopped",
        "speaks_against": "decay ends hardly better than the training that is stopped",
        "holds": "At the same sum of rates small steps late end better than large ones: they settle where large ones jump about.",
        "fails": (
            "Falling by 5 % an epoch, rates add up to those of 20 epochs at most: decay gets hardly farther than the constant rate by then."
        ),
    }
    return (
        _stopped(
            f"loss-{name}",
            Above("stopped_test_loss", constant, decayed, times=1.1, than_measure="final_test_loss"),
            sentence=f"decay ends {words} at a lower test loss than the constant rate that is stopped at the same sum of rates",
            reason=A_TENTH,
            **outcome,
        ),
        _stopped(
            f"accuracy-{name}",
            Above("final_test_accuracy", decayed, constant, by=0.005, than_measure="stopped_test_accuracy"),
            sentence=f"decay ends {words} at a higher test accuracy than the constant rate that is stopped at the same sum of rates",
            reason=HALF_A_POINT,
            datasets=LARGE,
            **outcome,
        ),
    )


def _decay_late(name):
    """Whether decay in the last fifth alone does for one optimizer what decay from the start does: two controls of C4."""
    words, late = WORDS[name], arm(name, 0.01, "late")
    done = {
        "question": "C4",
        "done": "the rate stays constant for four fifths of the epochs and then falls to where the exponential one ends",
        "figure": "sum_of_rates",
        **LATE,
    }
    return (
        control(
            f"C4-late-steady-{name}",
            f"a rate that falls only in the last fifth of the epochs makes {words}'s late test loss oscillate less than a constant one",
            (Above("oscillation", steady(name), late, times=1.1),),
            reason=A_TENTH,
            cause="a lower rate late in training",
            speaks_for="the late test loss oscillates less",
            speaks_against="the late test loss oscillates hardly less",
            holds="The weights jump about in proportion to η: a rate that is low at the end alone calms them.",
            fails="The test loss does not jump about for a rate that is too high: lowering it late calms nothing.",
            **done,
        ),
        control(
            f"C4-late-accuracy-{name}",
            f"{words} ends at a higher test accuracy if its rate falls in the last fifth of the epochs alone than if from the start",
            (Above("final_test_accuracy", late, arm(name, 0.01), by=0.005),),
            reason=HALF_A_POINT,
            datasets=BOTH if name == "sgd" else LARGE,
            cause="the sum of rates that decay from the start cuts off",
            rival=True,
            speaks_for="falling late ends higher than falling from the start",
            speaks_against="falling late ends no higher",
            holds=(
                "Both end at the same low rate; what differs is the sum of rates before. Decay from the start stops a training that "
                "still learns."
            ),
            fails="The training has learnt what it can within the sum of rates that decay from the start leaves.",
            **done,
        ),
    )


OF_DECAY = (
    *(one for name in WORDS for one in (*_decay_or_stop(name), *_decay_late(name))),
    *_decay_or_stop("adam", 0.001),
    _stopped(
        "gap-adam",
        Above("stopped_accuracy_gap", steady("adam"), arm("adam", 0.01), by=0.002, than_measure="accuracy_gap"),
        sentence=(
            "decay ends Adam with a narrower gap between training and test accuracy than the constant rate stopped at the same sum of rates"
        ),
        reason="0.2 points, the least difference of accuracy that counts elsewhere",
        cause="decay, which prevents overfitting",
        speaks_for="the gap is narrower under decay",
        speaks_against="the gap is hardly wider where the training is stopped",
        holds="At the same sum of rates the gap is narrower under decay: it does more than stop the training.",
        fails="The gap depends on how far training goes, the sum of rates: stopping does for it what decay does.",
    ),
)


STEPS = {  # {optimizer: its step after a gradient that is 1000 times as long}
    "sgd": "SGD steps η times as far as the gradient is long, so a gradient 1000 times as long is such a step",
    "momentum": "Momentum keeps the jump in v and repeats it, βᵏ times as far, 1 / (1 - β) = 10 steps' worth in all",
    "adam": (
        "Adam's step is bounded, |Δθ| ≤ η (1 - β₁) / √(1 - β₂) = 3.2 η for each weight, and m repeats it for ten steps; v keeps the square "
        "of the jump for 1 / (1 - β₂) = 1000 steps, in which all further steps are short"
    ),
}
INJECTED = {
    "question": "C5",
    "cause": "a gradient that jumps",
    "done": "in the first step after the middle of training the gradient is multiplied by 1000",
    "figure": "recovery",
}


def _of_a_jump(name):
    """The controls of C5 on one optimizer: one step's gradient times 1000, in mid-training."""
    words, step, plain, jumped = WORDS[name], STEPS[name], steady(name), steady(name, jump=1000)
    return (
        control(
            f"C5-jump-{name}",
            f"after a single gradient times 1000 the training loss of {words} is more than twice as high within 5 epochs",
            (Above("loss_surge", jumped, plain, times=2.0),),
            reason="twice is seen on a curve over several decades",
            speaks_for="the training loss rises",
            speaks_against="the training loss hardly rises",
            holds=f"{step}.",
            fails=f"{step}. That is not far enough to lose what was learnt.",
            **INJECTED,
        ),
        control(
            f"C5-slow-{name}",
            f"after a single gradient times 1000 the test accuracy of {words} takes more than 25 epochs to be back",
            (AtLeast("epochs_to_recover", jumped, limit=25),),
            least_epochs=100,
            reason="a quarter of the report's epochs; a run that never comes back counts as later than the last one",
            speaks_for="accuracy is not back for a quarter of the training",
            speaks_against="accuracy is back, to half a point",
            holds=f"{step}. The way back is a training of its own.",
            fails=f"{step}. The gradients after it are large, and lead back at once.",
            **INJECTED,
        ),
        control(
            f"C5-for-good-{name}",
            f"after a single gradient times 1000 {words} ends at a higher test loss",
            (Above("final_test_loss", jumped, plain, times=1.1),),
            reason=A_TENTH,
            speaks_for="what is lost stays lost",
            speaks_against="what is lost comes back",
            holds=f"{step}. What is learnt again afterwards is another solution, and a worse one.",
            fails=f"{step}. The gradients after it lead back: half of the training is long enough.",
            **INJECTED,
        ),
    )


OF_JUMPS = (
    *(one for name in WORDS for one in _of_a_jump(name)),
    control(
        "C5-bounded",
        "after a single gradient times 1000 SGD loses more test accuracy than Adam",
        (Above("accuracy_dip", steady("sgd", jump=1000), steady("adam", jump=1000), by=0.005),),
        reason=HALF_A_POINT,
        question="C5",
        cause="Adam's division by √v, which bounds a step",
        done="in the first step after the middle of training the gradient of SGD, and of Adam, is multiplied by 1000",
        speaks_for="SGD loses more than Adam",
        speaks_against="SGD loses no more than Adam",
        holds="SGD's step is η‖g‖, without a bound. Adam divides by √v, which holds the jump itself: |Δθ| ≤ 3.2 η for each weight.",
        fails=(
            "Adam's step is bounded for each weight, |Δθ| ≤ 3.2 η, but all weights take it at once and m repeats it for ten steps: "
            "together that is as far as SGD is thrown."
        ),
        figure="recovery",
    ),
)


def _of_a_vanished_gradient(name):
    """The controls of Q4 on one optimizer: the gradient of the first hidden layer, small throughout, or 0 for a tenth of the epochs."""
    half_more = {"reason": "half as much again: less is not seen on a curve over several decades", "question": "Q4"}
    words, adaptive, plain = WORDS[name], name == "adam", steady(name)
    vanished = arm("adam", 0.001, "constant") if adaptive else plain  # at 0.01 Adam's loss ends where luck has it
    return (
        control(
            f"Q4-vanish-{name}",
            f"with the gradient of the first hidden layer times 0.001 throughout {words} ends at 1.5 times the training loss",
            (Above("final_train_loss", {**vanished, "first_gradient": 0.001}, vanished, times=1.5),),
            cause="a gradient that vanishes in a layer",
            done="the gradient of the first hidden layer is multiplied by 0.001 in every step",
            speaks_for="the training loss ends higher",
            speaks_against="the training loss ends hardly higher",
            holds="The layer hardly moves from its initial weights: its units are random features, on which the later layers learn alone.",
            fails=(
                "Adam divides by √v, in which the factor stands too: m / √v is the same for c·g as for g, until c·g is as small as ε."
                if adaptive
                else "The later layers learn on the layer's initial weights, random features, as well as on trained ones."
            ),
            **half_more,
        ),
        control(
            f"Q4-silent-{name}",
            f"with the gradient of the first hidden layer at 0 for a tenth of the epochs {words} ends at 1.5 times the training loss",
            (Above("final_train_loss", steady(name, silent_first=0.1), plain, times=1.5),),
            cause="a gradient that vanishes for a while",
            done="after the middle of training the gradient of the first hidden layer is 0 for a tenth of the epochs",
            speaks_for="the training loss ends higher",
            speaks_against="the training loss ends hardly higher",
            holds="The other layers move on while it stands still, and what was learnt together does not fit any more.",
            fails="A layer without a gradient stands still and goes on from there once it has one again: a pause costs its time alone.",
            **half_more,
        ),
    )


IN_VAIN = arm("adam", 0.001, "constant")  # whose training loss falls on and on after test accuracy has settled, steadily
REMEDIES = {  # {name: (words, the arm with it)}
    "batch-norm": ("batch normalisation", {**IN_VAIN, "batch_norm": True}),
    "dropout": ("dropout", {**IN_VAIN, "dropout": 0.2}),
    "rate": ("a lower rate, 0.0001", {**IN_VAIN, "base_learning_rate": 0.0001}),
    "schedule": ("exponential decay", arm("adam", 0.001)),
}
OF_REMEDIES = tuple(
    one
    for name, (words, mended) in REMEDIES.items()
    for one in (
        control(
            f"Q2-narrows-{name}",
            f"with {words} Adam's training loss falls less after the first fifth of the epochs, in which test accuracy settles",
            (Above("late_fall", IN_VAIN, mended, by=0.1),),
            reason=A_TENTH_OF_A_DECADE,
            question="Q2",
            cause=f"a training that lacks {words}",
            done=f"Adam at the constant rate 0.001 trains with {words}",
            speaks_for="the loss falls less in vain",
            speaks_against="the loss falls hardly less in vain",
            holds="Cross-entropy of samples that are right falls for ever, since -log p → 0 as their logits grow; that is checked.",
            fails="Cross-entropy of samples that are right falls for ever, since -log p → 0 as their logits grow; nothing checks it.",
        ),
        control(
            f"Q2-mends-{name}",
            f"with {words} Adam ends at a higher test accuracy",
            (Above("final_test_accuracy", mended, IN_VAIN, by=0.005),),
            datasets=LARGE,
            reason=HALF_A_POINT,
            question="Q2",
            cause=f"a training that lacks {words}",
            done=f"Adam at the constant rate 0.001 trains with {words}",
            speaks_for="accuracy ends higher",
            speaks_against="accuracy ends no higher",
            holds="What the loss no longer gains on samples that are right already goes into those that are wrong.",
            fails="A remedy that only hampers the fall of the loss moves no sample across the boundary.",
        ),
    )
)
REWOUND = {  # {name: (words, the arm)}: without momentum and with it SGD goes one way, see C1
    "sgd": ("SGD at 0.1", arm("sgd", 0.1, rewound=True)),
    "adam": ("Adam at 0.001", arm("adam", 0.001, rewound=True)),
}
OF_LAYERS = tuple(
    reset(control, name, words, rewound, layer)
    for name, (words, rewound) in REWOUND.items()
    for layer in ("hidden_1", "hidden_2", "logits")
)
CHANGES = (*OF_DECAY, *OF_JUMPS, *(one for name in WORDS for one in _of_a_vanished_gradient(name)), *OF_REMEDIES, *OF_LAYERS)
