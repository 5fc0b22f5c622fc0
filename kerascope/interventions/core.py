"""The common part of the interventions: their arguments, their state, and the beginning of a training."""

import math
import numbers
from collections.abc import Collection

import keras
import numpy as np

from ..monitors.core.graphs import template_of
from ..monitors.core.layers import is_built
from ..seed_stack.member_monitor import is_stack
from ..seed_stack.member_scope import NotStackable


class Intervention(keras.callbacks.Callback):
    """Base of the interventions.

    Args:
        layers: names or patterns of layers, or None.
    """

    def __init__(self, layers=None):
        super().__init__()
        self.layers = _patterns(layers)
        self._begun = False

    def on_train_begin(self, logs=None):
        self._begun = False
        if not is_built(template_of(self.model)):
            raise ValueError(f"{type(self).__name__} needs a model that has its weights: call it on a sample before fit()")
        self.get_ready()

    def on_epoch_begin(self, epoch, logs=None):
        # Not in on_train_begin, where callbacks later in the list may yet restore a training.
        if not self._begun:
            self._begun = True
            self.resume(epoch)

    def get_ready(self):
        """Choose layers, and refuse what cannot be done; before the first step of each training."""

    def resume(self, epoch):
        """The state after so many completed epochs, before the first of this training."""

    def get_state(self):
        """The state between two epochs as `{name: array}`, for `set_state` of an intervention with the same arguments."""
        return {}

    def set_state(self, state):
        """Take over the result of another intervention's `get_state`, before the first epoch of a training that is resumed."""

    def refusal(self, reason):
        """The error that says why the model of this training is refused."""
        return (NotStackable if is_stack(self.model) else ValueError)(f"{type(self).__name__} {reason}")


def _patterns(layers):
    if layers is None or isinstance(layers, str):
        return None if layers is None else (layers,)
    patterns = tuple(layers) if isinstance(layers, Collection) else ()
    if not patterns or not all(isinstance(pattern, str) for pattern in patterns):
        raise ValueError(f"layers must be a name or pattern of layers, or a collection of them, got {layers!r}")
    return patterns


def required_layers(layers):
    """The argument `layers` of an intervention that has none by default; ValueError for None."""
    if layers is None:
        raise ValueError('layers must be a name or pattern of layers, or a collection of them; "*" is all')
    return layers


def finite_number(name, value, positive=False):
    """A finite number as float; ValueError for anything else, or if it must be positive and is not."""
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_) and math.isfinite(value)
    if not is_number or (positive and value <= 0):
        raise ValueError(f"{name} must be a finite number{' above 0' if positive else ''}, got {value!r}")
    return float(value)


def epoch_number(name, value, least=1):
    """The number of an epoch as int; ValueError for anything else."""
    if not _is_count(value, least):
        raise ValueError(f"{name} must be the number of an epoch, an integer of at least {least}, got {value!r}")
    return int(value)


def counted(name, values):
    """Numbers of epochs or steps as a frozenset, None for all; ValueError if they are no collection of integers from 1 on."""
    if values is None:
        return None
    found = list(values) if isinstance(values, Collection) and not isinstance(values, str | bytes) else []
    if not found or not all(_is_count(value, 1) for value in found):
        raise ValueError(f"{name} must be a collection of integers of at least 1, or None for all, got {values!r}")
    return frozenset(int(value) for value in found)


def _is_count(value, least):
    return isinstance(value, numbers.Integral) and not isinstance(value, bool | np.bool_) and value >= least
