"""kerascope: see inside a Keras model while it trains, and train it for many seeds at once.

- `kerascope.monitors`: Keras callbacks that measure gradients, activations, updates, curvature and noise on a fixed probe, layer by layer.
- `kerascope.SeedStack`: one Keras model trained for many seeds at once. Each member ends as it would if trained alone.

Keras 3 on the TensorFlow backend.
"""

from . import _backend as _backend  # first: its error is clearer than those of the others
from . import monitors
from .seed_stack import EarlyStopping, NotStackable, ReduceLROnPlateau, SeedStack, StackWarning

__version__ = "0.1.0"
__all__ = ["EarlyStopping", "NotStackable", "ReduceLROnPlateau", "SeedStack", "StackWarning", "monitors"]
