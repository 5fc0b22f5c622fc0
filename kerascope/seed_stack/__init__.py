"""Many trainings of one Keras model at once: `SeedStack`, and what belongs to it."""

from .. import _backend as _backend  # first: its error is clearer than those of the others
from .early_stopping import EarlyStopping
from .member_scope import NotStackable
from .pool import StackPool
from .reduce_lr_on_plateau import ReduceLROnPlateau
from .stack import SeedStack
from .stack_warning import StackWarning
from .training import batch_order
from .verification import Verification

__all__ = ["EarlyStopping", "NotStackable", "ReduceLROnPlateau", "SeedStack", "StackPool", "StackWarning", "Verification", "batch_order"]
