"""The controls of Experiment C, as data: what becomes of each optimizer when the cause that the report names is switched off."""

from functools import partial

from common.course_report.controls import Apart, Control

control = partial(Control, datasets=("fashion_mnist", "digits"), least_epochs=10)


def arm(optimizer, learning_rate, schedule="exponential", **changes):
    """The settings of an arm and what is changed in it; the schedule defaults to the report's."""
    return {"optimizer": optimizer, "base_learning_rate": learning_rate, "schedule": schedule, **changes}


CONTROLS = (
    control(
        "C1-matched-rate",
        "momentum at 0.01 and SGD at 0.1, the rate to which momentum's steps add up, have loss curves that lie apart",
        (Apart("train_loss", arm("momentum", 0.01), arm("sgd", 0.1), beyond=0.1),),
        reason="a tenth of a decade: less is not seen on a curve over several decades",
        question="C1",
        cause="momentum's inertia",
        done="SGD without momentum trains at η / (1 - β), the rate to which momentum's steps add up",
        speaks_for="the two curves lie apart",
        speaks_against="the two curves lie on each other",
        holds="Momentum v ← βv + ηg moves otherwise than by the sum of its steps, η / (1 - β) times the gradient.",
        fails=(
            "Momentum v ← βv + ηg repeats each gradient with weights 1, β, β², ..., which add up to 1 / (1 - β) = 10 for β = 0.9. "
            "As long as the gradient changes little over ten steps, that is SGD at ten times the rate."
        ),
        figure="matched_rate",
    ),
)
