"""The arms that the controls of Experiment B compare. Imports nothing heavy, because the scripts begin with it.

The report's start, weights from N(0, 0.01), makes all layers pass on little, whatever their activation. Where a control is about the
activation, or about single layers, its networks start from Glorot's weights.
"""

from functools import partial

from common.course_report.controls import Control

control = partial(Control, datasets=("moons", "circles"), least_epochs=100)
RELU, LEAKY, SIGMOID = ({"activation": name} for name in ("relu", "leaky_relu", "sigmoid"))
NAMES = {"relu": "ReLU", "leaky_relu": "LeakyReLU", "sigmoid": "Sigmoid"}
DOSES = (0.0, 0.005, 0.01)  # by which biases are lowered
HALF_DEAD, ALL_DEAD = ({**RELU, "bias_drop": dose} for dose in DOSES[1:])
REVIVED = {**ALL_DEAD, "swapped": "leaky_relu"}  # after a third of the training
SLOPES = (0.001, 0.01, 0.1, 0.3)
LAYERS = ("hidden_1", "hidden_2", "logits")
FIVE_POINTS = "five points: a tenth of the way from chance to all right"
BLOCKED = "twenty points: half the way from chance to what ReLU reaches; half of that is the least that counts as a block"


def watched(**changes):
    """Many dead ReLUs, without weight decay, watched on all training samples: what else might move or excuse them is left out."""
    return {**HALF_DEAD, "weight_decay": 0.0, "watched": True, **changes}


def sloped(slope, dose=DOSES[-1]):
    """LeakyReLU of a slope, by default where all units begin off."""
    return {**LEAKY, "bias_drop": dose, **({} if slope == 0.01 else {"slope": slope})}


def usual(activation, **changes):
    """A network that starts from Glorot's weights; of one of the usual depth, layers are set back after training."""
    return {**activation, "init": "glorot", **(changes or {"rewound": True})}


def deep(activation, layers, **changes):
    """A network of so many hidden layers."""
    return usual(activation, hidden_layers=layers, **changes)


DEEPEST, FOUR, BETWEEN = 6, 4, (3, 5)
DEPTHS = {  # {arm in words: {hidden layers: arm}}
    "ReLU": {2: usual(RELU), DEEPEST: deep(RELU, DEEPEST)},
    "Sigmoid": {1: deep(SIGMOID, 1), 2: usual(SIGMOID), **{layers: deep(SIGMOID, layers) for layers in (*BETWEEN, FOUR, DEEPEST)}},
    "Sigmoid, 4 times the weights": {layers: deep(SIGMOID, layers, gain=4) for layers in (FOUR, DEEPEST)},
}
DEEP_SIGMOID, DEEP_RELU = DEPTHS["Sigmoid"][DEEPEST], DEPTHS["ReLU"][DEEPEST]
