"""kerascope: see inside a Keras model while it trains, and train it for many seeds at once.

- `kerascope.monitors`: Keras callbacks that measure gradients, activations, updates, curvature and noise on a fixed probe, layer by layer.
- `kerascope.interventions`: callbacks that change a training on purpose: a gradient scaled or clipped, a layer set back, another activation
  function, a rate at the limit of stability.
- `kerascope.SeedStack`: one Keras model trained for many seeds at once. Each member ends as it would if trained alone. `PerMember` gives
  each member samples of its own.
- `kerascope.join_arrays` and `select_members`: the arrays that monitors keep, of several trainings, as those of one. They need NumPy alone.

Keras 3 on the TensorFlow backend. Each name is imported when it is first used: reading arrays does not start TensorFlow.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import interventions, monitors
    from .arrays import join_arrays, select_members
    from .per_member import PerMember
    from .seed_stack import EarlyStopping, NotStackable, ReduceLROnPlateau, SeedStack, StackWarning

__version__ = "0.1.0"
__all__ = [
    "EarlyStopping",
    "NotStackable",
    "PerMember",
    "ReduceLROnPlateau",
    "SeedStack",
    "StackWarning",
    "interventions",
    "join_arrays",
    "monitors",
    "select_members",
]
_MODULES = {"PerMember": "per_member", "join_arrays": "arrays", "select_members": "arrays"}  # of the others: seed_stack


def __getattr__(name):
    if name in ("interventions", "monitors", "seed_stack"):
        return importlib.import_module(f".{name}", __name__)
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_MODULES.get(name, 'seed_stack')}", __name__), name)


def __dir__():
    return [*globals(), *__all__]
