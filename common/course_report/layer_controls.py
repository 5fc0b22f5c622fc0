"""The controls of Experiment B on layers, as data: what of the gradient each passes on, and what each has learnt."""

from functools import partial

from common.course_report.activation_arms import (
    BETWEEN,
    BLOCKED,
    DEEP_RELU,
    DEEP_SIGMOID,
    DEEPEST,
    DEPTHS,
    FIVE_POINTS,
    FOUR,
    LAYERS,
    LEAKY,
    NAMES,
    RELU,
    SIGMOID,
    control,
    deep,
    usual,
)
from common.course_report.claims import A_TENTH, Above, AtLeast, Below
from common.course_report.resets import reset

LARGE = DEPTHS["Sigmoid, 4 times the weights"]
SCALED = (
    "the initial weights of all layers above the first are multiplied by 4, with biases that centre the Sigmoids' outputs, so that the "
    "product of weight and derivative is what it is with a derivative of 1"
)
of_b3, of_q4 = (partial(control, question=question, figure="attenuation") for question in ("B3", "Q4"))
FACTOR = {
    "reason": "¼ and some room; a half is twice as much",
    "cause": "the factor φ' ≤ ¼ of each layer",
    "done": "ReLU takes the place of Sigmoid, in networks of several hidden layers with the same initial weights, Glorot's",
    "speaks_for": "the gradient falls by a factor of about ¼ a layer, and with ReLU by little",
    "speaks_against": "the gradient falls by the same factor with both, or by little",
    "holds": (
        "Each layer multiplies the gradient by Wᵀ and by φ'(z): δ_l = φ'(z_l) ∘ Wᵀ δ_(l+1). Glorot's weights keep its length, and "
        "φ'(z) = φ(1 - φ) is at most ¼. Over n layers that makes (¼)ⁿ: it vanishes towards the input, without any unit being "
        "saturated."
    ),
    "fails": "The weights and the inputs of a layer make up for φ', or shrink the gradient under ReLU too.",
}
VANISHING = (
    of_b3(
        "B3-factor",
        (
            "of four and of six layers of Sigmoids each passes less than a third of the gradient on, early in training; of ReLU more "
            "than half"
        ),
        (
            *(Below("early_passage", DEPTHS["Sigmoid"][layers], limit=1 / 3) for layers in (FOUR, DEEPEST)),
            AtLeast("early_passage", DEEP_RELU, limit=0.5),
        ),
        **FACTOR,
    ),
    of_b3(
        "B3-factor-between",
        "of three and of five layers of Sigmoids each passes less than a third of the gradient on too",
        (
            *(Below("early_passage", DEPTHS["Sigmoid"][layers], limit=1 / 3) for layers in BETWEEN),
            AtLeast("early_passage", DEEP_RELU, limit=0.5),
        ),
        **FACTOR,
    ),
    of_b3(
        "B3-undone",
        "with initial weights 4 times as large, four and six layers of Sigmoids each pass half as much again on, early in training",
        tuple(Above("early_passage", LARGE[layers], DEPTHS["Sigmoid"][layers], times=1.5, least=1.1) for layers in (FOUR, DEEPEST)),
        reason="half as much again is a factor of 1.5² = 2 in two layers; a tenth is the least that counts",
        cause="the factor φ' ≤ ¼ of each layer",
        done=SCALED,
        speaks_for="the gradient falls by less from layer to layer",
        speaks_against="the gradient falls by hardly less",
        holds="4 W · ¼ = W: weights that make up for φ' = ¼ pass the gradient on. What must not be small is the product of W and φ'.",
        fails="Weights that make up for the factor do not let the gradient pass: it is not the factor that takes it away.",
    ),
    of_b3(
        "B3-undone-learning",
        "with initial weights 4 times as large, four layers of Sigmoids end at a higher test accuracy",
        (Above("final_test_accuracy", LARGE[FOUR], DEPTHS["Sigmoid"][FOUR], by=0.05),),
        reason=FIVE_POINTS,
        cause="the factor φ' ≤ ¼ of each layer",
        done=SCALED,
        speaks_for="the network learns more",
        speaks_against="it learns no more",
        holds="With a gradient in the first layers Sigmoids learn: the weakness is that of the start, not of the function.",
        fails=(
            "AdamW divides each weight's step by the size of its own gradient, m̂ / √v̂: a gradient that is small throughout moves a layer "
            "as far as a large one. What vanishes is the gradient, not the learning."
        ),
    ),
    of_b3(
        "B3-rest",
        "Sigmoid's loss rests at 0.6 or more in epochs 40 to 80 from Glorot's weights too",
        (AtLeast("rest_loss", usual(SIGMOID), limit=0.6),),
        reason="0.6 is nearer to log 2 = 0.69, the loss of a guess, than to what is learnt",
        cause="the factor φ' ≤ ¼ of each layer",
        done="Sigmoid starts from Glorot's weights in place of N(0, 0.01)",
        speaks_for="the loss rests as it does from small weights",
        speaks_against="the loss does not rest",
        holds="The rest is not due to the small weights: from weights that keep the length of a gradient the loss waits as well.",
        fails=(
            "Small weights make the rest: a layer multiplies the gradient by W and by φ', and N(0, 0.01) with 128 inputs makes W "
            "shrink it by 0.01 · √128 ≈ 0.1, which is less than φ' does."
        ),
    ),
    of_b3(
        "B3-depth",
        "with six hidden layers Sigmoid ends at a lower accuracy than with one, and ReLU at no lower one than with two",
        (
            Above("final_test_accuracy", deep(SIGMOID, 1), DEEP_SIGMOID, by=0.2, least=0.1),
            Above("final_test_accuracy", DEEP_RELU, usual(RELU), by=-0.1),
        ),
        reason=BLOCKED,
        cause="a gradient that vanishes on its way down",
        done="networks have one, two or six hidden layers, from Glorot's weights",
        speaks_for="the deeper Sigmoid stays at chance, the deeper ReLU learns",
        speaks_against="the deeper Sigmoid learns too, or the deeper ReLU learns less",
        holds=(
            "After n layers of φ' ≤ ¼ the first ones get (¼)ⁿ of the gradient. AdamW scales steps up again, m̂ / √v̂, but the layers "
            "above, which get theirs at once, have moved into saturation before the first layers have told the samples apart."
        ),
        fails="The layers that get the gradient are enough, or depth harms ReLU as well.",
    ),
    of_q4(
        "Q4-relief",
        "with batch normalisation, which keeps Sigmoid from saturating, the training loss is lower in epochs 40 to 80",
        (Above("rest_loss", usual(SIGMOID), usual(SIGMOID, batch_norm=True), times=1.1),),
        reason=A_TENTH,
        cause="saturation",
        done="from Glorot's weights, batch normalisation before each Sigmoid holds z at mean 0 and variance 1, where φ' is near ¼",
        speaks_for="the loss falls where it rested",
        speaks_against="the loss rests all the same",
        holds=("With z held about 0 the derivative stays near ¼, and two layers pass a sixteenth of the gradient on throughout."),
        figure="",
        fails="Unsaturated units pass ¼ at most, and from these weights that is too little to learn by.",
    ),
    of_q4(
        "Q4-saturation",
        "where the gradient vanishes, most outputs of Sigmoid are saturated: in layer 2 of 6, early in training",
        (AtLeast("early_saturated_fraction_hidden_2", DEEP_SIGMOID, limit=0.5),),
        reason="most is more than half; saturated is where the derivative is below 1 % of its largest value",
        cause="saturation",
        done="saturated outputs are counted in the ten epochs in which the gradient of six hidden layers is compared",
        speaks_for="most outputs are saturated",
        speaks_against="few are saturated, although the gradient vanishes",
        holds="The units lie where φ(1 - φ) is nearly 0, and each layer passes far less than ¼ on.",
        fails="φ' is ¼ in the middle, where z = 0: unsaturated layers make (¼)ⁿ too. Saturation comes later, and adds to it.",
    ),
)


def reset_of(activation, layer):
    """The control that sets a layer of an activation back to its initial weights."""
    name = activation["activation"]
    return reset(control, name, NAMES[name], usual(activation), layer, " from Glorot's weights", FIVE_POINTS)


def frozen(activation, layer):
    """The control that freezes a layer of an activation from the start."""
    name = activation["activation"]
    return control(
        f"B4-frozen-{name}-{layer}".replace("_", "-"),
        f"{NAMES[name]} with {layer} frozen at its initial weights ends at a lower test accuracy",
        (Above("final_test_accuracy", usual(activation), usual(activation, frozen=layer), by=0.05),),
        reason=FIVE_POINTS,
        datasets=("circles",),  # where one layer matters; on moons the same costs as much time again
        question="B4",
        cause=f"what {layer} alone can learn ({NAMES[name]})",
        done=f"{layer} of {NAMES[name]} keeps its initial weights, Glorot's, throughout the training",
        speaks_for="accuracy is lower",
        speaks_against="the other layers make up for it",
        holds=f"The others cannot make up for {layer}: what its random weights give, or pass on, is not enough.",
        fails=(
            f"The others learn to use the random weights of {layer}. That a layer cannot be set back does not mean that it had to learn: "
            "set back, it meets others that have learnt beside it."
        ),
        figure="rewinds",
    )


CONTRIBUTIONS = (
    *(reset_of(activation, layer) for activation in (RELU, LEAKY, SIGMOID) for layer in LAYERS),
    *(frozen(activation, layer) for activation in (RELU, SIGMOID) for layer in LAYERS),
)
