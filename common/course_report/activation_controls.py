"""The controls of Experiment B, as data: what becomes of each activation when the cause that the report names is switched off."""

from common.course_report import layer_controls, unit_controls
from common.course_report.activation_arms import RELU, SIGMOID, control, usual
from common.course_report.claims import A_TENTH, Above

REMEDIES = {  # {id: (the remedy, what is done, settings, how it mends, why it does not)}
    "batch-norm": (
        "batch normalisation",
        "from Glorot's weights, batch normalisation is put before each Sigmoid",
        usual(SIGMOID, batch_norm=True),
        "It gives each unit's z mean 0 and variance 1, where φ' is near ¼: no unit is left in saturation.",
        "It centres z, and yet the loss rests.",
    ),
    "rate": (
        "a higher rate",
        "from Glorot's weights, the learning rate is raised to 0.03",
        usual(SIGMOID, base_learning_rate=0.03),
        "Steps three times as long pass the flat stretch in fewer epochs.",
        "AdamW's steps are as long on the flat stretch as elsewhere, and longer ones carry the units into saturation.",
    ),
    "relu": (
        "ReLU in place of Sigmoid",
        "ReLU takes the place of Sigmoid, from the same weights, Glorot's",
        usual(RELU),
        "φ' is 1 where a unit is on: no factor of ¼ a layer, and no saturation.",
        "ReLU's loss rests as long from these weights.",
    ),
}


def stall(name, words, done, settings, holds, fails):
    """The control of a remedy for Sigmoid's stall."""
    return control(
        f"Q2-stall-{name}",
        f"with {words} the training loss is lower in epochs 40 to 80, where Sigmoid's rests",
        (Above("rest_loss", usual(SIGMOID), settings, times=1.1),),
        reason=A_TENTH,
        question="Q2",
        cause="Sigmoid's stall",
        done=done,
        speaks_for="the loss falls where it rested",
        speaks_against="the loss rests all the same",
        holds=holds,
        fails=fails,
    )


def idle(name, words, setting, value):
    """The control of a remedy for a loss of ReLU that falls while accuracy has come as far as it will."""
    return control(
        f"Q2-idle-{name}",
        f"with {words} ReLU's training loss falls less once test accuracy has come as far as it will",
        (Above("idle_fall", RELU, {**RELU, setting: value}, by=0.1),),
        reason="a tenth of a decade: the loss falls by a fifth less",
        question="Q2",
        cause="fitting the noise of the training samples",
        done=f"{words} is added, and all else the same",
        speaks_for="loss and accuracy stop at the same time",
        speaks_against="the loss goes on falling",
        holds=(
            f"The classes overlap, and what falls late is the loss of single training samples; {words} keeps the network from fitting them."
        ),
        fails=f"The loss that falls late is that of samples which are right already, whose logits grow; {words} does not stop that.",
    )


CONTROLS = (
    *unit_controls.DEAD_UNITS,
    *unit_controls.RELIEF,
    *layer_controls.VANISHING,
    *layer_controls.CONTRIBUTIONS,
    *(stall(name, *remedy) for name, remedy in REMEDIES.items()),
    idle("batch-norm", "batch normalisation", "batch_norm", True),
    idle("dropout", "dropout of 0.2", "dropout", 0.2),
    *unit_controls.DISTRIBUTIONS,
)
