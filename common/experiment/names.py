"""How settings and their values are written for people, in figures and on the page."""

NAMES = {
    "fashion_mnist": "Fashion-MNIST",
    "digits": "Digits",
    "moons": "Two moons",
    "circles": "Two circles",
    "cross_entropy": "cross-entropy",
    "mse_softmax": "MSE on softmax",
    "mse_linear": "MSE, no softmax",
    "relu": "ReLU",
    "leaky_relu": "LeakyReLU",
    "sigmoid": "Sigmoid",
    "sgd": "SGD",
    "adam": "Adam",
}


def display(value, setting=""):
    """How a value of the tables, of that setting, is written in titles and legends."""
    if setting in ("batch_norm", "dropout"):
        words = setting.replace("_", " ")
        return f"no {words}" if not value else words if setting == "batch_norm" else f"{words} {value:g}"
    if isinstance(value, str):
        return NAMES.get(value, value.replace("_", " "))
    return f"{value:g}"


def display_arm(settings, values):
    """How an arm is written: the values of its settings, one after the other."""
    return ", ".join(display(value, setting) for setting, value in zip(settings, values, strict=True))
