"""Keras callbacks that intervene in a training: what is thought to cause something is switched off, matched or injected.

They work on any built Keras 3 model on the TensorFlow backend under `keras.Model.fit`, and on a SeedStack, each member of which ends as it
would alone with the same callback. Epochs and steps count from 1, as in `frame()`: `after_epoch=3` is the end of the third epoch, and 0 is
before training. What they do depends on the number of the epoch alone: a training that is resumed with `initial_epoch` goes on as without
a break. An intervention acts at its place in the list of callbacks: a monitor before it measures the epoch's end before it, one after it
the end after it.
"""

from .. import _backend as _backend  # first: its error is clearer than those of the others
from .clip_gradient import ClipGradient
from .move_rate import MoveRate
from .scale_gradient import ScaleGradient
from .set_back import SetBack
from .swap_activation import SwapActivation

__all__ = ["ClipGradient", "MoveRate", "ScaleGradient", "SetBack", "SwapActivation"]
