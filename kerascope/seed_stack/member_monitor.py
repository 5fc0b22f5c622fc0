"""The common part of EarlyStopping and ReduceLROnPlateau: the value that they watch, member by member, and when it is better."""

import warnings

import numpy as np

from ..compat import metric_direction
from .stack_warning import StackWarning


def is_stack(model):
    """Whether a model trains several members at once and keeps their values in `member_logs`."""
    return hasattr(model, "member_logs")


def member_values(callback):
    """The watched values of all members, float64 `(members,)`; None, with a warning, if there are none."""
    values = callback.model.member_logs.get(callback.monitor)
    if values is None:
        names = ", ".join(callback.model.member_logs)
        message = f"{type(callback).__name__} watches {callback.monitor}, which is not measured of each member; there are {names}"
        warnings.warn(message, StackWarning, stacklevel=3)
        return None
    return np.broadcast_to(np.asarray(values, "float64"), len(callback.model.seeds))


def sign_of_improvement(model, monitor, mode):
    """1 if the watched value is better when it is larger, -1 when smaller; ValueError if `mode="auto"` cannot tell."""
    if mode in ("min", "max"):
        return 1 if mode == "max" else -1
    name = monitor.removeprefix("val_")
    direction = metric_direction(model, name)
    if direction is None and name.split("_")[-1] != "loss":
        raise ValueError(f"monitor={monitor!r}: say whether larger is better, by mode='max' or mode='min'")
    return 1 if direction == "up" else -1
