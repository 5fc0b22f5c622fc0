"""The arms of Experiment C that its claims and questions name."""

from common.course_report.claims import Best

NAMES = ("sgd", "momentum", "adam")
RATES = (0.1, 0.01, 0.001)


def arm(optimizer, learning_rate, schedule="exponential"):
    """The settings of an arm; the schedule defaults to the report's."""
    return {"optimizer": optimizer, "base_learning_rate": learning_rate, "schedule": schedule}


def at_the_best_rate(optimizer):
    """The settings of an optimizer at the rate that is best early, of those of the report."""
    return arm(optimizer, Best("early_train_loss", RATES))


SGD, MOMENTUM, ADAM = (arm(name, 0.01) for name in NAMES)
WORDS = {"sgd": "SGD", "momentum": "momentum", "adam": "Adam"}
