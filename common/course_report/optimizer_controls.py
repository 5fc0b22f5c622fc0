"""The controls of Experiment C, as data: what becomes of each optimizer when the cause that the report names is switched off."""

from common.course_report.claims import A_TENTH, Above, AtLeast
from common.course_report.controls import Apart
from common.course_report.optimizer_changes import A_TENTH_OF_A_DECADE, CHANGES, arm, control, steady

SLOW = 0.001  # of Adam and what is made of it: higher, its loss after 5 epochs is a matter of luck
ADAM, FAST_SGD = arm("adam", SLOW), arm("sgd", 0.1)  # SGD at the rate that is best for it early
MATCHED = tuple(  # momentum's rate, and SGD's to which its steps add up
    control(
        f"C1-matched-rate{name}",
        f"momentum at {slow} and SGD at {fast}, the rate to which momentum's steps add up, have loss curves that lie apart",
        (Apart("train_loss", arm("momentum", slow), arm("sgd", fast), beyond=0.1),),
        reason=A_TENTH_OF_A_DECADE,
        question="C1",
        cause="momentum's inertia",
        done=f"SGD without momentum trains at η / (1 - β) = {fast}, the rate to which the steps of momentum at {slow} add up",
        speaks_for="the two curves lie apart",
        speaks_against="the two curves lie on each other",
        holds=holds,
        fails=(
            "Momentum v ← βv + ηg repeats each gradient with weights 1, β, β², ..., which add up to 1 / (1 - β) = 10 for β = 0.9. "
            "As long as the gradient changes little over ten steps, that is SGD at ten times the rate."
        ),
        figure="matched_rate",
    )
    for name, slow, fast, holds in (
        ("", 0.01, 0.1, "Momentum v ← βv + ηg moves otherwise than by the sum of its steps, η / (1 - β) times the gradient."),
        ("-low", 0.001, 0.01, "Momentum v ← βv + ηg moves otherwise than by the sum of its steps, η / (1 - β) times the gradient."),
        (
            "-high",
            0.1,
            1.0,
            "Here the rates are near the limit of stability: 2 / λ for SGD, (2 + 2β) / λ for momentum, which at the same η / (1 - β) is "
            "(1 + β) / (1 - β) = 19 times as far. Inertia lets momentum take rates at which SGD overshoots.",
        ),
    )
)
OF_MOMENTUM = (
    *MATCHED,
    control(
        "C1-same-rate",
        "momentum and SGD at the same rate, 0.01, have loss curves that lie apart",
        (Apart("train_loss", arm("momentum", 0.01), arm("sgd", 0.01), beyond=0.1),),
        reason=A_TENTH_OF_A_DECADE,
        question="C1",
        cause="a rate that is in effect ten times as high",
        rival=True,
        done="SGD without momentum trains at the same η, so that the rates in effect differ by 1 / (1 - β)",
        speaks_for="the two curves lie apart",
        speaks_against="the two curves lie on each other",
        holds="At the same η the sums of the steps differ by 1 / (1 - β) = 10, and so do the curves.",
        fails="Ten times the rate in effect changes nothing that is seen on the curve.",
        figure="matched_rate",
    ),
)
BELOW, BEYOND, FAR = (steady("sgd", times_limit=multiple) for multiple in (0.5, 2, 4))
RATE = {"question": "C2", "cause": "overshooting beyond the limit of stability 2 / λ", "figure": "limit"}
OF_THE_LIMIT = (
    control(
        "C2-beyond",
        "within 5 epochs SGD's training loss is higher once its rate is twice 2 / λ than once it is half of it",
        (Above("loss_surge", BEYOND, BELOW, times=1.0),),
        reason="any difference: the two arms differ in nothing but the side of the limit on which they are",
        done="in mid-training the rate of SGD is set to twice, or to half, the limit 2 / λ of its own measured sharpness λ",
        speaks_for="the training loss is higher beyond the limit",
        speaks_against="the training loss is no higher beyond the limit",
        holds="Along the sharpest direction a step multiplies the distance from the valley by 1 - ηλ = -3: the weights swing ever wider.",
        fails="A step multiplies the distance along the sharpest direction by 1 - ηλ = -3, and yet the loss of all directions falls.",
        **RATE,
    ),
    control(
        "C2-below",
        "SGD's training loss rises by a tenth or more within 5 epochs, once its rate is half of 2 / λ",
        (AtLeast("loss_surge", BELOW, limit=1.1),),
        reason=A_TENTH,
        done="in mid-training the rate of SGD is set to half the limit 2 / λ, many times what it was",
        speaks_for="the training loss rises below the limit too, so that a higher rate alone is enough",
        speaks_against="the training loss does not rise, though the rate is many times what it was",
        holds="The loss rises at 1 - ηλ = 0 too: what disturbs is the rate or the noise of minibatches, not the limit.",
        fails="At half the limit 1 - ηλ = 0: a step along the sharpest direction ends in the valley, and a higher rate is only faster.",
        **{**RATE, "cause": "a higher rate as such", "rival": True},
    ),
    control(
        "C2-lost",
        "a training whose rate went to twice 2 / λ ends at a test accuracy 5 points lower than one at half of it",
        (Above("final_test_accuracy", BELOW, BEYOND, by=0.05),),
        reason="5 points: less is not a training that is lost",
        done="in mid-training the rate of SGD is set to twice, or to half, the limit 2 / λ, and training goes on",
        speaks_for="the training does not come back",
        speaks_against="the training comes back",
        holds="Beyond 2 / λ the weights are thrown out of the valley and find no other one.",
        fails=(
            "Beyond 2 / λ the weights are thrown out of the sharp valley and settle in a flatter one, whose own limit 2 / λ is higher "
            "(Lewkowycz et al. 2020: the catapult)."
        ),
        **RATE,
    ),
    control(
        "C2-lost-far",
        "a training whose rate went to four times 2 / λ ends at a test accuracy 5 points lower than one at half of it",
        (Above("final_test_accuracy", BELOW, FAR, by=0.05),),
        reason="5 points: less is not a training that is lost",
        done="in mid-training the rate of SGD is set to four times, or to half, the limit 2 / λ, and training goes on",
        speaks_for="the training does not come back",
        speaks_against="the training comes back",
        holds="So far beyond 2 / λ, at 8 / λ, no valley within reach is flat enough: the loss grows until units are dead or weights huge.",
        fails="Even from 8 / λ the weights find a valley that is flat enough for the rate.",
        **RATE,
    ),
)
EARLY = {"least_epochs": 5, "reason": A_TENTH, "question": "C3"}


def slower(name, sentence, of, than, cause, done, holds, fails):
    """A control of C3: an arm has a higher training loss after 5 epochs than another."""
    return control(
        f"C3-{name}",
        f"after 5 epochs the training loss of {sentence}",
        (Above("early_train_loss", of, than, times=1.1),),
        cause=cause,
        done=done,
        speaks_for="without it the early training loss is higher",
        speaks_against="without it the early training loss is no higher",
        holds=holds,
        fails=fails,
        **EARLY,
    )


OF_ADAM = (
    slower(
        "first-moment",
        "Adam without its first moment is higher than that of Adam",
        arm("adam_without_momentum", SLOW),
        ADAM,
        "Adam's first moment",
        "Adam trains with β₁ = 0, so that m is the gradient itself",
        "Without m each step follows a single minibatch, at the length η of every weight: its noise is not averaged.",
        "With β₁ = 0 the step is η g / √v̂: the division alone makes the speed, and averaging the gradient adds nothing to it.",
    ),
    slower(
        "per-parameter",
        "Adam with one second moment for each tensor is higher than that of Adam",
        arm("tensor_adam", SLOW),
        ADAM,
        "a rate for each parameter",
        "Adam trains with one second moment v for a whole tensor, the mean over its weights, so that these share a rate",
        "With one v for a tensor, weights with small gradients take small steps: √v̂ of its own lifts each to about η.",
        "One v for each tensor is enough: what is fast is that layers are brought to one scale, not that each weight is.",
    ),
    slower(
        "direction",
        "SGD's direction at Adam's step length is higher than that of Adam",
        arm("grafted", SLOW),
        ADAM,
        "the direction of Adam's steps, not only their length",
        "each tensor steps along SGD's direction, as far as Adam would go",
        "At the same length a minibatch's own gradient is slower. Adam's step m / √v is a mean over many minibatches, short where they "
        "disagree; a single gradient goes only in part along that mean. C3-per-parameter tells whether single weights' rates matter.",
        "SGD's direction is as fast at the same length: Adam's lead is the length of its steps, which SGD at a fixed η does not have.",
    ),
    slower(
        "length",
        "SGD at 0.1 is higher than that of SGD's direction at Adam's step length",
        FAST_SGD,
        arm("grafted", SLOW),
        "the length of Adam's steps",
        "SGD's direction is taken at Adam's step length instead of η times the gradient's",
        "SGD's steps shrink with the gradient, ‖Δθ‖ = η‖g‖; at Adam's length, about η for every weight, the same direction is faster.",
        "At Adam's step length SGD's direction is no faster than at its own.",
    ),
    slower(
        "averages",
        "sign descent is higher than that of Adam",
        arm("sign_descent", SLOW),
        ADAM,
        "the averages m and v",
        "Adam trains with β₁ = β₂ = 0, which is sign descent, θ ← θ - η sign(g)",
        "Without averages every weight moves by η whatever its gradient: where gradients change sign from batch to batch, m / √v shortens "
        "the step, sign(g) does not.",
        "Sign descent is as fast: Adam early is nearly θ ← θ - η sign(g).",
    ),
    slower(
        "scale",
        "SGD at 0.1 is higher than that of sign descent",
        FAST_SGD,
        arm("sign_descent", SLOW),
        "steps that do not depend on the gradient's size",
        "each weight moves by η along the sign of its gradient",
        "A small gradient moves a weight as far as a large one, so that no layer and no weight waits.",
        "Steps of one size for all weights are not faster than steps in proportion to the gradient.",
    ),
)
PATHS = {  # {name: (words, arm)}, against SGD at 0.1, from the same initial weights
    "momentum": ("momentum at 0.01", arm("momentum", 0.01)),
    "adam": ("Adam at 0.01", arm("adam", 0.01)),
}
OF_PATHS = (
    *(
        control(
            f"Q5-valley-{name}",
            f"on the straight line from the end of SGD at 0.1 to that of {words} the training loss rises by a tenth of a decade",
            (AtLeast("barrier", one, limit=0.1),),
            reason=A_TENTH_OF_A_DECADE,
            question="Q5",
            cause="paths to different valleys of one loss",
            done=f"the loss is measured on the straight line between the ends of SGD at 0.1 and of {words}, from the same initial weights",
            speaks_for="the loss rises between the ends",
            speaks_against="the loss does not rise between the ends",
            holds="The network has many minima; from one start the two optimizers reach different ones, with a ridge between them.",
            fails="Both ends lie in one valley: network and start are the same, and what differs is how far along it they have come.",
            figure="line",
        )
        for name, (words, one) in PATHS.items()
    ),
    control(
        "Q5-distance",
        "Adam at 0.01 ends farther from the initial weights than SGD at 0.1",
        (Above("from_start", arm("adam", 0.01), arm("sgd", 0.1), times=1.1),),
        reason=A_TENTH,
        question="Q5",
        cause="steps that do not shrink with the gradient",
        done="the distance of the ends from the same initial weights is measured",
        speaks_for="Adam ends farther from the start",
        speaks_against="Adam ends no farther from the start",
        holds="Adam moves each weight by up to η in a step, those with small gradients too; SGD leaves these where they were.",
        fails="Adam's steps of up to η for each weight do not add up to a longer way.",
        figure="line",
    ),
)
CONTROLS = (*OF_MOMENTUM, *OF_THE_LIMIT, *OF_ADAM, *CHANGES, *OF_PATHS)
