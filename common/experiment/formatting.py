"""Numbers, settings and arms as people read them: on screen, on the page, in figures and in sentences."""

import math

NAMES = {  # of values that are not written as they are
    "cross_entropy": "cross-entropy",
    "mse_softmax": "MSE on softmax",
    "mse_linear": "MSE, no softmax",
    "relu": "ReLU",
    "leaky_relu": "LeakyReLU",
    "sigmoid": "Sigmoid",
    "sgd": "SGD",
    "adam": "Adam",
    "pytorch": "PyTorch",
    "glorot": "Glorot",
    "he": "He",
    "base_learning_rate": "lr",
}


def number(value):
    """A number of about two digits: `"0.012"`, `"3.4"`, `"123.4"`; `"-"` for NaN."""
    if math.isnan(value):
        return "-"
    return f"{value:.1f}" if 1 <= abs(value) < 1e5 else f"{value:.2g}"


def percent(share):
    """A share in percent: `"93.9 %"`; `"-"` for NaN."""
    return "-" if math.isnan(share) else f"{100 * share:.1f} %"


def in_unit(value, unit):
    """A number of a unit: a share in percent, any other as `number` writes it."""
    return percent(value) if unit == "share" else number(value)


def in_table(value, unit):
    """The same for a column of a table, without a sign: shares in percent, epochs with one decimal."""
    if unit not in ("share", "epochs"):
        return number(value)
    return "-" if math.isnan(value) else f"{100 * value if unit == 'share' else value:.1f}"


def with_interval(estimate, low, high, unit, sign=""):
    """An estimate and its interval, `"93.9 % [92.5, 95.4]"`; without bounds the estimate alone.

    Args:
        estimate, low, high: numbers; NaN bounds are unknown.
        unit: of the measure.
        sign: what follows the estimate. Defaults to none.
    """
    shown, *bounds = (in_table(value, "share") if unit == "share" else number(value) for value in (estimate, low, high))
    return f"{shown}{sign}" if math.isnan(low) else f"{shown}{sign} [{', '.join(bounds)}]"


def in_groups(groups, unit, epochs=None, interval=False):
    """Runs that fall into two groups: `"2 at 10.0, 3 at 60.3 %"`; with its interval, `"2 [5, 85 %] at 10.0, 3 at 60.3 %"`. Where some never
    got there, `"never (2 of 5)"`.

    Args:
        groups: two dicts with `location`, `runs`, `share_low` and `share_high`.
        unit: of the measure.
        epochs: number of epochs of a run: a later time is none. Defaults to None: the measure is no time.
        interval: whether with the interval of the first group's share, of which the second's is the rest; of those that never got there,
            where some did not. Defaults to False.
    """
    counts = [f"{group['runs']}" for group in groups]
    counts[0] += f" [{share_bounds(groups[0]['share_low'], groups[0]['share_high'])}]" if interval else ""
    if epochs is not None and groups[1]["location"] > epochs:
        bounds = f" [{share_bounds(1 - groups[0]['share_high'], 1 - groups[0]['share_low'])}]" if interval else ""
        return f"never ({groups[1]['runs']} of {groups[0]['runs'] + groups[1]['runs']}{bounds})"
    places = [f"at {in_table(group['location'], unit)}" for group in groups]
    return ", ".join(map(" ".join, zip(counts, places, strict=True))) + " %" * (unit == "share")


def share_bounds(low, high):
    """The interval of a share of the runs, in whole percent: `"12, 74 %"`."""
    return f"{100 * low:.0f}, {100 * high:.0f} %"


def name_of(value):
    """The name of a setting, or of a value that is text."""
    return NAMES.get(value, value.replace("_", " "))


def exact(value):
    """A number in as few digits as tell it from every other: `"0.01"`, `"0.1234567"`."""
    short = f"{value:g}"
    return short if float(short) == value else str(value)


def setting(name, value):
    """A setting's value in words: `"Adam"`, `"lr 0.01"`, `"no batch norm"`."""
    if isinstance(value, str):
        return name_of(value)
    return f"{'' if value else 'no '}{name_of(name)}" if _is_switch(value) else f"{name_of(name)} {exact(value)}"


def arm(names, values):
    """An arm in words: the values of its settings, one after the other."""
    return ", ".join(setting(name, value) for name, value in zip(names, values, strict=True))


def word(value):
    """A setting's value as its flag takes it, in a column that names the setting."""
    if _is_switch(value):
        return "yes" if value else "no"
    return value if isinstance(value, str) else exact(value)


def _is_switch(value):
    return type(value).__name__.startswith("bool")  # Python's and NumPy's
