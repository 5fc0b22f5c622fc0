"""The controls of Experiment B on units, as data: dead ones, slopes that relieve them, and how outputs drift."""

from functools import partial

from common.course_report.activation_arms import (
    ALL_DEAD,
    BLOCKED,
    FIVE_POINTS,
    HALF_DEAD,
    LEAKY,
    RELU,
    REVIVED,
    SIGMOID,
    SLOPES,
    control,
    sloped,
    watched,
)
from common.course_report.claims import Above, Below

of_b1 = partial(control, question="B1", figure="dead_dose")
DEAD_UNITS = (
    of_b1(
        "B1-dose",
        "ReLU with more of layer 2 dead, by biases lowered by 0.005, ends at a lower test accuracy",
        (Above("final_test_accuracy", RELU, HALF_DEAD, by=0.2, least=0.1),),
        reason=BLOCKED,
        cause="dead units",
        done="the first biases of the hidden layers are lowered by 0.005, so that more units of layer 2 die",
        speaks_for="accuracy falls as the dead units become more",
        speaks_against="accuracy hardly falls",
        holds=(
            "A dead unit has φ'(z) = 0 at every sample: it drops out of the layer's output and of the gradient, and those left are too few."
        ),
        fails=(
            "A dead unit has φ'(z) = 0 and passes no gradient. But layer 1 gets the sum Σ_j W_ij φ'(z_j) δ_j over the units of layer "
            "2, and the terms of the living are enough: they are more than these two classes need."
        ),
    ),
    of_b1(
        "B1-tenth",
        "ReLU with more than nine tenths of layer 2 dead, held there by a frozen layer 1, ends at a lower test accuracy",
        (Above("final_test_accuracy", watched(), watched(frozen="hidden_1"), by=0.2, least=0.1),),
        reason=BLOCKED,
        cause="a layer of which less than a tenth is active",
        done="layer 1 is frozen from the start, so that the units of layer 2 that begin dead, more than nine in ten, stay so",
        speaks_for="accuracy falls",
        speaks_against="the few that live are enough",
        holds="The living units are too few to bend the boundary as the classes need it.",
        fails=(
            "Of 128 units a handful live, and they are enough: each is one more bend of the boundary, and these classes need few. What "
            "blocks learning is a layer in which no unit lives, not a share."
        ),
    ),
    of_b1(
        "B1-all-dead",
        "ReLU of which every unit of layer 2 begins dead, by biases lowered by 0.01, ends at a lower test accuracy",
        (Above("final_test_accuracy", RELU, ALL_DEAD, by=0.2, least=0.1),),
        reason=BLOCKED,
        cause="a layer without a living unit",
        done="the first biases of the hidden layers are lowered by 0.01, so that all units of layer 2 begin dead",
        speaks_for="the network does not learn",
        speaks_against="the network learns",
        holds=(
            "If φ'(z_j) = 0 for all units j of a layer, the sum Σ_j W_ij φ'(z_j) δ_j is exactly 0, and so is the gradient of that "
            "layer and of all below. Only the last biases go on learning, which are the same for all samples. The share of dead units "
            "does not matter until it is all of them."
        ),
        fails="Some units of the layer are on for some samples, and the gradient passes through these.",
    ),
    of_b1(
        "B1-revival",
        "a ReLU network that is dead learns once its activation has become LeakyReLU",
        (Above("final_test_accuracy", REVIVED, ALL_DEAD, by=0.2, least=0.1),),
        reason=BLOCKED,
        cause="the derivative of 0",
        done=("a third of the way through the training the activation of the dead network becomes LeakyReLU, with the weights as they are"),
        speaks_for="accuracy comes back",
        speaks_against="accuracy stays at chance",
        holds=(
            "The weights were fit to learn all the time. A slope of 0.01 in the place of 0 passes a hundredth of the gradient on, and "
            "AdamW divides each step by the gradient's own size, m̂ / √v̂: the units are on again within some epochs. Nothing but φ' ="
            " 0 had kept the network from learning."
        ),
        fails=(
            "With a slope the gradient passes again, and yet the network does not learn: its weights have gone where no small step helps."
        ),
    ),
    of_b1(
        "B1-forever",
        "dead units of layer 2 stay dead: of all its units less than a twentieth come back",
        (Below("revived_fraction_hidden_2", watched(), limit=0.05),),
        reason="a twentieth of the layer is a handful of its 128 units",
        cause="death for want of a gradient",
        done=(
            "the biases are lowered by 0.005, so that most of layer 2 begins dead, and without weight decay nothing but their gradient, "
            "which is 0, could move the weights of its dead units"
        ),
        speaks_for="none of them comes back",
        speaks_against="many of them come back",
        holds="A unit that is off for all training samples gets no gradient, ∂L/∂w = Σ δ φ'(z) a = 0: it cannot move, and stays off.",
        fails=(
            "A dead unit cannot move itself, ∂L/∂w = Σ δ φ'(z) a = 0. But z = w·a + b, and a is made by the layer before, which the living "
            "units train: as a changes, z becomes positive for some sample, and the unit lives again."
        ),
    ),
    of_b1(
        "B1-return",
        "dead units of layer 2 come back where layer 1 is trained, and stay dead where it is frozen",
        (Above("revived_fraction_hidden_2", watched(), watched(frozen="hidden_1"), by=0.2, least=0.05),),
        reason="a fifth of the layer; a twentieth, a handful of its units, is the least that counts",
        cause="the movement of the layer before",
        done="layer 1 is frozen from the start, without weight decay, with the units watched on all training samples",
        speaks_for="dead units come back only where layer 1 moves",
        speaks_against="dead units come back although layer 1 stands still",
        holds=(
            "A unit that is off for all training samples gets no gradient, ∂L/∂w = Σ δ φ'(z) a = 0, and cannot move. But z = w·a + b "
            "depends on the outputs a of the layer before, which the living units train: where these grow, z can become positive "
            "again. So dead is not for ever, and the rescue comes from below."
        ),
        fails="Units come back by themselves: momentum, or samples for which they had never been off, move their own weights.",
    ),
)

of_b2 = partial(control, question="B2", figure="dead_dose")
RELIEF = (
    of_b2(
        "B2-slope",
        "with a slope of 0.3 fewer units of layer 2 are off at the end than with one of 0, which is ReLU",
        (Above("final_always_off_fraction_hidden_2", RELU, sloped(SLOPES[-1], 0.0), by=0.1, least=0.05),),
        reason="a tenth of the layer; a twentieth, a handful of its 128 units, is the least that counts",
        cause="the slope of LeakyReLU",
        done="the slope is 0 and 0.3, and all else the same",
        speaks_for="fewer units are off with the slope",
        speaks_against="hardly fewer units are off with it",
        holds=(
            "Below 0 the gradient of a unit is slope · δ instead of 0. It moves a unit that is off as long as that would lower the "
            "loss, and the steeper the slope, the sooner."
        ),
        fails="What switches units off here is not the lack of a gradient: with a slope they have one, and are off all the same.",
    ),
    of_b2(
        "B2-dose",
        "where all units of layer 2 begin off, each slope is enough to learn: 0.001, 0.01, 0.1, 0.3",
        tuple(Above("final_test_accuracy", sloped(slope), ALL_DEAD, by=0.2, least=0.1) for slope in SLOPES),
        reason=BLOCKED,
        cause="the slope of LeakyReLU",
        done="the first biases are lowered by 0.01, so that all units begin off, and the slope is 0, 0.001, 0.01, 0.1 and 0.3",
        speaks_for="every network with a slope learns, that without does not",
        speaks_against="one with a slope stays at chance",
        holds=(
            "AdamW's step m̂ / √v̂ does not depend on the gradient's size, and a thousandth of a gradient moves as far as a whole one."
            " What counts is that φ' is not exactly 0."
        ),
        fails="Not every slope gives enough of a gradient to move the biases back.",
    ),
    of_b2(
        "B2-accuracy",
        "LeakyReLU ends at a higher test accuracy than ReLU",
        (Above("final_test_accuracy", LEAKY, RELU, by=0.05),),
        reason=FIVE_POINTS,
        cause="dead units",
        done="LeakyReLU in place of ReLU from the same weights, some of whose units die but not all",
        speaks_for="accuracy rises as the units are relieved",
        speaks_against="fewer units are off, and accuracy hardly rises",
        holds="The units that a slope keeps on add what the living ReLUs lack.",
        fails="The slope relieves units, not the network: the living ReLUs had been enough.",
    ),
)

DISTRIBUTIONS = (
    control(
        "Q3-saturation",
        "without batch normalisation more of layer 2 of Sigmoid is saturated at the end",
        (Above("final_saturated_fraction_hidden_2", SIGMOID, {**SIGMOID, "batch_norm": True}, by=0.1),),
        reason="a tenth of the layer's outputs",
        question="Q3",
        cause="a drift of z away from 0",
        done="batch normalisation before each Sigmoid holds the mean and variance of z",
        speaks_for="fewer outputs are saturated",
        speaks_against="hardly fewer outputs are saturated",
        holds=(
            "AdamW moves all weights of a layer by steps of about the same size, whatever their gradient, and z drifts to where "
            "φ' is nearly 0. With z held at mean 0 and variance 1 it cannot."
        ),
        fails="Few outputs are saturated without, and there is nothing to mend.",
    ),
    control(
        "Q3-silence",
        "without batch normalisation the silence of layer 1 of ReLU grows more",
        (Above("inactive_growth_hidden_1", RELU, {**RELU, "batch_norm": True}, by=0.1),),
        reason="a tenth of the layer's outputs",
        question="Q3",
        cause="a drift of z below 0",
        done="batch normalisation before each ReLU holds the mean and variance of z",
        speaks_for="the silence grows less",
        speaks_against="the silence grows hardly less",
        holds=(
            "Without it weights and biases move z below 0 for more samples with each epoch, as units come to answer to one part of the"
            " plane only. With z held at mean 0 about half of the samples are always above."
        ),
        fails="Silence grows although the mean of z is held: units come to answer to few samples, strongly, by the shape of z alone.",
    ),
)
